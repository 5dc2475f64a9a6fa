"""What is refused for lack of room, and the cheapest way to say so: bytes that are ready, before anything is made for
the request. At four times the load that can be served three of four requests end here, and what a refusal takes is
taken from an answer."""

import secrets
from collections.abc import Iterable
from functools import lru_cache

from gateway.errors import OverloadedError
from gateway.problems import problem_response

LIMITED, NEVER_REFUSED = "/v1/", "/v1/status"
# Always answered from what is known when there is no room: that costs less than a page without it.
ALWAYS_SPARED = "/v1/recommendations"
MAX_BODY_DIGITS = 5  # of a Content-Length: less than 100 kB
PLAIN_METHODS = frozenset({b"GET", b"POST"})
# Their answer depends on more than the path, or their body is not here in a moment: the application refuses them.
OF_THE_APPLICATION = frozenset({b"origin", b"x-request-id", b"transfer-encoding", b"expect", b"upgrade"})
_ID = secrets.token_hex(16)  # stands for the request's own; nobody can know it and put it into a path


def is_limited(path: str) -> bool:
    """Whether requests for `path` count against the limit; those for health and status never do."""
    return path.startswith(LIMITED) and path != NEVER_REFUSED


def is_refused(path: str) -> bool:
    """Whether one for `path` above the limit may be refused, rather than answered from what is known."""
    return is_limited(path) and path != ALWAYS_SPARED


def is_plain(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether bytes that are ready can refuse a request with this target and these headers, in lower case."""
    path, _, _ = url.partition(b"?")
    if not path.isascii() or b"%" in path or not is_refused(path.decode("ascii")):
        return False
    for name, value in headers:
        if name in OF_THE_APPLICATION:
            return False
        if name == b"content-length" and not (value.isdigit() and len(value) <= MAX_BODY_DIGITS):
            return False
    return True


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as HTTP/1.1 writes them."""
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


def refusal(url: bytes) -> tuple[bytes, str]:
    """What follows the server's own headers in the answer to a plain request that is refused, and its request id."""
    request_id = secrets.token_hex(16)
    path, _, _ = url.partition(b"?")
    return _rest(path).replace(_ID.encode(), request_id.encode()), request_id


@lru_cache(maxsize=64)
def _rest(path: bytes) -> bytes:
    response = problem_response({"path": path.decode("ascii"), "state": {"request_id": _ID}}, OverloadedError())
    response.headers["Vary"] = "Origin"  # as on every answer of the application
    response.headers["X-Request-Id"] = _ID
    return header_lines(response.raw_headers) + b"\r\n" + bytes(response.body)
