"""tidegate-client: what it does when a gateway answers badly. test_clients.py has it at a running one."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import pytest

from tidegate_client import AnswerBrokenOffError, AsyncTidegate, GatewayProblemError, Retries, Tidegate
from tidegate_client.events import EventReader
from tidegate_client.retries import retry_after_s

NOTE = ("anchor.md", b"The spare anchor lies under the port bench.", "text/markdown")
QUESTION = "Where does the spare anchor lie?"
STREAM = (
    ': still at work\n\nevent: delta\ndata: {"text":"né\u2028e"}\r\n\r\nevent: tomorrow\ndata: {}\n\n'
    'event: done\ndata: {"kind":\ndata: "quoted"}\n\n'
).encode()
Handler = Callable[[httpx2.Request], httpx2.Response]


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
