"""Answers in a file: a line that says what follows, then one line for each answer. Whole or not at all.

It is written beside its place and then moved there, readable by its owner alone; a checksum tells a file that was cut
or changed from one that was not.
"""

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

FORMAT = "tidegate recommendations 1"
Entry = tuple[bytes, bytes, float]  # key, answer as JSON, age in seconds


def write(path: Path, entries: Iterable[Entry], max_bytes: int) -> None:
    """Replace the file by these entries, the first ones first, as many as fit into `max_bytes`. OSError."""
    now = time.time()
    lines: list[bytes] = []
    size = 0
    for key, answer, age_s in entries:
        line = b'{"key":"%b","at":%.3f,"answer":%b}\n' % (key.hex().encode(), now - age_s, answer)
        size += len(line)
        if size > max_bytes:
            break
        lines.append(line)
    body = b"".join(lines)
    _replace(path, json.dumps(_about(body)).encode() + b"\n" + body)


def read(path: Path, max_bytes: int) -> list[Entry]:
    """The entries, the first ones last; none, and a line in the log, when there is no such file or it is damaged."""
    try:
        with path.open("rb") as file:
            head, _, body = file.read(max_bytes + 1_000).partition(b"\n")
        if json.loads(head) != _about(body):
            logger.warning("%s is not used: it is of another format, or damaged", path)
            return []
        return list(_entries(body))[::-1]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        logger.warning("%s is not used: %s", path, error)
        return []


def _about(body: bytes) -> dict[str, str]:
    return {"format": FORMAT, "sha256": hashlib.sha256(body).hexdigest()}


def _entries(body: bytes) -> Iterator[Entry]:
    now = time.time()
    for line in body.splitlines():
        entry = json.loads(line)
        # A clock that was set back makes nothing younger than it is.
        yield bytes.fromhex(entry["key"]), json.dumps(entry["answer"]).encode(), max(0.0, now - entry["at"])


def _replace(path: Path, content: bytes) -> None:
    # mkstemp makes it readable by its owner alone.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
