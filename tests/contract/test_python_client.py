"""tidegate-client: two people at a running gateway, and what it does when one answers badly."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest

from tests.support import Process, Stack
from tests.support.waiting import PATIENCE_S
from tidegate_client import (
    AnswerBrokenOffError,
    AsyncTidegate,
    DocumentFailedError,
    GatewayProblemError,
    Retries,
    SearchAsYouType,
    Tidegate,
)
from tidegate_client.events import EventReader
from tidegate_client.retries import retry_after_s

SENTENCE = "The spare anchor lies under the port bench."
NOTE = ("anchor.md", f"# Anchoring\n\n{SENTENCE}".encode(), "text/markdown")
QUESTION = "Where does the spare anchor lie?"
STREAM = (
    ': still at work\n\nevent: delta\ndata: {"text":"né\u2028e"}\r\n\r\nevent: tomorrow\ndata: {}\n\n'
    'event: done\ndata: {"kind":\ndata: "quoted"}\n\n'
).encode()
Handler = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture(scope="module")
def people(stack: Stack, api: Process, worker: Process, gateway: Process) -> Iterator[dict[str, Tidegate]]:
    """Ada, Bob, Eve and a visitor, each with a client."""
    clients = {"visitor": Tidegate(stack.gateway_url, timeout_s=PATIENCE_S)}
    for name in ("ada", "bob", "eve"):
        token = str(stack.sign_up(f"{name}@example.com")["access_token"])
        clients[name] = Tidegate(stack.gateway_url, lambda token=token: token, timeout_s=PATIENCE_S)  # type: ignore[misc]
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module")
def note(people: dict[str, Tidegate]) -> str:
    """A document of Ada's that is searchable."""
    added = people["ada"].add_document(NOTE, title="Spare anchor", metadata={"year": 2026})
    state = people["ada"].wait_for_document(added["id"], timeout_s=PATIENCE_S)
    assert (state["status"], state["files"][0]["status"]) == ("ready", "ready")
    return state["id"]


def test_each_person_finds_their_own(people: dict[str, Tidegate], note: str) -> None:
    found = {name: client.search("anchor", mode="keyword", kinds=["documents"]) for name, client in people.items()}
    assert {name: [each["id"] for each in answer["results"]] for name, answer in found.items()} == {
        "ada": [note],
        "bob": [],
        "eve": [],
        "visitor": [],
    }
    assert found["ada"]["results"][0]["metadata"]["year"] == 2026
    with pytest.raises(GatewayProblemError) as hidden:
        people["bob"].get_document(note)
    assert (hidden.value.status, hidden.value.kind) == (404, "not-found")


def test_an_answer_comes_piece_by_piece(people: dict[str, Tidegate], note: str) -> None:
    whole = people["ada"].answer(QUESTION, limit=1)
    text, quoted, kinds = "", [], []
    for event in people["ada"].stream_answer([{"role": "user", "content": QUESTION}], limit=1):
        kinds.append(event["event"])
        if event["event"] == "delta":
            text += event["data"]["text"]
        elif event["event"] == "citation":
            quoted.append(event["data"]["id"])
        elif event["event"] == "done":
            assert event["data"]["grounded"]
    assert text == whole["answer"] == SENTENCE
    assert (kinds[0], kinds[-1], quoted) == ("search", "done", [note])
    assert [each["event"] for each in people["bob"].stream_answer(QUESTION)][-1] == "done"
    assert not people["bob"].answer(QUESTION)["grounded"]


def test_the_rest_of_the_gateway_is_there(people: dict[str, Tidegate]) -> None:
    assert people["ada"].embed(["boat", "ship"])["data"][1]["index"] == 1
    assert people["visitor"].recommend(limit=3)["recommendations"] == []
    assert people["ada"].get_status()["failed_documents"] == []
    with pytest.raises(GatewayProblemError) as refused:
        people["visitor"].search("anchor", limit=1_000)
    assert (refused.value.kind, refused.value.fields[0]["pointer"]) == ("invalid-input", "#/limit")


def test_a_document_that_cannot_be_read_fails(people: dict[str, Tidegate]) -> None:
    added = people["eve"].add_document(("broken.pdf", b"no PDF", "application/pdf"))
    with pytest.raises(DocumentFailedError, match=r"broken\.pdf") as failed:
        people["eve"].wait_for_document(added["id"], timeout_s=PATIENCE_S)
    assert failed.value.state["files"][0]["status"] == "failed"
    with pytest.raises(TimeoutError):
        people["eve"].wait_for_document(
            people["eve"].add_document(("tea.md", b"Tea.", "text/markdown"))["id"], timeout_s=0
        )


