"""Reads a file in a process of its own, and ends that process when it takes too much.

The process is a fresh interpreter: it inherits no memory, no open files and none of the environment, and confines
itself before it looks at more of the file than its first bytes and its directory (child.py). Its time and memory are
watched here as well, and nothing that it says is believed unseen.
"""

import asyncio
import json
import logging
import resource
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.ingestion.errors import TooLargeError, UnreadableError
from gateway.ingestion.extraction import IMPOSSIBLE, Extraction
from gateway.ingestion.formats import Format
from gateway.ingestion.limits import Limits, megabytes
from gateway.ingestion.progress import UNITS, Progress, Unit

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
START = "import sys; sys.path.insert(0, sys.argv[1]); from gateway.ingestion.child import main; main()"
# One heap for all threads, which is easier to bound. Nothing else is passed on.
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
MEMORY_IS_SHORT = 75
WATCH_EVERY_S = 0.02
# Between its last word and its end.
LINGERS_S = 1.0
# A line of the process: where 100,000 pages begin has room.
LONGEST_LINE = 1_000_000
LONGEST_ERROR = 1_000
PAGE = resource.getpagesize()
MAX_PARTS = 2**31 - 1

Report = Callable[[Progress], Awaitable[None]]


@dataclass(frozen=True)
class Reading(Extraction):
    """What was read of a file, its format, and how much there was of what its format consists of."""

    format: Format = Format.TEXT
    total: int = 0

    @property
    def unit(self) -> Unit:
        """What `total` counts."""
        return UNITS[self.format]


class ParserFailedError(Exception):
    """The process could not be started, or is not confined: the file may be read elsewhere, or later."""


async def read_file(
    data: bytes, name: str, content_type: str | None, limits: Limits, report: Report | None = None
) -> Reading:
    """The text of a file. UnreadableError when it has none that can be read within `limits`; ParserFailedError."""
    if len(data) > limits.bytes:
        raise TooLargeError("The file has", megabytes(limits.bytes), "file_bytes")
    listener = _Listener(limits, report)
    try:
        return await _read(data, name, content_type, limits, listener)
    except UnreadableError as error:
        error.format = listener.format
        raise


async def _read(data: bytes, name: str, content_type: str | None, limits: Limits, listener: "_Listener") -> Reading:
    process = await _start(name, content_type, limits)
    sending, complaining = asyncio.create_task(_send(process, data)), asyncio.create_task(_tail(process))
    watching = asyncio.create_task(_watch(process.pid, limits.memory_bytes))
    answering = asyncio.create_task(listener.answer(process))
    try:
        async with asyncio.timeout(limits.seconds):
            await asyncio.wait({watching, answering}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                raise _too_much(limits)
            if (answer := answering.result()) is not None:
                return answer
            # Its end says why, and is about to come: it has closed its output.
            raise _ended(await process.wait(), await complaining, limits)
    except TimeoutError:
        raise _too_slow(limits) from None
    finally:
        await _end(process, LINGERS_S if answering.done() else 0)
        for task in (sending, complaining, watching, answering):
            task.cancel()
        await asyncio.gather(sending, complaining, watching, answering, return_exceptions=True)


async def _end(process: Process, lingers_s: float) -> None:
    """Wait so long for the process to end by itself, as one does that has answered; then end it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(lingers_s):
            await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _start(name: str, content_type: str | None, limits: Limits) -> Process:
    arguments = json.dumps({"name": name, "content_type": content_type, "limits": asdict(limits)})
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", START, str(ROOT), arguments),
            stdin=PIPE, stdout=PIPE, stderr=PIPE, env=ENVIRONMENT, cwd="/", start_new_session=True,
            limit=LONGEST_LINE,
        )  # fmt: skip
    except OSError as error:
        raise ParserFailedError(f"The process that reads files cannot be started: {error}") from error


async def _send(process: Process, data: bytes) -> None:
    assert process.stdin is not None
    with suppress(ConnectionError):  # it needs no more, or is gone: its end tells
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()


async def _watch(pid: int, most: int) -> None:
    """Return as soon as the process has more than so many bytes of its own in memory."""
    while _own_bytes(pid) <= most:  # noqa: ASYNC110  nothing tells when a process grows
        await asyncio.sleep(WATCH_EVERY_S)


def _own_bytes(pid: int) -> int:
    """What a process has in memory and shares with no file; 0 once it has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE


async def _tail(process: Process) -> str:
    """The end of what it complained about; the rest is thrown away."""
    assert process.stderr is not None
    tail = b""
    while part := await process.stderr.read(65_536):
        tail = (tail + part)[-2_000:]
    return tail.decode(errors="replace").strip()


class _Listener:
    """Hears what the process says, and believes none of it unseen."""

    def __init__(self, limits: Limits, report: Report | None) -> None:
        self.format: Format | None = None
        self._limits = limits
        self._report = report

    async def answer(self, process: Process) -> Reading | None:
        """What it read, None when it ends without it. UnreadableError as it says; ParserFailedError for nonsense."""
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                head = json.loads(line)
                if isinstance(error := head.get("error"), str):
                    raise UnreadableError(IMPOSSIBLE.sub("\ufffd", error[:LONGEST_ERROR]))
                if "format" in head:
                    self.format = Format(head["format"])
                    continue
                file_format = Format(self.format or "")
                if "bytes" in head:
                    size = min(int(head["bytes"]), self._limits.text_bytes)
                    return _reading(head, file_format, await process.stdout.readexactly(size))
                done, total = int(head["done"]), int(head["total"])
                if self._report is not None and 0 <= done <= total <= MAX_PARTS:
                    await self._report(Progress(done, total, UNITS[file_format]))
        except asyncio.IncompleteReadError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ParserFailedError(f"The process that reads files wrote nonsense: {error}") from error
        return None


def _reading(head: dict[str, Any], file_format: Format, body: bytes) -> Reading:
    text = body.decode()
    starts = [int(start) for start in head["page_starts"]]
    is_markdown = bool(head["is_markdown"])
    remark = IMPOSSIBLE.sub("\ufffd", str(head["remark"])[:LONGEST_ERROR])
    if (
        starts != sorted(starts)
        or (starts and not 0 <= starts[0] <= starts[-1] <= len(text))
        or IMPOSSIBLE.search(text)
    ):
        raise ValueError("pages that are not in the text")
    return Reading(text, starts, is_markdown, remark, file_format, min(max(int(head["total"]), 0), MAX_PARTS))


def _ended(status: int, complaint: str, limits: Limits) -> Exception:
    if status == MEMORY_IS_SHORT or "memory allocation of" in complaint or "MemoryError" in complaint:
        return _too_much(limits)
    if "SandboxError" in complaint:
        return ParserFailedError(f"Files cannot be read on this machine: {complaint.splitlines()[-1]}")
    if status in (-24, -9):  # SIGXCPU, and what the kernel sends after it
        return _too_slow(limits)
    logger.warning("A process that read a file ended with %d: %s", status, complaint)
    return UnreadableError(
        "The file is damaged in a way that ends the program that reads it. Open it, save it under another name or as "
        "PDF, and upload that."
    )


def _too_slow(limits: Limits) -> UnreadableError:
    return TooLargeError("Reading the file takes", f"{limits.seconds} s", "file_seconds")


def _too_much(limits: Limits) -> UnreadableError:
    return TooLargeError("Reading the file takes", f"{megabytes(limits.memory_bytes)} of memory", "file_memory_bytes")
