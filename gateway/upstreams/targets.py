"""Which application a path is of, and what that is asked for."""

import re
from urllib.parse import unquote_to_bytes

from gateway.errors import BadRequestError
from gateway.http.load_shedding import APPLICATIONS

SEPARATORS = re.compile(rb"[/\\]")
DOTS = (b".", b"..")
# A server that decodes them before it writes a header or opens a file has two lines, or a shorter name.
FORBIDDEN = re.compile(rb"[\r\n\0]")


def split(raw_path: bytes) -> tuple[str, bytes]:
    """The name of the application, and the rest of the path from its slash on; empty where there is none."""
    name, slash, rest = raw_path.removeprefix(APPLICATIONS.encode()).partition(b"/")
    return name.decode("ascii", "replace"), slash + rest


def target(base: str, rest: bytes, query: bytes) -> bytes:
    """The request line's target: as the client wrote it, below the path `base`. BadRequestError.

    The host is never part of it. A path that leads upwards, in whatever coding, may lead out of `base`: it is refused.
    """
    decoded = unquote_to_bytes(rest)
    if FORBIDDEN.search(decoded):
        raise BadRequestError("The path holds a line break or a NUL.")
    if any(segment.partition(b";")[0] in DOTS for segment in SEPARATORS.split(decoded)):
        raise BadRequestError("The path has a segment of dots: write the path that it stands for.")
    return base.rstrip("/").encode("ascii") + rest + (b"?" + query if query else b"")
