"""A set of children that start together, are watched while they run, and stop in reverse order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import httpx2

from gateway.local.console import Console
from gateway.local.errors import StartError
from gateway.local.paths import REPOSITORY
from gateway.local.services import Service
from gateway.local.supervisor import Child, ChildSpec

T = TypeVar("T")


class Stack:
    """The children of one run."""

    def __init__(self, console: Console) -> None:
        """Begin with no children."""
        self.console = console
        self._children: list[Child] = []

    async def start(self, spec: ChildSpec) -> Child:
        """Start one more child."""
        child = Child(spec, self.console)
        self._children.append(child)
        await child.start()
        return child

    async def start_service(self, service: Service) -> Child:
        """Start one of the processes beside PostgreSQL."""
        return await self.start(
            ChildSpec(service.name, service.command, service.environment, directory=str(REPOSITORY))
        )

    async def until_ready(self, services: list[Service], within_s: float = 60) -> None:
        """Wait until each service answers 200; StartError when a child ends first or `within_s` seconds passed."""
        async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
            await self.guard(_all([_answers(client, service, within_s) for service in services]))

    async def guard(self, step: Awaitable[T]) -> T:
        """The result of one step of the start; StartError with its last lines when any child ends meanwhile."""
        work = asyncio.ensure_future(step)
        failures = {asyncio.create_task(child.failed.wait()): child for child in self._children}
        try:
            done, _ = await asyncio.wait({work, *failures}, return_when=asyncio.FIRST_COMPLETED)
            for task, child in failures.items():
                if task in done and not work.done():
                    raise child.failure()
            return await work
        finally:
            for task in (work, *failures):
                task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await work  # reported above already; here it is only waited for

    def keep_alive(self) -> None:
        """From now on a child that dies is started again."""
        for child in self._children:
            child.may_restart = True

    async def stop(self) -> None:
        """End all children, the last started first."""
        while self._children:
            await self._children.pop().stop()


async def poll(condition: Callable[[], Awaitable[bool]], within_s: float, failure: str) -> None:
    """Ask `condition` until it is true; StartError with the text `failure` after `within_s` seconds."""
    try:
        async with asyncio.timeout(within_s):
            while not await condition():  # noqa: ASYNC110  the condition lies in another process
                await asyncio.sleep(0.03)
    except TimeoutError as error:
        raise StartError(failure) from error


async def _answers(client: httpx2.AsyncClient, service: Service, within_s: float) -> None:
    last = "no answer"

    async def ready() -> bool:
        nonlocal last
        assert service.ready_url is not None
        try:
            response = await client.get(service.ready_url)
        except httpx2.TransportError:
            return False
        last = f"status {response.status_code}: {response.text[:500]}"
        return response.status_code == 200

    try:
        await poll(ready, within_s, "")
    except StartError as error:
        raise StartError(f"{service.name} was not ready within {within_s:g} s ({service.ready_url}: {last})") from error


async def _all(steps: list[Awaitable[None]]) -> None:
    await asyncio.gather(*steps)
