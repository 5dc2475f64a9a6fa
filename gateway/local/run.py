"""`make run`: starts everything, watches over it, and stops it again."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress

from gateway.local import banner
from gateway.local.console import Console
from gateway.local.errors import LocalError
from gateway.local.external import start_external
from gateway.local.ports import is_taken
from gateway.local.settings import LocalSettings, Project
from gateway.local.stack import Stack
from gateway.local.start import start_local
from gateway.local.state import State

_NAMES = {"GATEWAY_PORT": "the gateway", "SUPABASE_PORT": "the Data API", "POSTGRES_PORT": "PostgreSQL"}


def run(environment: Mapping[str, str]) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP; LocalError when it cannot be started."""
    settings, project = LocalSettings.read(environment), Project.read(environment)
    state, console = State(settings.home), Console()
    state.prepare()
    with state.lock() as was_killed:
        state.remove_env()
        _require_ports(settings, local=project is None, patience_s=10 if was_killed else 0)
        try:
            asyncio.run(_run(settings, project, state, console))
        finally:
            state.remove_env()


async def _run(settings: LocalSettings, project: Project | None, state: State, console: Console) -> None:
    stop = _stop_on_signals()
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
    stack.console.plain(banner.ready(values, state.env_file, time.monotonic() - began))


def _stop_on_signals() -> asyncio.Event:
    """An event that the first request to stop sets; a second one ends the process at once, its children with it."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask() -> None:
        if stop.is_set():
            os._exit(130)  # the kernel then ends the children: die_with_parent
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)
    return stop


def _require_ports(settings: LocalSettings, *, local: bool, patience_s: float) -> None:
    """LocalError naming every port that is taken and its variable; children of a killed run get time to end."""
    ports = {"GATEWAY_PORT": settings.gateway_port}
    if local:
        ports |= {"SUPABASE_PORT": settings.supabase_port, "POSTGRES_PORT": settings.postgres_port}
    deadline = time.monotonic() + patience_s
    while taken := [name for name, port in ports.items() if is_taken(port)]:
        if time.monotonic() >= deadline:
            lines = [f"port {ports[n]}, for {_NAMES[n]}, is taken: stop what listens there, or set {n}" for n in taken]
            raise LocalError("\n".join(lines))
        time.sleep(0.1)
