"""What a client sees of a streamed answer while it is made, and what becomes of one that leaves."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest

from gateway.answers.events import HEARTBEAT, HEARTBEAT_S, DeltaEvent, Event, EventStream, SearchEvent
from gateway.database.heartbeat import EndedRights
from tests.answers.double import MODEL, Double, event, honest
from tests.answers.world import World, world_on
from tests.support import Database, wait_until
from tests.support.tenants import Tenants
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio

BODY = {"question": "In which locker is the mooring kept?", "stream": True}
PATHS = ("/v1/answers", "/v1/chat/completions")
ENDS = (b"event: done", b"[DONE]", b'"grounded"')
SHORTEST_PATIENCE_S = 30
"""Of usual proxies with a connection on which nothing comes."""


@pytest.fixture
def double() -> Iterator[Double]:
    with Double().running() as double:
        yield double


@pytest.fixture
async def written(database: Database, tenants: Tenants, double: Double) -> AsyncIterator[World]:
    async with world_on(database, tenants, llm_url=double.url, llm_model=MODEL, caller_share=0.25) as world:
        yield world


class Client:
    """One that reads what is sent as it is sent, and may leave."""

    def __init__(self, app: Any, body: dict[str, Any], headers: dict[str, str], path: str = "/v1/answers") -> None:
        self._body: bytes | None = json.dumps(body).encode()
        self._left = asyncio.Event()
        self._came = asyncio.Event()
        self.sent = b""
        lines = [(b"content-type", b"application/json"), (b"content-length", str(len(self._body)).encode())]
        lines += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "headers": lines,
            "client": ("127.0.0.1", 1), "server": ("gateway.test", 80), "state": {},
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    def leave(self) -> None:
        """Close the connection."""
        self._left.set()

    async def until(self, is_so: Callable[[bytes], bool]) -> None:
        """Wait for what is sent to be like this."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so(self.sent):
                self._came.clear()
                await self._came.wait()

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent += message.get("body", b"")
        self._came.set()


def body_of(stream: bool) -> dict[str, Any]:
    """A question as both routes take it."""
    return {"messages": [{"role": "user", "content": BODY["question"]}], "stream": stream}


def slowly(double: Double) -> Callable[[str], Iterator[str | bytes]]:
    """One honest statement, and then words without end until the client has left."""

    def write(prompt: str) -> Iterator[str | bytes]:
        yield from honest(prompt)
        while not double.gate.wait(0.01):
            yield b": still here\n\n"

    return write


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stream", [True, False], ids=["events", "JSON"])
async def test_a_client_that_leaves_ends_the_call_to_the_model(
    written: World, double: Double, path: str, stream: bool
) -> None:
    double.write = slowly(double)
    client = Client(written.app, body_of(stream), written.headers("owner"), path)
    await asyncio.to_thread(wait_until, lambda: double.seen, "the model being asked")
    if stream:
        await client.until(lambda sent: b"is kept in locker" in sent.partition(b"\n\n")[2])
    assert not double.closed.is_set()
    client.leave()
    async with asyncio.timeout(PATIENCE_S):
        await client.task
    assert not [end for end in ENDS if end in client.sent]
    assert await asyncio.to_thread(double.closed.wait, PATIENCE_S)


async def test_who_waits_for_a_model_keeps_no_place(written: World, double: Double) -> None:
    double.write = slowly(double)
    limiter = written.app.state.services.limiter
    clients = [Client(written.app, BODY, written.headers("owner")) for _ in range(3)]
    for client in clients:
        await client.until(lambda sent: b"event: citation" in sent)
    assert limiter.in_flight == 0
    body = {"query": "mooring", "mode": "keyword"}
    found = await written.client.post("/v1/search", json=body, headers=written.headers("owner"))
    assert found.status_code == 200
    for client in clients:
        client.leave()
    await asyncio.wait_for(asyncio.gather(*(client.task for client in clients)), PATIENCE_S)
    assert limiter.in_flight == 0


async def test_the_search_is_told_before_the_model_says_anything(written: World, double: Double) -> None:
    double.write = lambda prompt: iter([event("")]) if double.gate.wait(PATIENCE_S) else iter([])
    client = Client(written.app, BODY, written.headers("owner"))
    await client.until(lambda sent: b"\n\n" in sent)
    assert client.sent.startswith(b"event: search\ndata: {")
    client.leave()
    await asyncio.wait_for(client.task, PATIENCE_S)


