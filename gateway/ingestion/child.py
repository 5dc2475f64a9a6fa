"""The process that reads one file: takes its bytes from standard input, confines itself, and writes what it read.

What it writes: lines of JSON, {"format": …} as soon as that is known, {"done": …, "total": …} while it reads, at last
{"error": …}, or {"bytes": …, "page_starts": […], "is_markdown": …, "remark": …, "total": …} before so many bytes of
text in UTF-8. Whoever reads that trusts nothing of it (process.py).
"""

import json
import os
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

from gateway.ingestion.decoding import charset_of
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction
from gateway.ingestion.formats import detect
from gateway.ingestion.limits import Limits
from gateway.ingestion.readers import File, reader_of
from gateway.ingestion.seccomp import confine

NO_TEXT = "The file has no text. Upload one that has."
MAX_FILES = 16
LONGEST_REMARK = 1_000
# Between two words about the progress: often enough for people, seldom enough to cost nothing.
TELL_EVERY_S = 0.1
# Exit status: reading takes more memory than it may have.
MEMORY_IS_SHORT = 75


def main() -> None:
    """Read one file; the arguments are its name, its type and the limits, as JSON."""
    arguments = json.loads(sys.argv[2])
    limits = Limits(**arguments["limits"])
    data = sys.stdin.buffer.read()
    teller = _Teller()
    try:
        extraction = _read(data, arguments["name"], arguments["content_type"], limits, teller)
    except UnreadableError as error:
        _write({"error": str(error)})
    except MemoryError:
        os._exit(MEMORY_IS_SHORT)
    else:
        text = extraction.text.encode()
        head = {
            "bytes": len(text),
            "page_starts": list(extraction.page_starts),
            "is_markdown": extraction.is_markdown,
            "remark": extraction.remark[:LONGEST_REMARK],
            "total": teller.total,
        }
        _write(head, text)
    # The interpreter's own end would touch files.
    os._exit(0)


def _read(data: bytes, name: str, content_type: str | None, limits: Limits, teller: "_Teller") -> Extraction:
    file_format = detect(data, name, content_type, limits)
    file = File(data, name, file_format, limits, teller.tell, charset_of(content_type))
    _write({"format": file.format})
    reader = reader_of(file.format)
    reader.prepare(file)
    _limit(limits)
    confine(os.getpid())
    extraction = reader.read(file)
    if not extraction.text.strip():
        raise UnreadableError(NO_TEXT)
    return extraction


def _limit(limits: Limits) -> None:
    """Bound what the process may use from now on."""
    with open("/proc/self/statm") as statm:  # noqa: PTH123
        reserved = int(statm.read().split()[0]) * resource.getpagesize()
    # Address space that a library has reserved and not used is no memory; what is used the parent watches.
    bounds = {
        resource.RLIMIT_AS: reserved + limits.memory_bytes,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_NOFILE: MAX_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, bound in bounds.items():
        resource.setrlimit(kind, (bound, bound))


class _Teller:
    """Tells how far it is, now and then."""

    def __init__(self) -> None:
        self.total = 0
        self._told_at = float("-inf")

    def tell(self, done: int, total: int) -> None:
        self.total = total
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            _write({"done": done, "total": total})


def _write(head: Mapping[str, Any], body: bytes = b"") -> None:
    data = memoryview(json.dumps(head).encode() + b"\n" + body)
    while data:
        data = data[os.write(1, data) :]