@pytest.mark.anyio
async def test_each_text_ends_the_search_before(people: dict[str, Tidegate], note: str, stack: Stack) -> None:
    async def token() -> str | None:
        return people["ada"]._token()

    async with AsyncTidegate(stack.gateway_url, token, timeout_s=PATIENCE_S) as client:
        field = SearchAsYouType(client, pause_s=0, kinds=["documents"])
        *earlier, found = await asyncio.gather(*(field.search(text) for text in ("sp", "spare", "spare anc")))
        assert earlier == [None, None]
        assert found is not None
        assert [each["id"] for each in found["results"]] == [note]
        assert await field.search("  ") is None
        waiting = asyncio.create_task(field.search("spare"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        events = [event["event"] async for event in client.stream_answer(QUESTION, limit=1)]
        assert events[-1] == "done"


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(each).parameters)
            for name, each in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("__")
        }

    assert methods(Tidegate) == methods(AsyncTidegate)


def client_of(handler: Handler, waits: list[float], retries: Retries | None = None) -> Tidegate:
    """A client whose gateway answers as `handler` does, and which notes how long it would wait."""
    http = httpx2.Client(transport=httpx2.MockTransport(handler))
    return Tidegate("http://gateway.test", retries=retries, http=http, sleep=waits.append)


def refusing(*answers: tuple[int, dict[str, str]]) -> Handler:
    """A gateway that gives these answers in turn, then state and results."""
    left = list(answers)

    def handle(request: httpx2.Request) -> httpx2.Response:
        if left:
            status, headers = left.pop(0)
            return httpx2.Response(status, headers=headers, json={"title": "No", "detail": "Not now."})
        return httpx2.Response(200, json={"results": []})

    return handle


def test_it_asks_again_when_it_is_told_to() -> None:
    waits: list[float] = []
    client = client_of(refusing((429, {"Retry-After": "2"}), (503, {"Retry-After": "1"})), waits)
    assert client.search("tent")["results"] == []
    assert waits == [2.0, 1.0]


@pytest.mark.parametrize(
    ("status", "headers", "retries"),
    [
        (503, {}, Retries()),
        (503, {"Retry-After": "31"}, Retries()),
        (503, {"Retry-After": "1"}, Retries(attempts=1)),
        (500, {"Retry-After": "1"}, Retries()),
    ],
)
def test_it_does_not_ask_again_otherwise(status: int, headers: dict[str, str], retries: Retries) -> None:
    waits: list[float] = []
    with pytest.raises(GatewayProblemError) as refused:
        client_of(refusing((status, headers)), waits, retries).search("tent")
    assert (refused.value.status, waits) == (status, [])


def test_the_waits_of_a_request_are_bounded_together() -> None:
    waits: list[float] = []
    refusals = [(503, {"Retry-After": "20"})] * 5
    with pytest.raises(GatewayProblemError):
        client_of(refusing(*refusals), waits, Retries(attempts=9, max_wait_s=50)).search("tent")
    assert waits == [20.0, 20.0]


def test_a_document_is_not_added_twice() -> None:
    waits: list[float] = []
    with pytest.raises(GatewayProblemError):
        client_of(refusing((503, {"Retry-After": "1"})), waits).add_document(NOTE)
    client_of(refusing((429, {"Retry-After": "1"})), waits).add_document(NOTE)
    assert waits == [1.0]


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
    values = {"3": 3.0, "Sun, 29 Nov 2026 08:00:10 GMT": 10.0, "Sun, 29 Nov 2026 07:00:00 GMT": 0.0, "soon": None}
    assert {value: retry_after_s({"retry-after": value}, now) for value in values} == values


def test_an_error_of_a_proxy_is_an_error_too() -> None:
    def page(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(502, html="<h1>Bad gateway</h1>")

    with pytest.raises(GatewayProblemError, match="502 Bad Gateway"):
        client_of(page, []).get_status()


def test_events_are_read_wherever_the_stream_is_cut() -> None:
    expected = [{"event": "delta", "data": {"text": "né\u2028e"}}, {"event": "done", "data": {"kind": "quoted"}}]
    for size in range(1, len(STREAM) + 1):
        reader = EventReader()
        pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
        assert [event for piece in pieces for event in reader.feed(piece)] == expected
        reader.end()


@pytest.mark.parametrize("content", [STREAM[:60], b'event: error\ndata: {"detail": "Rights changed."}\n\n'])
def test_an_answer_that_breaks_off_is_an_error(content: bytes) -> None:
    client = client_of(lambda _: httpx2.Response(200, content=content), [])
    with pytest.raises(AnswerBrokenOffError):
        list(client.stream_answer(QUESTION))