async def sent_by(stream: EventStream, on_comment: Callable[[], None] = lambda: None) -> str:
    """Everything that it sends; the callback is called once there is a comment among it."""
    content = b""

    async def send(message: Any) -> None:
        nonlocal content
        content += message.get("body", b"")
        if HEARTBEAT in content:
            on_comment()

    async def receive() -> Any:
        await asyncio.Event().wait()

    try:
        await stream({"type": "http"}, receive, send)
    except RuntimeError:
        content += b"the connection ends"
    return content.decode()


FIRST = SearchEvent(question="x", passages=[], complete=True)


async def test_a_comment_comes_while_nothing_else_does() -> None:
    waited = asyncio.Event()

    async def events() -> AsyncIterator[Event]:
        await waited.wait()
        yield DeltaEvent(text="a\nb")

    stream = EventStream(FIRST, events(), heartbeat_s=0.01)  # type: ignore[arg-type]  # a generator, as it happens
    text = await sent_by(stream, waited.set)
    assert ": still at work\n\n" in text
    assert text.endswith('event: delta\ndata: {"text":"a\\nb"}\n\n')


@pytest.mark.parametrize(("path", "module"), [*zip(PATHS, ("routes", "chat_routes"), strict=True)])
async def test_comments_come_while_a_model_stalls(
    written: World, double: Double, path: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HEARTBEAT_S < SHORTEST_PATIENCE_S
    monkeypatch.setattr(f"gateway.answers.{module}.EventStream", partial(EventStream, heartbeat_s=0.01))
    double.write = lambda prompt: honest(prompt) if double.gate.wait(PATIENCE_S) else iter([])
    client = Client(written.app, body_of(True), written.headers("owner"), path)
    await client.until(lambda sent: sent.count(HEARTBEAT) >= 2)
    assert b"is kept in locker" not in client.sent.partition(b"\n\n")[2]
    double.gate.set()
    async with asyncio.timeout(PATIENCE_S):
        await client.task
    assert [end for end in ENDS if end in client.sent]


async def test_an_error_midway_is_an_event_that_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def events() -> AsyncIterator[Event]:
        yield DeltaEvent(text="a")
        raise RuntimeError("the secret of the table")

    with caplog.at_level(logging.ERROR):
        text = await sent_by(EventStream(FIRST, events()))  # type: ignore[arg-type]  # a generator, as it happens
    assert "event: error" in text
    assert text.endswith("the connection ends")
    assert "secret" not in text


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_ends_when_a_right_does(written: World, double: Double, path: str) -> None:
    double.write = slowly(double)
    client = Client(written.app, body_of(True), written.headers("viewer"), path)
    await client.until(lambda sent: b"is kept in locker" in sent.partition(b"\n\n")[2])
    rights = written.app.state.services.answers._stale._rights
    rights.learn(EndedRights(time.monotonic(), False, frozenset({written.tenants.person("viewer")}), frozenset()))
    double.gate.set()
    async with asyncio.timeout(PATIENCE_S):
        await client.task
    assert b"Rights to the passages changed" in client.sent
    assert b"done" not in client.sent


def says_none(_prompt: str) -> Iterator[str | bytes]:
    yield "[[none]]"


async def test_nothing_found_is_said_in_words_and_takes_the_passages_back(written: World, double: Double) -> None:
    double.write = says_none
    question = BODY["question"]
    response = await written.ask(question=question, stream=True)
    names = [block.partition("\n")[0] for block in response.text.split("\n\n") if block]
    assert names == ["event: search", "event: search", "event: delta", "event: done"]
    first, second = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")][:2]
    assert first["passages"]
    assert second == {**first, "passages": []}
    assert 'event: delta\ndata: {"text":"Nothing that answers this was found."}' in response.text
    assert '"grounded":false' in response.text
    chat = {"messages": [{"role": "user", "content": question}], "stream": True}
    sent = (await written.client.post("/v1/chat/completions", json=chat)).text
    assert sent.count('"role": "assistant"') == 1


async def test_what_fails_before_the_first_event_is_an_error_of_its_own(written: World) -> None:
    response = await written.ask(question="x", stream=True, limit=11)
    assert response.status_code == 422
    response = await written.client.post("/v1/answers", json=BODY, headers={"Authorization": "Bearer a.b.c"})
    assert response.status_code == 401
