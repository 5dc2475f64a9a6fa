"""The process that reads a file inherits nothing, and can open, start, signal and call nothing."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.ingestion.errors import TooLargeError, UnreadableError
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import ENVIRONMENT, _start, read_file
from gateway.local.paths import REPOSITORY
from tests.ingestion.content import make
from tests.ingestion.hostile_files import hostile_files
from tests.ingestion.texts import html
from tests.support.waiting import until_true

pytestmark = pytest.mark.anyio

ATTEMPTS = {
    "open": "open('/etc/passwd')",
    "write": "open('/tmp/planted', 'w')",
    "list": "os.listdir('/')",
    "see": "os.stat('/etc/passwd')",
    "remove": "os.unlink('/tmp/planted')",
    "connect": "socket.socket().connect(('127.0.0.1', 9))",
    "datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "local socket": "socket.socketpair()",
    "fork": "os.fork()",
    "execute": "os.execv('/bin/true', ['true'])",
    "signal": "os.kill(os.getppid(), 0)",
    "trace": "check(libc.ptrace(16, os.getppid(), 0, 0))",
    "read memory": "check(libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0))",
    "lift limits": "resource.setrlimit(resource.RLIMIT_CPU, (999, 999))",
    "unshare": "check(libc.unshare(0x10000000))",
}
CONFINED = """
import ctypes, os, resource, socket, sys, threading
sys.path.insert(0, sys.argv[1])
from gateway.ingestion.seccomp import confine
libc = ctypes.CDLL(None, use_errno=True)
def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
confine(os.getpid())
thread = threading.Thread(target=lambda: None)
thread.start()
thread.join()
try:
    exec(sys.argv[2])
    os.write(1, b"done")
except (OSError, ValueError) as error:
    os.write(1, repr(error).encode())
os._exit(0)
"""


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_confined_process_is_refused(attempt: str) -> None:
    command = [sys.executable, "-I", "-c", CONFINED, str(REPOSITORY), attempt]
    run = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert run.stdout.startswith(("PermissionError(1", "ValueError('not allowed to raise", "OSError(1")), (
        run.stdout + run.stderr
    )


def _links(folder: Path) -> list[str]:
    """What the links in a folder lead to; nothing where one is gone meanwhile."""
    try:
        return [str(link.readlink()) for link in folder.iterdir()]
    except FileNotFoundError:
        return []


async def test_it_inherits_neither_files_nor_secrets() -> None:
    os.environ["SECRET_OF_THE_WORKER"] = "x"
    ends = os.pipe()
    for end in ends:
        os.set_inheritable(end, True)
    mine = os.readlink(f"/proc/self/fd/{ends[0]}")  # noqa: PTH115  no path: it names a pipe
    process = await _start("a.txt", None, Limits())  # waits for its file, so that it can be looked at
    try:
        folder = Path(f"/proc/{process.pid}")
        # Both are only there once the kernel has put the program into the new process.
        variables = await until_true((folder / "environ").read_text, "variables")
        open_files = await until_true(lambda: _links(folder / "fd"), "open files")
    finally:
        process.kill()
        await process.wait()
        for end in ends:
            os.close(end)
        del os.environ["SECRET_OF_THE_WORKER"]
    assert dict(line.split("=", 1) for line in variables.split("\0") if line) == ENVIRONMENT
    assert mine not in open_files


async def test_a_file_that_takes_too_long_is_ended() -> None:
    bomb = next(file for file in hostile_files(9) if file.title == "a chapter again and again")
    with pytest.raises(TooLargeError, match=r"takes more than 1 s\..*file_seconds"):
        await read_file(bomb.data, bomb.name, None, Limits(seconds=1, text_bytes=10**9))


async def test_a_file_that_takes_too_much_memory_is_ended() -> None:
    page = html(make(1, sections=2)).encode() * 8_000
    with pytest.raises(TooLargeError, match=r"takes more than 33\.55 MB of memory.*file_memory_bytes"):
        await read_file(page, "a.html", None, Limits(memory_bytes=32 * 2**20, seconds=300))


async def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(UnreadableError, match=r"text of the file has more than 0\.001 MB.*file_text_bytes_of_document"):
        await read_file(b"word " * 1_000, "a.txt", None, Limits(text_bytes=1_000, seconds=300))


async def test_files_are_read_beside_each_other() -> None:
    bomb = next(file for file in hostile_files(9) if file.title == "a chapter again and again")
    slow = asyncio.create_task(read_file(bomb.data, bomb.name, None, Limits(seconds=600, text_bytes=10**9)))
    assert (await read_file(b"A bowline.", "a.txt", None, Limits(seconds=300))).text == "A bowline."
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
