"""Headers of a request on its way through: what is of one connection only, and what only the gateway may say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.errors import BadRequestError

Header = tuple[bytes, bytes]
# RFC 9110, 7.6.1, and what older clients send.
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"upgrade http2-settings".split()
)
# What the gateway says itself, or answers for the application (Expect). `Proxy` becomes HTTP_PROXY under CGI's rules.
OWN = frozenset(b"expect forwarded host proxy via x-real-ip x-request-id x-tidegate-identity".split())
FORWARDED = b"x-forwarded-"
IDENTITY = b"x-tidegate-identity"
# WSGI knows `content_length` and `content-length` by one name.
NO_TWIN = HOP_BY_HOP | OWN | {b"authorization", b"content-length", b"content-type", b"cookie"}
WEBSOCKET = b"websocket"


@dataclass(frozen=True)
class Way:
    """How a request came to the gateway."""

    scheme: str
    host: str
    addresses: tuple[str, ...]
    """Of the client, and of the proxies that are believed."""
    prefix: str
    """The path that the client knows and the application does not."""

    @property
    def origin(self) -> str:
        """Where the client sees the application, without its path."""
        return f"{self.scheme}://{self.host}"

    def headers(self) -> list[Header]:
        """The same for the application, in the words of proxies and in those of RFC 7239."""
        node = [f'for="{_node(address)}"' for address in self.addresses]
        node[0] += f';host="{self.host}";proto={self.scheme}'
        said = {
            "x-forwarded-for": ", ".join(self.addresses),
            "x-forwarded-host": self.host,
            "x-forwarded-proto": self.scheme,
            "x-forwarded-prefix": self.prefix,
            "forwarded": ", ".join(node),
        }
        return [(name.encode(), value.encode("latin-1")) for name, value in said.items()]


def _node(address: str) -> str:
    clean = address.replace('"', "").replace("\\", "")
    return f"[{clean}]" if ":" in clean and not clean.startswith("[") and clean.count(":") > 1 else clean


def only(headers: Iterable[Header], wanted: bytes) -> bytes | None:
    """The value of a header that may stand once. BadRequestError."""
    values = [value for name, value in headers if name == wanted]
    if len(values) > 1:
        raise BadRequestError(f"There is more than one header {wanted.decode().title()}.")
    return values[0] if values else None


def onward(headers: Sequence[Header], *, drops_authorization: bool) -> list[Header]:
    """What of a request's headers the application is sent; length and host are added by whoever sends it."""
    dropped = {b"content-length", *named_by_connection(headers)}
    if drops_authorization:
        dropped.add(b"authorization")
    return [(name, value) for name, value in headers if not _is_dropped(name, dropped)]


def _is_dropped(name: bytes, dropped: set[bytes]) -> bool:
    plain = name.replace(b"_", b"-")
    is_own = plain in HOP_BY_HOP or plain in OWN or plain.startswith(FORWARDED)
    return is_own or name in dropped or (plain != name and plain in NO_TWIN)


def named_by_connection(headers: Iterable[Header]) -> set[bytes]:
    """The headers that are of this connection only, by its own words."""
    said = (value for name, value in headers if name.lower() == b"connection")
    return {token.strip().lower() for value in said for token in value.split(b",")}


def wants_websocket(method: str, headers: Sequence[Header]) -> bool:
    """Whether the client wants to switch to WebSockets. No other protocol is passed on: h2c would hide requests."""
    upgrade = [value.strip().lower() for name, value in headers if name == b"upgrade"]
    return method == "GET" and upgrade == [WEBSOCKET] and b"upgrade" in named_by_connection(headers)


def is_preflight(method: str, headers: Iterable[Header]) -> bool:
    """Whether a browser asks what a page may ask: it never says for whom (Fetch, 4.8)."""
    return method == "OPTIONS" and any(name == b"access-control-request-method" for name, _ in headers)


def body_headers(headers: Sequence[Header], *, is_old: bool) -> list[Header]:
    """What tells the application where the body ends; empty where there is none. BadRequestError when that is unclear.

    `is_old` is a request in HTTP/1.0, which knows no chunks (RFC 9112, 6.1 and 6.3).
    """
    length, coding = only(headers, b"content-length"), only(headers, b"transfer-encoding")
    if coding is not None and (length is not None or is_old or coding.strip().lower() != b"chunked"):
        raise BadRequestError("Send a body with a Content-Length, or as `Transfer-Encoding: chunked` in HTTP/1.1.")
    if length is not None and not (length.isascii() and length.isdigit()):
        raise BadRequestError("The header Content-Length is not a number.")
    if coding is not None:
        return [(b"transfer-encoding", b"chunked")]
    return [] if length is None else [(b"content-length", length)]
