"""Callers of the benchmark of fairness: people who wait for their answers, and one who does not."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

from tests.bench.overload import LENGTH

DEADLINE_S = 10.0
MAX_CONNECTIONS, KEPT_CONNECTIONS = 512, 64
TICK_S = 0.005


class Person(asyncio.Protocol):
    """One of the people: a keep-alive connection from an address of their own."""

    def __init__(self, number: int, port: int) -> None:
        self.address = f"127.1.{number // 250}.{number % 250 + 1}"
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bool] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(False)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = LENGTH.search(self._received, 0, end + 2) if end >= 0 else None
        if length is None or len(self._received) < end + 4 + int(length[1]) or self._answer is None:
            return
        is_full = self._received[9:12] == b"200" and b'"degraded":false' in self._received
        self._received = b""
        if not self._answer.done():
            self._answer.set_result(is_full)

    async def ask(self, request: bytes) -> bool:
        """Whether the answer was full."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, "127.0.0.1", self._port, local_addr=(self.address, 0))
        assert self._transport is not None
        self._received = b""
        self._answer = loop.create_future()
        self._transport.write(request)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await self._answer
        except TimeoutError:
            self._transport.abort()
            return False

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Attack(asyncio.Protocol):
    """One of the attacker's connections: takes what it is given, and counts what is answered."""

    def __init__(self, answers: Counter[str]) -> None:
        self.transport: asyncio.Transport | None = None
        self.is_paused = False
        self._answers = answers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=65_536)

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None

    def pause_writing(self) -> None:
        self.is_paused = True

    def resume_writing(self) -> None:
        self.is_paused = False

    def data_received(self, data: bytes) -> None:
        for status in (b"200", b"429", b"503"):
            self._answers[status.decode()] += data.count(b"HTTP/1.1 " + status)


@dataclass
class Attacker:
    """Offers requests at a rate, whatever becomes of them."""

    port: int
    rate: float
    requests: dict[str, list[bytes]]
    offered: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[str]] = field(default_factory=dict)

    async def attack(self, kind: str, until: float) -> None:
        """Offer requests of this kind until then; what finds no connection to be written to is offered in vain."""
        answers = self.answers.setdefault(kind, Counter())
        connections: list[Attack] = []
        opening: set[asyncio.Task[None]] = set()
        is_half = kind == "half-sent"
        started, sent, turn = time.perf_counter(), 0, 0
        while (now := time.perf_counter()) < until:
            for _ in range(int((now - started) * self.rate) - sent):
                sent += 1
                request = self.requests[kind][sent % len(self.requests[kind])]
                connections[:] = [each for each in connections if each.transport is not None]
                if is_half or len(connections) + len(opening) < KEPT_CONNECTIONS:
                    if len(opening) < MAX_CONNECTIONS:
                        task = asyncio.create_task(self._open(connections, answers, request))
                        opening.add(task)
                        task.add_done_callback(opening.discard)
                    continue
                turn += 1
                connection = connections[turn % len(connections)] if connections else None
                if connection is not None and connection.transport is not None and not connection.is_paused:
                    connection.transport.write(request)
            await asyncio.sleep(TICK_S)
        self.offered[kind] += sent
        await asyncio.gather(*opening)
        for connection in connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def _open(self, connections: list[Attack], answers: Counter[str], request: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(1):
                _, connection = await loop.create_connection(
                    lambda: Attack(answers), "127.0.0.1", self.port, local_addr=("127.2.0.1", 0)
                )
        except (OSError, TimeoutError):
            return
        if connection.transport is not None:
            connection.transport.write(request)
            connections.append(connection)
            if len(connections) > MAX_CONNECTIONS:
                oldest = connections.pop(0)
                if oldest.transport is not None:
                    oldest.transport.abort()
