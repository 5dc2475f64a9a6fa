"""Child processes: started, watched, started again when they die, and stopped so that none is left."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.local.console import Console
from gateway.local.errors import LocalError, StartError
from gateway.local.os_accounts import Account, die_with_parent, spawn_as
from gateway.migrations.errors import PreparationError

FIRST_DELAY_S, LONGEST_DELAY_S, HEALTHY_AFTER_S = 0.5, 30.0, 60.0
# Four children one after another must be gone within ten seconds.
PATIENCE_S = 2.2


@dataclass(frozen=True)
class ChildSpec:
    """How one child is run, and the signal that it takes as a request to end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    directory: str = "/"
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    before: Callable[[], None] | None = None  # runs ahead of every start, the first too


class Child:
    """One child process, kept alive from `start` until `stop`."""

    def __init__(self, spec: ChildSpec, console: Console) -> None:
        """Describe a child; nothing runs yet."""
        self.spec = spec
        self.tail: deque[str] = deque(maxlen=30)
        self.may_restart = False  # a child that fails while the stack is being started ends the start instead
        self.failed = asyncio.Event()
        self.status: int | None = None  # of the last process that ended
        self._console = console
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and watch over it."""
        self._process = await self._spawn()
        self._watch = asyncio.create_task(self._keep_alive(), name=f"watch {self.spec.name}")

    async def stop(self) -> None:
        """End the process: asked first, killed after a while, with whatever it has started itself."""
        self.may_restart = False
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self.spec.stop_signal)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(process.wait(), self._forward(process))
        except TimeoutError:
            self._console.say(f"{self.spec.name} did not stop in time and is killed")
        # The child leads a session of its own, so that its children are found even after its end.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()

    def failure(self) -> StartError:
        """An error that shows what the child wrote last."""
        status = "" if self.status is None else f", {describe_status(self.status)}"
        lines = "\n".join(f"  {line}" for line in self.tail) or "  (it wrote nothing)"
        return StartError(f"{self.spec.name} could not be started{status}. Its last lines:\n{lines}")

    async def _spawn(self) -> Process:
        if self.spec.before is not None:
            await asyncio.to_thread(self.spec.before)
        return await asyncio.create_subprocess_exec(
            *self.spec.command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            cwd=self.spec.directory,
            env=self.spec.environment,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the children in order
            preexec_fn=die_with_parent(self.spec.stop_signal),
            **spawn_as(self.spec.account),
        )

    async def _keep_alive(self) -> None:
        delay = FIRST_DELAY_S
        while True:
            since = time.monotonic()
            ended = await self._follow()
            if not self.may_restart:
                self.failed.set()
                return
            if time.monotonic() - since > HEALTHY_AFTER_S:
                delay = FIRST_DELAY_S
            self._console.say(f"{self.spec.name} {ended}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY_S)

    async def _follow(self) -> str:
        """Start the process unless it was, pass its output on until it ends, and say how it ended."""
        try:
            process = self._process = self._process or await self._spawn()
        except (OSError, LocalError, PreparationError) as error:
            return f"cannot be started: {error}"
        forwarding = asyncio.create_task(self._forward(process))
        try:
            status = await process.wait()
            # Its own children may hold the pipe open for longer than it lives.
            with suppress(TimeoutError):
                await asyncio.wait_for(forwarding, 1)
        finally:
            forwarding.cancel()
        self._process = None
        self.status = status
        return describe_status(status)

    async def _forward(self, process: Process) -> None:
        """Pass the child's output on, line by line, until it ends."""
        assert process.stdout is not None
        rest = b""
        while chunk := await process.stdout.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._show(line)
        if rest:
            self._show(rest)

    def _show(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        self.tail.append(text)
        self._console.line(self.spec.name, text)


def describe_status(status: int) -> str:
    """What an exit status says, in words."""
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
