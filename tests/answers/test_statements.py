"""What a model says: only what has a true citation, as an answer to a question that stands by itself."""

import json
from collections.abc import Iterator

import pytest

from tests.answers.double import Double, honest, passages_of, pieces_of, says
from tests.answers.world import World, publish

pytestmark = pytest.mark.anyio

QUESTION = "In which locker is the mooring kept?"


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


async def test_what_has_no_true_citation_is_left_out(written: World, first: Double, second: Double) -> None:
    def write(prompt: str) -> Iterator[str | bytes]:
        passage = passages_of(prompt)[0]
        number, sentence = passage["passage"], passage["text"].partition("\n\n")[2].split(". ")[0] + "."
        yield (
            f"False things.[[{number}|The mooring is not kept]] It has 17 lockers.[[{number}|{sentence}]] "
            f"A lie.[[4|nothing of the kind]] True.[[77|nowhere]][[{number}| {sentence.replace(' ', '  ')} ]]!"
            f" Also.[[{number}|The mooring is kept]][[{number}|is kept in locker]] I hope that helps."
        )

    first.write = write
    answer = await written.answer("owner", question=QUESTION)
    assert answer["answer"] == "True. Also."
    assert answer["usage"]["citations_dropped"] == 4
    assert [(each["start"], each["end"]) for each in answer["citations"]] == [(0, 5), (6, 11), (6, 11)]
    assert answer["degraded"] is False


async def test_typography_is_no_part_of_a_quotation(written: World, first: Double, second: Double) -> None:
    text = "It\u2019s the master\u2019s \u201ccall\u201d \u2014 at 6\u00a0p.m. on 2026-10-04, for 1000 boats\u2026 now."
    publish(written, {"Zephyr": f"About the zephyr.\n\n{text}\n\n```sh\nzephyr --now\n  tail\n```\n"})

    def write(prompt: str) -> Iterator[str | bytes]:
        number = next(each["passage"] for each in passages_of(prompt) if "zephyr" in each["text"])
        plain = "It's the master's \"call\" - at 6 p.m. on 2026-10-04, for 1000 boats... now."
        yield f"For 1,000 boats, on 4 October 2026 at 18:00.[[{number}|\u00ab{plain}\u00bb]] Run zephyr --now."
        yield f"[[{number}|zephyr --now tail]] For 1,001.[[{number}|It's the master's]] On 5 October.[[{number}|boats]]"

    first.write = write
    answer = await written.answer("owner", question="What is about the zephyr?")
    assert [citation["quote"] for citation in answer["citations"]] == [
        " ".join(text.split()), "zephyr --now\n  tail"
    ]  # fmt: skip
    assert answer["answer"] == "For 1,000 boats, on 4 October 2026 at 18:00. Run zephyr --now."
    assert answer["usage"]["citations_dropped"] == 2


def thinks(prompt: str) -> Iterator[str | bytes]:
    """Thoughts in the two ways in which endpoints send them, then an answer or a question."""
    for name in ("reasoning_content", "reasoning"):
        thought = {"choices": [{"index": 0, "delta": {"content": None, name: "Alice stole it."}}]}
        yield f"data: {json.dumps(thought)}\n\n".encode()
    yield "<think>Alice stole it."
    yield "</think>"
    yield from ["Is the lantern kept?"] if prompt.startswith('{"role"') else honest(prompt)


async def test_what_a_model_thinks_is_not_said(written: World, first: Double, second: Double) -> None:
    first.write = thinks
    answer = await written.answer("owner", messages=[{"role": "user", "content": each} for each in ("Well?", QUESTION)])
    assert answer["question"] == "Is the lantern kept?"
    assert answer["answer"].startswith("It is said that The")
    assert (answer["kind"], answer["degraded"], "Alice" in answer["answer"]) == ("generated", False, False)


async def test_a_model_may_say_that_nothing_answers(written: World, first: Double, second: Double) -> None:
    first.write = says("[[none]]")
    answer = await written.answer("owner", question=QUESTION)
    assert (answer["answer"], answer["grounded"]) == ("Nothing that answers this was found.", False)
    assert (answer["kind"], answer["degraded"], answer["passages"]) == ("generated", False, [])


async def test_a_true_citation_counts_for_more_than_words_in_common(
    written: World, world: World, first: Double, second: Double
) -> None:
    question = "Whom do we tell when the sun goes down?"
    assert (await world.answer("owner", question=question))["grounded"] is False
    first.write = lambda prompt: pieces_of(
        f"Tell the harbour master.[[{passages_of(prompt)[0]['passage']}|Ask the harbour master before dusk.]]"
    )
    answer = await written.answer("owner", question=question)
    assert (answer["answer"], answer["kind"], answer["degraded"]) == ("Tell the harbour master.", "generated", False)


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
