"""What one caller can take from the others: `python -m tests.bench.fairness [--seconds S] [--turns N]`.

A gateway as it is deployed, on a database of 2,048 real passages. 99 people search at half of the gateway's peak, each
now and then, from an address each. In turn they are left alone and attacked: one more person offers ten times the peak,
whether or not anything is answered, in cheap requests, in the dearest that are accepted, and in requests of which the
last byte is missing. Measured in one run, one after the other: the machine is not as fast from one minute to the next.

Exit status 1 when a goal is missed: the 99 keep 99 % of their answers in full quality, and a p99 of 1.5 times the quiet
one. Attacker and people share one processor core, gateway and PostgreSQL the others.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import uvloop
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.bench.asking import questions
from tests.bench.debian_docs import Passage, load
from tests.bench.overload import LENGTH, PASSAGES, Client, gateway, peak

PEOPLE = 99
LOAD = 0.5  # of the peak, by all people together
ATTACK = 10
SECONDS = 5.0
TURNS = 6
FULL, FACTOR, STRETCH = 0.99, 1.5, 1.2
DEADLINE_S = 10.0
MOST_CONNECTIONS = 512
TICK_S = 0.005
ATTACKS = ("cheap", "dear", "half-sent")


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
                connections = [each for each in connections if each.transport is not None]
                if is_half or len(connections) + len(opening) < MOST_CONNECTIONS // 8:
                    if len(opening) < MOST_CONNECTIONS:
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
            if len(connections) > MOST_CONNECTIONS:
                oldest = connections.pop(0)
                if oldest.transport is not None:
                    oldest.transport.abort()


@dataclass
class Seen:
    """What the people saw in phases of one kind: whether each answer was full, and how long it took, in seconds."""

    full: list[bool] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_s: tuple[float, float] = (0.0, 0.0)  # of the gateway and of PostgreSQL

    def __iadd__(self, other: "Seen") -> "Seen":
        self.full += other.full
        self.took += other.took
        self.seconds += other.seconds
        self.cpu_s = (self.cpu_s[0] + other.cpu_s[0], self.cpu_s[1] + other.cpu_s[1])
        return self

    @property
    def share(self) -> float:
        """Of the answers, those in full quality."""
        return sum(self.full) / len(self.full)

    @property
    def p99(self) -> float:
        """In seconds."""
        return statistics.quantiles(self.took, n=100)[-1]


async def live(people: Sequence[Person], requests: Sequence[bytes], rate: float, seen: Seen, until: float) -> None:
    """Each of the people asks in turn, at this rate together; who still waits for an answer is passed over."""
    started, number = time.perf_counter(), 0
    tasks: set[asyncio.Task[None]] = set()
    busy: set[Person] = set()

    async def one(person: Person, request: bytes) -> None:
        busy.add(person)
        sent = time.perf_counter()
        try:
            seen.full.append(await person.ask(request))
        except OSError:
            seen.full.append(False)
        seen.took.append(time.perf_counter() - sent)
        busy.discard(person)

    while time.perf_counter() < until:
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        place = number % len(people)
        number += 1
        if people[place] in busy:
            continue
        task = asyncio.create_task(one(people[place], requests[number % (len(requests) // PEOPLE) * PEOPLE + place]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)


async def phase(
    client: Client,
    living: Callable[[Seen, float], Awaitable[None]],
    attack: Callable[[float], Awaitable[None]] | None,
    seconds: float,
) -> Seen:
    """What the people saw who lived for so many seconds, attacked or not."""
    seen = Seen(seconds=seconds)
    before = client.servers()
    until = time.perf_counter() + seconds
    await asyncio.gather(living(seen, until), *([] if attack is None else [attack(until)]))
    gateway_cost, database_cost = (new.cpu_s - old.cpu_s for new, old in zip(client.servers(), before, strict=True))
    seen.cpu_s = (gateway_cost, database_cost)
    await asyncio.sleep(0.3)  # what is under way ends
    return seen


async def dearest(client: Client, texts: Sequence[str]) -> list[bytes]:
    """Of requests that make much work, the ones that take longest and are answered, by the last of the people."""
    words = sorted({word for text in texts for word in text.split() if word.isalpha()})
    candidates: list[dict[str, Any]] = [
        {"query": " ".join(words)[:990], "mode": "hybrid", "limit": 50},
        {"query": " ".join(words)[:990], "mode": "keyword", "limit": 50},
        {"query": " or ".join(words)[:990], "mode": "keyword", "limit": 50},
        {"query": " ".join(f"{letter}{other}*" for letter in "abcdrst" for other in "aeio"), "mode": "keyword"},
        {"query": " ".join(f'"{word}"' for word in words[:40]), "mode": "keyword"},
        {"query": '"of the" or "to the" or "in the" or "is a" or "for the"', "mode": "keyword", "limit": 50},
    ]
    took: list[tuple[float, bytes]] = []
    for body in candidates:
        request = client.request(str(body.pop("query")), PEOPLE, **body)
        started = time.perf_counter()
        if await client.search(request) == 200:
            took.append((time.perf_counter() - started, request))
        await asyncio.sleep(1)
    took.sort(reverse=True)
    return [request for _, request in took[:2]]


async def measure(
    passages: Sequence[Passage], vectors: NDArray[np.float16], seconds: float, turns: int
) -> tuple[Table, bool]:
    """The table, and whether every goal is met."""
    async with gateway(passages, vectors) as client:
        texts = [query.text for query in await questions(passages, 200)]
        warm = [client.request(text, number) for number, text in enumerate(texts)]
        for request in warm:
            await client.search(request)  # its vector is known from here on: the model is not measured
        await peak(client, warm)
        best = await peak(client, warm)
        cheap = [client.request(text, PEOPLE) for text in texts]
        attacker = Attacker(
            client.port,
            ATTACK * best,
            {"cheap": cheap, "dear": await dearest(client, texts), "half-sent": [each[:-1] for each in cheap]},
        )
        people = [Person(number, client.port) for number in range(PEOPLE)]
        asked = [client.request(text, number) for text in texts for number in range(PEOPLE)]
        seen = {kind: Seen() for kind in ("quiet", *ATTACKS)}
        living = partial(live, people, asked, LOAD * best)
        for turn in track(range(turns + 1), "turns"):
            for kind in ATTACKS:
                quiet = await phase(client, living, None, seconds)
                attacked = await phase(client, living, partial(attacker.attack, kind), seconds)
                if turn > 0:  # before that connections are made, and tokens verified
                    seen["quiet"] += quiet
                    seen[kind] += attacked
        for person in people:
            person.close()
    return report(best, seen, attacker)


def report(best: float, seen: dict[str, Seen], attacker: Attacker) -> tuple[Table, bool]:
    """The table, and whether every goal is met."""
    title = (
        f"{PEOPLE} people at {LOAD * best:.0f} requests/s, one caller at {ATTACK * best:.0f}; the peak is {best:.0f}"
    )
    table = Table(title=title)
    for heading in (
        "attack",
        "answers",
        "in full",
        "p50",
        "p99",
        "of quiet",
        "gateway",
        "PostgreSQL",
        "the attacker's answers",
    ):
        table.add_column(heading, justify="right")
    met = True
    for kind, of_kind in seen.items():
        ratio = of_kind.p99 / seen["quiet"].p99
        met = met and of_kind.share >= FULL and ratio <= FACTOR
        answers = attacker.answers.get(kind, Counter())
        table.add_row(
            kind, f"{len(of_kind.full)}", f"{of_kind.share:.2%}", f"{1000 * statistics.median(of_kind.took):.0f} ms",
            f"{1000 * of_kind.p99:.0f} ms", f"{ratio:.2f}", *(f"{cpu / of_kind.seconds:.0%}" for cpu in of_kind.cpu_s),
            json.dumps(dict(sorted(answers.items()))) + f" of {attacker.offered[kind]:,}" if kind in ATTACKS else "",
        )  # fmt: skip
    return table, met


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tidegate-bench")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--turns", type=int, default=TURNS)
    arguments = parser.parse_args()
    passages = load(arguments.cache, PASSAGES)
    table, met = uvloop.run(measure(*passages, arguments.seconds, arguments.turns))
    Console(width=140).print(table)
    goal = f"at least {FULL:.0%} in full and at most {FACTOR} x the quiet p99 (stretch: {STRETCH})"
    Console().print(f"{'Met' if met else 'MISSED'}: {goal}.")
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
