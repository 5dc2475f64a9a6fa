"""What the gateway adds to a model: `make bench-answers-speed`.

A stand-in for a model writes 200 tokens a second to each of 20 clients, directly and through `POST /v1/answers` with
`stream`, in turns. Beside it, how soon the event `search` comes, by the same search, in turns as well, and what of the
gateway's processor time they take. On a busy machine only that means something: the stand-in itself is late there.
"""

import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import httpx2
from rich.console import Console
from rich.table import Table

from gateway.answers.schemas import PASSAGES, PASSAGES_PER_RESULT
from tests.bench.processes import cost_of
from tests.support import ScratchCluster, Stack, wait_until
from tests.support.ports import free_port

CLIENTS, TURNS = 20, 5
TOKENS, TOKENS_PER_S = 400, 200
ASKED = 20
"""Searches and answers of each turn."""
FACT = "The spare mooring lines are kept in the locker beside the slipway."
QUESTION = "Where are the spare mooring lines kept?"
STATEMENT = [" Spare", " lines", " are", " kept", " in", " the", " locker", ".[[", "1|", FACT, "]]"]
DONE = b"data: [DONE]\n\n"


def serve(port: int) -> None:
    """Be the model, until the process is ended."""
    asyncio.run(_serve(port))


async def _serve(port: int) -> None:
    events = [
        f"data: {json.dumps({'choices': [{'delta': {'content': STATEMENT[n % len(STATEMENT)]}}]})}\n\n".encode()
        for n in range(TOKENS)
    ]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        except asyncio.IncompleteReadError:
            return  # a connection that was opened and not used
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        began = time.perf_counter()
        for number, event in enumerate(events):
            await asyncio.sleep(began + number / TOKENS_PER_S - time.perf_counter())
            if writer.is_closing():
                return  # who wanted the first event alone has left
            writer.write(event)
        writer.write(DONE)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await server.serve_forever()


async def _lines(client: httpx2.AsyncClient, url: str, body: object) -> AsyncIterator[str]:
    async with client.stream("POST", url, json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            yield line


async def _together(url_of: Callable[[int], str], body: object, last: str) -> list[tuple[float, float]]:
    """Of each client, when the first line came and when the last did."""

    async def one(number: int) -> tuple[float, float]:
        # Visitors of an address each: they are callers of their own.
        transport = httpx2.AsyncHTTPTransport(local_address=f"127.0.3.{number + 1}")
        async with httpx2.AsyncClient(transport=transport, timeout=60, trust_env=False) as client:
            began = time.perf_counter()
            first, text = 0.0, ""
            async for line in _lines(client, url_of(number), body):
                first = first or time.perf_counter() - began
                text = line if line else text
            assert text.startswith(last), text[:200]
            return first, time.perf_counter() - began

    return await asyncio.gather(*(one(number) for number in range(CLIENTS)))


@dataclass
class Spent:
    """Seconds of each call, and of the gateway's processors for all of them."""

    times: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    async def take(self, pid: int, call: Callable[[], Awaitable[None]]) -> None:
        """Call it so many times."""
        before = cost_of([pid]).cpu_s
        for _ in range(ASKED):
            began = time.perf_counter()
            await call()
            self.times.append(time.perf_counter() - began)
        self.cpu_s += cost_of([pid]).cpu_s - before


async def _first_events(url: str, pid: int) -> tuple[Spent, Spent]:
    """Searches, and answers until the event that says that the search is done, taken in turns."""
    searches, events = Spent(), Spent()
    body = {"query": QUESTION, "limit": PASSAGES, "passages_per_result": PASSAGES_PER_RESULT}
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:

        async def search() -> None:
            (await client.post(f"{url}/v1/search", json=body)).raise_for_status()

        async def first_event() -> None:
            async for _line in _lines(client, f"{url}/v1/answers", {"question": QUESTION, "stream": True}):
                break

        for _ in range(TURNS):
            await searches.take(pid, search)
            await events.take(pid, first_event)
    return searches, events


def measure(logs: Path) -> Table:
    """Every figure."""
    cluster, port = ScratchCluster(logs), free_port()
    model = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    model.start()
    try:
        cluster.start()
        stack = Stack(cluster.build_template(), logs, logs)
        try:
            stack.start_api()
            gateway = stack.start_gateway(
                LLM_URL=f"http://127.0.0.1:{port}/v1",
                LLM_MODEL="bench",
            )
            stack.start_worker()
            _write(stack)
            return asyncio.run(_table(stack, gateway.pid, port))
        finally:
            stack.stop()
    finally:
        cluster.stop()
        model.terminate()


async def _table(stack: Stack, pid: int, port: int) -> Table:
    searches, events = await _first_events(stack.gateway_url, pid)
    added, through, spent = [], [], 0.0
    asked = {"model": "bench", "messages": [], "stream": True}
    question = {"question": QUESTION, "stream": True}
    for _ in range(TURNS):
        direct = await _together(lambda _: f"http://127.0.0.1:{port}/v1/chat/completions", asked, "data: [DONE]")
        before = cost_of([pid]).cpu_s
        times = await _together(lambda _: f"{stack.gateway_url}/v1/answers", question, 'data: {"kind":"generated"')
        spent += cost_of([pid]).cpu_s - before
        through += [whole - first for first, whole in times]
        added.append(median(through[-CLIENTS:]) / median(whole for _, whole in direct) - 1)
    table = Table("", "", title=f"{CLIENTS} clients, {TOKENS} tokens each, {TOKENS_PER_S} a second")
    for what, found in (("search", searches), ("the event search", events)):
        table.add_row(f"{what}, p50, p95", f"{_ms(median(found.times))}, {_ms(quantiles(found.times, n=20)[-1])}")
    # What comes after the event counts as well: the answer is being made when the client leaves.
    for what, found in (("a search", searches), ("an answer that is left after the event", events)):
        table.add_row(f"processor time of the gateway for {what}", _ms(found.cpu_s / len(found.times)))
    table.add_row("the event by the search, p50", f"{median(events.times) / median(searches.times):.2f}")
    table.add_row("what the model takes", f"{(TOKENS - 1) / TOKENS_PER_S:.3f} s")
    table.add_row("through the gateway, after the search, p50", f"{median(through):.3f} s")
    table.add_row("added to the same stream read directly, p50 of the turns", f"{median(added):.1%}")
    table.add_row("processor time of the gateway", f"{spent / (TURNS * CLIENTS * TOKENS) * 1e6:.0f} µs a token")
    return table


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def _write(stack: Stack) -> None:
    """A public document, and others about the same."""
    with stack.database.connect("supabase_admin") as admin:
        admin.execute(
            "with org as (insert into public.organizations (name, slug, may_publish) values ('Quay', 'quay', true)"
            " returning id) insert into public.documents (organization_id, visibility, title, content)"
            " select id, 'public', 'Note ' || n, case n when 1 then %s else 'Boats lie at berth ' || n || '.' end"
            " from org, generate_series(1, 50) n",
            (FACT,),
        )

        def is_done() -> bool:
            row = admin.execute("select count(*) from private.embedding_jobs").fetchone()
            return row == (0,)

        wait_until(is_done, "everything being embedded", every_s=0.2, within_s=600)


def main() -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as logs:
        Console(width=100).print(measure(Path(logs)))


if __name__ == "__main__":
    main()
