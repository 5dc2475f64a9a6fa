"""Answers by a model: only what has a true citation is said, and whatever goes wrong, the next step answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from gateway.answers.display import shown
from gateway.clients.chat import ChatLimits
from tests.answers.double import MODEL, Double, endless, event, honest, passages_of, pieces_of
from tests.answers.forms import chat, chat_streamed, events_in
from tests.answers.world import World, publish, world_on
from tests.support import Database
from tests.support.gateway_app import OPERATIONS
from tests.support.tenants import Tenants

pytestmark = pytest.mark.anyio

QUESTION = "In which locker is the mooring kept?"


@pytest.fixture(scope="module")
def doubles() -> Iterator[tuple[Double, Double]]:
    with Double().running() as first, Double().running() as second:
        yield first, second


@pytest.fixture
def first(doubles: tuple[Double, Double]) -> Iterator[Double]:
    yield doubles[0]
    doubles[0].gate.set()
    doubles[0].reset()


@pytest.fixture
def second(doubles: tuple[Double, Double]) -> Iterator[Double]:
    yield doubles[1]
    doubles[1].gate.set()
    doubles[1].reset()


@pytest.fixture(scope="module")
async def written(database: Database, tenants: Tenants, doubles: tuple[Double, Double]) -> AsyncIterator[World]:
    models: dict[str, Any] = {
        "llm_url": doubles[0].url, "llm_model": MODEL, "llm_api_key": "a secret",
        "llm_fallback_url": doubles[1].url, "llm_fallback_model": MODEL,
        # What goes wrong here is counted elsewhere.
        "resilience": {name: {"failures_to_open": 1000, "window": 1000} for name in ("llm", "llm_fallback")},
    }  # fmt: skip
    async with world_on(database, tenants, **models) as world:
        yield world


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


def says(text: str) -> Callable[[str], Iterator[str | bytes]]:
    return lambda _prompt: iter(pieces_of(text))


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


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("[here](https://evil.example) and ![x](//evil.example/y) there", "here and  there"),
        ("see www.evil.example or me@evil.example now", "see  or  now"),
        ("evil.example/steal?q=1 and evil.com", " and "),
        ("<b>Bold</b> if a <b or less", "Bold if a < b or less"),
        ("if x<y stop; (a<b && c>d), 5 < 6", "if x< y stop; (a< b && c>d), 5 < 6"),
        ("Map<String, Order> <scr<b>ipt>alert(1)</script>", "Map< String, Order> < script>alert(1)"),
        ('<img src=x onerror="alert(1)"><!-- x --><IFRAME\nsrc=y>z', "z"),
        ("a\u202eb\u200bc\U000e0041", "abc"),
        ("a 1.5 m mast, e.g. this. And/or that.", "a 1.5 m mast, e.g. this. And/or that."),
    ],
)
def test_what_a_model_writes_is_shown_without_links_and_markup(said: str, text: str) -> None:
    assert shown(said) == text


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Ask Desk@Harbour.example or book at booking.com.", "Ask Desk@Harbour.example or book at booking.com."),
        ("[Booking.com](https://evil.example) or other.com", "Booking.com or "),
        ("See https://booking.com, www.booking.com and booking.com/steal?q=1", "See   and "),
        ("mailto:desk@harbour.example desk@harbour.example.evil.com", " "),
    ],
)
def test_a_name_that_stands_in_the_passage_stays_as_text(said: str, text: str) -> None:
    assert shown(said, "Write to desk@harbour.example, or by Booking.com: https://booking.com/steal?q=1") == text


async def test_the_numbers_of_a_list_are_no_facts(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        passage = passages_of(prompt)[0]
        number, sentence = passage["passage"], passage["text"].partition("\n\n")[2].split(". ")[0] + "."
        for step in (1, 2, 3):
            yield f"{step}. Do this.[[{number}|{sentence}]]\n"
        yield f"Step 4: do that.[[{number}|{sentence}]]\n93 boats are there.[[{number}|{sentence}]]"

    first.write = write
    answer = await written.answer("owner", question=QUESTION)
    assert answer["answer"].split("\n") == ["1. Do this.", "2. Do this.", "3. Do this.", "Step 4: do that."]
    assert answer["usage"]["citations_dropped"] == 1


async def test_a_model_that_says_that_it_stops_need_not_say_done(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        yield from honest(prompt)
        yield event("", "stop")

    first.write, first.ends = write, False
    answer = await written.answer("owner", question=QUESTION)
    assert (answer["kind"], answer["complete"], answer["degraded"]) == ("generated", True, False)


async def test_what_has_no_true_citation_is_left_out(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        passage = passages_of(prompt)[0]
        number, sentence = passage["passage"], passage["text"].partition("\n\n")[2].split(". ")[0] + "."
        yield (
            f"False things.[[{number}|The mooring is not kept]] It has 17 lockers.[[{number}|{sentence}]] "
            f"A lie.[[4|nothing of the kind]] True.[[77|nowhere]][[{number}| {sentence.replace(' ', '  ')} ]]!"
            f" Also.[[{number}|mooring is kept]][[{number}|is kept in locker]] I hope that helps."
        )

    first.write = write
    answer = await written.answer("owner", question=QUESTION)
    assert answer["answer"] == "True.! Also."
    assert answer["usage"]["citations_dropped"] == 4
    assert [(each["start"], each["end"]) for each in answer["citations"]] == [(0, 5), (7, 12), (7, 12)]
    assert answer["degraded"] is False


async def test_typography_is_no_part_of_a_quotation(written: World, first: Double, second: Double) -> None:
    text = "It\u2019s the master\u2019s \u201ccall\u201d \u2014 at 6\u00a0p.m. on 2026-10-04, for 1000 boats\u2026 now."
    publish(written, {"Zephyr": f"About the zephyr.\n\n{text}\n\n```sh\nzephyr --now\n  tail\n```\n"})

    def write(prompt: str) -> Iterator[str | bytes]:
        number = next(each["passage"] for each in passages_of(prompt) if "zephyr" in each["text"])
        plain = "It's the master's \"call\" - at 6 p.m. on 2026-10-04, for 1000 boats... now."
        yield f"For 1,000 boats, on 4 October 2026 at 18:00.[[{number}|\u00ab{plain}\u00bb]] Do this."
        yield f"[[{number}|zephyr --now tail]] For 1,001.[[{number}|It's the master's]] On 5 October.[[{number}|boats]]"

    first.write = write
    answer = await written.answer("owner", question="What is about the zephyr?")
    assert [citation["quote"] for citation in answer["citations"]] == [
        " ".join(text.split()), "zephyr --now\n  tail"
    ]  # fmt: skip
    assert answer["answer"] == "For 1,000 boats, on 4 October 2026 at 18:00. Do this."
    assert answer["usage"]["citations_dropped"] == 2


async def test_a_model_may_say_that_nothing_answers(written: World, first: Double, second: Double) -> None:
    first.write = says("[[none]]")
    answer = await written.answer("owner", question=QUESTION)
    assert (answer["answer"], answer["grounded"]) == ("Nothing that answers this was found.", False)
    assert (answer["kind"], answer["degraded"], answer["passages"]) == ("generated", False, [])


async def test_no_model_answers_where_nothing_fits(written: World, first: Double, second: Double) -> None:
    answer = await written.answer("owner", question="Who painted the ceiling of the Sistine Chapel?")
    assert (answer["grounded"], answer["kind"], answer["citations"]) == (False, "quoted", [])


async def test_models_are_asked_in_a_conversation(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        return iter(["In which locker is the lantern kept?"]) if prompt.startswith('{"role"') else honest(prompt)

    first.write = write
    messages = [
        {"role": "user", "content": "Tell me about the lantern."},
        {"role": "assistant", "content": "It is a lantern."},
        {"role": "user", "content": "And where is it kept?"},
    ]
    answer = await written.answer("owner", messages=messages)
    assert answer["question"] == "In which locker is the lantern kept?"
    assert [message["role"] for message in first.seen[1]["messages"]] == ["system", "user", "assistant", "user"]
    assert "lantern is kept in locker" in answer["answer"]
    first.write, first.ends = (lambda _prompt: iter([])), False
    second.write = honest
    answer = await written.answer("owner", messages=messages)
    assert answer["question"] == "And where is it kept? Tell me about the lantern."
    assert ("llm", "the words of the question before") in {
        (each["dependency"], each["used"]) for each in answer["degradations"]
    }


@pytest.mark.parametrize("said", ["\x00", "  ", '"', "\ud800", "-word", "x" * 600, "<b></b>"])
async def test_a_question_that_is_none_is_not_searched_for(
    written: World, first: Double, second: Double, said: str
) -> None:
    first.write = lambda prompt: iter([said]) if prompt.startswith('{"role"') else honest(prompt)
    messages = [{"role": "user", "content": "The lantern?"}, {"role": "user", "content": "In which locker is it?"}]
    answer = await written.answer("owner", messages=messages)
    assert answer["question"] == ("-word" if said == "-word" else "In which locker is it? The lantern?")


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
    details = (await written.client.get(f"{OPERATIONS}/status")).json()["dependencies"]
    assert details["llm"]["state"] == details["llm_fallback"]["state"] == "up"
    assert details["llm"]["detail"] == f"It writes answers with {MODEL}."
