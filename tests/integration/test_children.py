"""The supervisor's children, with small real processes in place of the servers."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.local.console import Console
from gateway.local.errors import StartError
from gateway.local.stack import Stack, poll
from gateway.local.supervisor import ChildSpec
from tests.support import wait_until
from tests.support.runs import is_alive
from tests.support.waiting import PATIENCE_S

FOREVER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile 1: signal.pause()"
)


class Lines(Console):
    """A console that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def plain(self, text: str) -> None:
        self.lines.append(text)

    def has(self, text: str) -> Callable[[], Awaitable[bool]]:
        async def found() -> bool:
            return any(text in line for line in self.lines)

        return found

    def count(self, text: str, times: int) -> Callable[[], Awaitable[bool]]:
        async def found() -> bool:
            return sum(text in line for line in self.lines) >= times

        return found


def python(code: str, name: str = "worker") -> ChildSpec:
    return ChildSpec(name, [sys.executable, "-c", code], {"PYTHONUNBUFFERED": "1"})


def with_stack(steps: Callable[[Stack, Lines], Awaitable[None]]) -> Lines:
    """Run `steps` on a stack that is stopped afterwards; returns what was printed."""
    lines = Lines()

    async def main() -> None:
        stack = Stack(lines)
        try:
            await steps(stack, lines)
        finally:
            await stack.stop()

    asyncio.run(main())
    return lines


def test_output_comes_line_by_line_with_the_name_whatever_its_length() -> None:
    code = "import sys; print('a' * 300_000); sys.stdout.buffer.write(b'\\xff\\n'); print('the end', end='')"

    async def steps(stack: Stack, lines: Lines) -> None:
        await stack.start(python(code))
        await poll(lines.has("the end"), PATIENCE_S, "the last line")

    assert with_stack(steps).lines == [f"worker   | {text}" for text in ("a" * 300_000, "\ufffd", "the end")]


def test_a_child_that_keeps_dying_is_started_again_less_and_less_often() -> None:
    async def steps(stack: Stack, lines: Lines) -> None:
        child = await stack.start(python("print('up'); raise SystemExit(3)"))
        child.may_restart = True
        await poll(lines.count("worker   | up", 3), PATIENCE_S, "the third start")

    notices = [line for line in with_stack(steps).lines if "starting it again" in line]
    assert notices[0] == "tidegate | worker ended with status 3; starting it again in 0.5 s"
    assert notices[1].endswith("in 1 s")


def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    program = tmp_path / "program"
    spec = ChildSpec("worker", [str(program)], {})

    async def steps(stack: Stack, lines: Lines) -> None:
        program.write_text("#!/bin/sh\necho up\n")
        program.chmod(0o755)
        child = await stack.start(spec)
        child.may_restart = True
        program.unlink()
        await poll(lines.has("cannot be started"), PATIENCE_S, "the notice")
        program.write_text("#!/bin/sh\necho here again\n")
        program.chmod(0o755)
        await poll(lines.has("here again"), PATIENCE_S, "the next start")

    with_stack(steps)


def test_a_failure_while_starting_shows_the_last_lines() -> None:
    async def steps(stack: Stack, _lines: Lines) -> None:
        await stack.start(python(FOREVER, "api"))
        await stack.start(python("print('no such table'); raise SystemExit(2)"))
        await stack.guard(asyncio.sleep(PATIENCE_S))

    with pytest.raises(StartError, match=r"worker could not be started, ended with status 2.*\n  no such table"):
        with_stack(steps)


def test_a_stubborn_child_and_its_own_children_are_killed() -> None:
    code = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); print(p.pid)\n{STUBBORN}"
    )
    pids: list[int] = []

    async def steps(stack: Stack, lines: Lines) -> None:
        await stack.start(python(code))
        await poll(lines.count("up", 2), PATIENCE_S, "both processes")
        pids.extend(int(line.split()[-1]) for line in lines.lines if line.split()[-1].isdigit())

    lines = with_stack(steps)
    assert "tidegate | worker did not stop in time and is killed" in lines.lines
    assert len(pids) == 1
    wait_until(lambda: not is_alive(pids[0]), "the end of what the child had started")  # a signal takes a moment


def test_children_stop_in_reverse_order() -> None:
    code = (
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye')))\n"
        "print('up', flush=True)\nsignal.pause()"
    )

    async def steps(stack: Stack, lines: Lines) -> None:
        for name in ("api", "worker", "gateway"):
            await stack.start(python(code, name))
        await poll(lines.count("up", 3), PATIENCE_S, "all three")

    said = [line for line in with_stack(steps).lines if line.endswith("bye")]
    assert [line.split()[0] for line in said] == ["gateway", "worker", "api"]
