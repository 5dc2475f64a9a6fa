"""`make run`: starts everything, watches over it, and stops it again."""

import asyncio
import signal
import time
from collections.abc import Mapping
from contextlib import suppress

from gateway.local import ready_message
from gateway.local.console import Console
from gateway.local.errors import LocalError
from gateway.local.hosted_project import start_external
from gateway.local.os_accounts import follow_parent, handles_interrupt
from gateway.local.ports import is_taken
from gateway.local.settings import LocalSettings, Project
from gateway.local.stack import Stack
from gateway.local.start import start_local
from gateway.local.state import State

_NAMES = {
    "GATEWAY_PORT": "the gateway",
    "OPERATIONS_PORT": "its status and metrics",
    "SUPABASE_PORT": "the Data API",
    "POSTGRES_PORT": "PostgreSQL",
}


def run(environment: Mapping[str, str], *, parent: int | None = None) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP; LocalError when it cannot be started.

    With `parent`, the process that started it (make), it also stops when that one is interrupted or dies.
    """
    if parent is not None:
        follow_parent(parent, signal.SIGTERM)
    settings, project = LocalSettings.read(environment), Project.read(environment)
    state, console = State(settings.home), Console()
    state.prepare()
    with state.lock() as was_killed:
        state.remove_env()
        _require_ports(settings, local=project is None, patience_s=10 if was_killed else 0)
        try:
            asyncio.run(_run(settings, project, state, console, parent))
        finally:
            state.remove_env()


async def _run(
    settings: LocalSettings, project: Project | None, state: State, console: Console, parent: int | None
) -> None:
    stop = _stop_on_signals()
    watch = None if parent is None else asyncio.create_task(_stop_with(parent, stop))
    stack = Stack(console)
    start = asyncio.create_task(_start(settings, project, state, stack))
    asking = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({start, asking}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            await asking
        console.say("stopping")
    finally:
        state.remove_env()
        if watch is not None:
            watch.cancel()
        start.cancel()
        with suppress(asyncio.CancelledError, LocalError):
            await start
        await stack.stop()
    console.say("stopped")


async def _start(settings: LocalSettings, project: Project | None, state: State, stack: Stack) -> None:
    began = time.monotonic()
    if project is None:
        values = await start_local(settings, state, stack)
    else:
        values = await start_external(settings, project, state, stack)
    stack.keep_alive()
    state.write_env(values)
    stack.console.plain(ready_message.ready(values, state.env_file, time.monotonic() - began))


def _stop_on_signals() -> asyncio.Event:
    """An event that a request to stop sets.

    More of them change nothing: stopping takes ten seconds at most, and make passes on what its group has had already.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _stop_with(parent: int, stop: asyncio.Event) -> None:
    while not handles_interrupt(parent):  # noqa: ASYNC110  another process knows
        await asyncio.sleep(0.5)
    stop.set()


def _require_ports(settings: LocalSettings, *, local: bool, patience_s: float) -> None:
    """LocalError naming every port that is taken and its variable; children of a killed run get time to end."""
    ports = {"GATEWAY_PORT": settings.gateway_port, "OPERATIONS_PORT": settings.operations_port}
    if local:
        ports |= {"SUPABASE_PORT": settings.supabase_port, "POSTGRES_PORT": settings.postgres_port}
    deadline = time.monotonic() + patience_s
    while taken := [name for name, port in ports.items() if is_taken(port)]:
        if time.monotonic() >= deadline:
            lines = [f"port {ports[n]}, for {_NAMES[n]}, is taken: stop what listens there, or set {n}" for n in taken]
            raise LocalError("\n".join(lines))
        time.sleep(0.1)
