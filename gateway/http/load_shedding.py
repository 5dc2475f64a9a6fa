"""What a refusal costs, kept small: bytes that are ready, before anything is made for the request. At four times the
load that can be served three of four requests end here, and what a refusal takes is taken from an answer."""

import json
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, unquote

from gateway.errors import GatewayError
from gateway.http.error_forms import MCP, Form, form_of
from gateway.http.problems import MAX_INSTANCE, problem_response

LIMITED, NEVER_REFUSED = "/v1/", "/v1/status"
# Takes files: its bodies are longer than others, and it may take longer.
UPLOADS = "/v1/documents"
# Wait for a model, where there is one.
ANSWERS = ("/v1/answers", "/v1/chat/completions")
# Of existing applications, which have places of their own.
APPLICATIONS = "/app/"
LIVE, READY = "/health/live", "/health/ready"
# For orchestrators: never refused, whoever asks and however often.
UNCOUNTED = frozenset({LIVE, READY})
# Always answered from what is known when there is no room: that costs less than a page without it.
ALWAYS_ANSWERED = "/v1/recommendations"
MAX_BODY_DIGITS = 5  # of a Content-Length: less than 100 kB
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SAFE = "/:@!$&'()*+,;=~-._"
# They stand for the request's own; nobody can know them and put them into a path.
_ID, _INSTANCE = secrets.token_hex(16), secrets.token_hex(16)


def is_work(path: str) -> bool:
    """Whether requests for `path` make the gateway work, for as long as somebody waits for the answer.

    Those of the MCP server are one call of a tool each, or cost next to nothing.
    """
    return path.startswith(LIMITED) or path == MCP


def is_limited(path: str) -> bool:
    """Whether requests for `path` count against the limit; those for health and status never do."""
    return is_work(path) and path != NEVER_REFUSED


def is_refused(path: str) -> bool:
    """Whether one for `path` above the limit may be refused, rather than answered from what is known."""
    return is_limited(path) and path != ALWAYS_ANSWERED


def path_of(url: bytes) -> str:
    """The path of a request's target, decoded."""
    path = url.partition(b"?")[0].decode("latin-1")
    return unquote(path) if "%" in path else path


def header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    """The first value of a header; empty where there is none."""
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")


def has_short_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the body is worth waiting for, to keep the connection of a request that is refused."""
    for name, value in headers:
        if name in (b"transfer-encoding", b"expect", b"upgrade"):
            return False
        if name == b"content-length" and not (value.isdigit() and len(value) <= MAX_BODY_DIGITS):
            return False
    return True


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as HTTP/1.1 writes them."""
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


def health_answer(path: str, request_id: str) -> bytes:
    """What follows the server's own headers in a good answer about health, as the application would give it."""
    content = b'{"status":"%b"}' % (b"live" if path == LIVE else b"ready")
    lines = b"content-length: %d\r\nx-request-id: %b\r\n\r\n" % (len(content), request_id.encode())
    return b"cache-control: no-store\r\ncontent-type: application/json\r\n" + lines + content


def new_request_id(given: str) -> str:
    """The client's id if it is a plain one, else a random one."""
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def refusal(error: GatewayError, url: bytes, request_id: str, *, is_head: bool = False, closes: bool = False) -> bytes:
    """What follows the server's own headers in the answer to a request that is refused."""
    path = path_of(url)
    head, body = _template(cast(Any, type(error)), error.detail, tuple(error.headers.items()), form_of(path))
    instance = quote(path, safe=SAFE)[:MAX_INSTANCE]
    # As JSON has it: a path may hold what must be escaped there.
    content = body.replace(_INSTANCE.encode(), json.dumps(instance)[1:-1].encode()).replace(
        _ID.encode(), request_id.encode()
    )
    close = b"connection: close\r\n" if closes else b""
    lines = b"content-length: %d\r\nx-request-id: %b\r\n%b\r\n" % (len(content), request_id.encode(), close)
    return head + lines + (b"" if is_head else content)


@lru_cache(maxsize=256)
def _template(kind: Any, detail: str, headers: tuple[tuple[str, str], ...], form: Form) -> tuple[bytes, bytes]:
    error: GatewayError = GatewayError.__new__(kind)
    GatewayError.__init__(error, detail, headers=dict(headers))
    response = problem_response({"path": f"/{_INSTANCE}", "state": {"request_id": _ID}}, error, form)
    kept = [(name, value) for name, value in response.raw_headers if name not in (b"content-length", b"connection")]
    return header_lines(kept), bytes(response.body).replace(b"/" + _INSTANCE.encode(), _INSTANCE.encode())
