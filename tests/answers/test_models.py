"""Answers by a model: whatever goes wrong, the next step answers, and says so."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.clients.chat import ChatLimits
from tests.answers.double import MODEL, Double, endless, event, honest, passages_of, says
from tests.answers.forms import chat, chat_streamed, events_in
from tests.answers.world import World
from tests.support.gateway_app import OPERATIONS
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

QUESTION = "In which locker is the mooring kept?"


async def events_of(world: World, actor: str = "anonymous", **body: Any) -> list[tuple[str, dict[str, Any]]]:
    """The events of a streamed answer."""
    response = await world.ask(actor, stream=True, **body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    return list(events_in(response.text))


async def test_a_model_writes_what_it_can_cite(written: World, first: Double, second: Double) -> None:
    answer = await written.answer("owner", question=QUESTION)
    assert answer["kind"] == "generated"
    assert answer["answer"].startswith("It is said that The mooring is kept in locker canary")
    assert answer["answer"].endswith(".")
    assert len(answer["citations"]) == 2
    for citation in answer["citations"]:
        assert answer["answer"][citation["start"] : citation["end"]].startswith("It is said that")
    assert (answer["complete"], answer["grounded"], answer["degraded"]) == (True, True, False)
    assert answer["usage"]["total_tokens"] == 320
    assert first.keys == {"Bearer a secret"}
    assert second.seen == []
    (asked,) = first.seen
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["max_tokens"] == 1000


async def test_the_events_make_up_the_answer(written: World, first: Double, second: Double) -> None:
    events = await events_of(written, "owner", question=QUESTION)
    names = [name for name, _ in events]
    assert names[0] == "search"
    assert names[-1] == "done"
    assert set(names) == {"search", "delta", "citation", "done"}
    text = "".join(data["text"] for name, data in events if name == "delta")
    again = await written.answer("owner", question=QUESTION)
    assert text == again["answer"]
    assert [data for name, data in events if name == "citation"] == again["citations"]
    assert events[0][1]["passages"] == again["passages"]
    done = events[-1][1]
    assert {name: done[name] for name in ("kind", "grounded", "complete", "degraded")} == {
        "kind": "generated", "grounded": True, "complete": True, "degraded": False
    }  # fmt: skip
    assert set(done) == set(again) - {"answer", "citations", "passages"}


def breaks(double: Double, *pieces: str | bytes, hangs: bool = False) -> None:
    """Write these and end without saying so, or hang."""

    def write(_prompt: str) -> Iterator[str | bytes]:
        yield from pieces
        if hangs:
            double.hang()

    double.write, double.ends = write, False


def _set(**values: Any) -> Callable[[Double], None]:
    return lambda double: double.__dict__.update(values)


ODD: dict[str, tuple[Callable[[Double], None], str]] = {
    "nonsense": (_set(write=says("Blue is a loud number, and so are four of them.")), "It cited nothing"),
    "false citations": (_set(write=says("Thus.[[1|words that nobody wrote]] So.[[99|The mooring]]")), "It cited"),
    "HTML as a stream": (_set(write=says("<html><body><h1>502</h1></body></html>")), "It cited nothing"),
    "HTML as a page": (_set(content_type="text/html"), "Its answer is not in the form"),
    "JSON": (_set(content_type="application/json"), "Its answer is not in the form"),
    "half of UTF-8": (lambda double: breaks(double, event("It")[:-8] + b"\xe2\x82\n\n"), "Its answer is not"),
    "bytes": (lambda double: breaks(double, b"data: \xff\xfe\n\n"), "Its answer is not text."),
    "no JSON": (lambda double: breaks(double, b"data: {oops\n\n"), "Its answer is not in the form"),
    "a list": (lambda double: breaks(double, b"data: [1]\n\n"), "Its answer is not in the form"),
    "an error midway": (lambda double: breaks(double, b'data: {"error": {"message": "x"}}\n\n'), "It refused"),
    "a line without end": (lambda double: breaks(double, b"data: " + b"x" * 200_000), "Its answer is not in the form"),
    "nothing": (_set(write=says("")), "It wrote nothing."),
    "an early end": (lambda double: breaks(double, "The moor"), "It broke off."),
    "refusal": (_set(status=429), "It refused or failed."),
    "failure": (_set(status=500), "It refused or failed."),
    "a filter": (_set(finish_reason="content_filter", write=says("")), "It was not allowed to answer."),
    "no end": (_set(write=endless), "It wrote much that has no citation."),
    "a million tokens": (_set(write=says("token " * 1_000_000)), "It wrote much that has no citation."),
    "an open citation": (_set(write=says("The mooring [[1|" + "x" * 5000)), "It wrote a citation without end."),
}


@pytest.mark.parametrize("name", ODD)
async def test_the_second_model_answers_for_an_odd_one(
    written: World, first: Double, second: Double, name: str
) -> None:
    go_wrong, reason = ODD[name]
    go_wrong(first)
    answer = await written.answer("owner", question=QUESTION)
    (missing,) = answer["degradations"]
    assert (missing["dependency"], missing["used"]) == ("llm", "the second model")
    assert missing["reason"].startswith(reason)
    assert (answer["kind"], answer["grounded"], answer["complete"]) == ("generated", True, True)
    assert answer["answer"].startswith("It is said that The mooring is kept in locker")


HANGS: dict[str, tuple[list[str | bytes], ChatLimits]] = {
    "It wrote nothing for 0.1 s.": ([], ChatLimits(first_s=0.1, stall_s=60)),
    "It stopped writing for 0.1 s.": (["The mooring"], ChatLimits(first_s=60, stall_s=0.1)),
}


@pytest.mark.parametrize("reason", HANGS)
async def test_the_second_model_answers_for_one_that_hangs(
    written: World, first: Double, second: Double, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    pieces, limits = HANGS[reason]
    breaks(first, *pieces, hangs=True)
    monkeypatch.setattr(written.app.state.services.models[0], "limits", limits)
    answer = await written.answer("owner", question=QUESTION)
    assert [each["reason"] for each in answer["degradations"]] == [reason]
    assert (answer["kind"], answer["grounded"], answer["complete"]) == ("generated", True, True)


@pytest.mark.parametrize("name", ["nonsense", "refusal", "half of UTF-8"])
async def test_quotations_answer_for_two_odd_ones(written: World, first: Double, second: Double, name: str) -> None:
    go_wrong, _ = ODD[name]
    go_wrong(first)
    go_wrong(second)
    answer = await written.answer("owner", question=QUESTION)
    assert [(each["dependency"], each["used"]) for each in answer["degradations"]] == [
        ("llm", "the second model"), ("llm_fallback", "quotations")
    ]  # fmt: skip
    assert (answer["kind"], answer["grounded"], answer["complete"]) == ("quoted", True, True)
    assert answer["answer"].startswith("The mooring is kept in locker")


def half(prompt: str) -> Iterator[str | bytes]:
    """A statement, and the beginning of another one."""
    passage = next(each for each in passages_of(prompt) if "The lantern" in each["text"])
    sentence = passage["text"].partition("\n\n")[2].split(". ")[1] + "."
    yield f"A lantern is kept somewhere.[[{passage['passage']}|{sentence}]] And the mo"


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_model_that_dies_midway_is_followed_by_quotations(
    written: World, first: Double, second: Double, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    if hangs:
        monkeypatch.setattr(written.app.state.services.models[0], "limits", ChatLimits(first_s=60, stall_s=0.1))

    def write(prompt: str) -> Iterator[str | bytes]:
        yield from half(prompt)
        if hangs:
            first.hang()

    first.write, first.ends = write, False
    events = await events_of(written, "owner", question=QUESTION)
    names = [name for name, _ in events]
    place = names.index("degradation")
    assert names[:3] == ["search", "delta", "citation"]
    assert place > 2
    assert events[place][1]["used"] == "quotations"
    text = "".join(data["text"] for name, data in events if name == "delta")
    assert text.startswith("A lantern is kept somewhere.\n\nThe mooring is kept in locker")
    assert second.seen == []
    done = events[-1][1]
    assert (done["kind"], done["complete"], done["degraded"]) == ("generated", False, True)


@pytest.mark.parametrize("stream", [True, False], ids=["chunks", "JSON"])
async def test_a_chat_client_is_told_of_a_model_that_dies_midway(
    written: World, first: Double, second: Double, stream: bool
) -> None:
    first.write, first.ends = half, False
    body = {"messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    response = await written.client.post("/v1/chat/completions", json=body, headers=written.headers("owner"))
    answer = chat_streamed(response) if stream else chat(response)
    assert answer["answer"].startswith("A lantern is kept somewhere.\n\nThe mooring is kept in locker")
    assert [each["used"] for each in answer["degradations"]] == ["quotations"]
    assert (answer["kind"], answer["complete"], answer["degraded"]) == ("generated", False, True)
    assert second.seen == []


async def test_an_answer_without_end_is_cut_and_said_to_be(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        while True:
            yield from honest(prompt)

    first.write = write
    answer = await written.answer("owner", question=QUESTION)
    assert answer["degradations"][0]["reason"] == "It did not come to an end."
    assert (answer["kind"], answer["complete"]) == ("generated", False)
    assert len(answer["answer"]) < 20_000


async def test_a_model_without_room_is_said_to_have_been_cut(written: World, first: Double, second: Double) -> None:
    first.finish_reason = "length"
    answer = await written.answer("owner", question=QUESTION)
    assert answer["degradations"][0]["reason"] == "It had no room for more."
    assert answer["complete"] is False


async def test_a_model_that_says_that_it_stops_need_not_say_done(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        yield from honest(prompt)
        yield event("", "stop")

    first.write, first.ends = write, False
    answer = await written.answer("owner", question=QUESTION)
    assert (answer["kind"], answer["complete"], answer["degraded"]) == ("generated", True, False)


async def test_one_caller_has_four_models_at_a_time(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        first.hang()
        return honest(prompt)

    first.write = write
    asking = {asyncio.create_task(written.answer("owner", question=QUESTION)) for _ in range(6)}
    busy: set[asyncio.Task[dict[str, Any]]] = set()
    while len(busy) < 2:
        done, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        busy |= done
    first.gate.set()
    for task in busy:
        assert task.result()["kind"] == "quoted"
        assert task.result()["degradations"][0]["reason"] == "It is busy with other answers for the same caller."
    assert {(await task)["kind"] for task in asking} == {"generated"}


async def test_the_status_says_how_they_are(written: World, first: Double, second: Double) -> None:

    async def both_up() -> dict[str, Any] | None:
        details: dict[str, Any] = (await written.client.get(f"{OPERATIONS}/status")).json()["dependencies"]
        return details if details["llm"]["state"] == details["llm_fallback"]["state"] == "up" else None

    details = await until(both_up, "both being up")
    assert details["llm"]["detail"] == f"It writes answers with {MODEL}."
