"""Headers of an answer on its way through: an application that does not know its path is still found by its links."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gateway.http.load_shedding import APPLICATIONS
from gateway.upstreams.headers import HOP_BY_HOP, Header, Way, named_by_connection

# The gateway says them itself.
OWN = frozenset({b"date", b"x-request-id"})
WITHOUT_BODY = (204, 304)
DEFAULT_PORTS = (None, 80, 443)
HOST_COOKIE = "__host-"
"""Such a cookie has the path /, or browsers refuse it."""


@dataclass(frozen=True)
class Return:
    """The way back to one client."""

    way: Way
    upstream: SplitResult
    """The application's address, as the settings have it."""

    def headers(self, given: Iterable[Header], status: int) -> list[Header]:
        """What the client is sent of these headers."""
        lower = [(name.lower(), value) for name, value in given]
        dropped = HOP_BY_HOP | OWN | named_by_connection(lower)
        if status in WITHOUT_BODY:
            dropped |= {b"content-length"}
        return [(name, self._translated(name, value)) for name, value in lower if name not in dropped]

    def _translated(self, name: bytes, value: bytes) -> bytes:
        if name == b"location":
            return self.location(value.decode("latin-1")).encode("latin-1")
        if name == b"set-cookie":
            return self.cookie(value.decode("latin-1")).encode("latin-1")
        return value

    def location(self, text: str) -> str:
        """Where a redirect leads, as the client knows it. One that leads elsewhere stays as it is."""
        try:
            parts = urlsplit(text)
            place = _place(parts)
        except ValueError:
            return text
        if not parts.scheme and not parts.netloc:
            return self._path(text) if text.startswith("/") else text
        if place not in (_place(self.upstream), _place(urlsplit(self.way.origin))):
            return text
        path = self._path(parts.path or "/")
        return parts._replace(scheme=self.way.scheme, netloc=self.way.host, path=path).geturl()

    def cookie(self, text: str) -> str:
        """A cookie whose path is the client's: two applications may have one of the same name."""
        if text.lower().startswith(HOST_COOKIE):
            return text
        return ";".join(self._attribute(part) for part in text.split(";"))

    def _attribute(self, part: str) -> str:
        name, equals, value = part.partition("=")
        if name.strip().lower() != "path" or not value.strip().startswith("/"):
            return part
        return name + equals + self._path(value.strip())

    def _path(self, path: str) -> str:
        """A path of the application for its client. One below /app/ is of an application that knows where it is."""
        root = self.way.prefix[: self.way.prefix.rindex(APPLICATIONS) + len(APPLICATIONS)]
        base = self.upstream.path.rstrip("/")
        if path.startswith(root):
            return path
        return self.way.prefix + path.removeprefix(base) if path.startswith(f"{base}/") else path


def _place(parts: SplitResult) -> tuple[str | None, int | None]:
    """Host and port, whatever the scheme: an application behind a proxy often has that wrong."""
    return parts.hostname, None if parts.port in DEFAULT_PORTS else parts.port
