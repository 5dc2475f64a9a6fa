"""POST /v1/answers without a model: sentences of what the caller may read, each its own citation."""

from typing import Any

import pytest

from tests.answers.world import World, canary, publish, secrets_beyond, world_on
from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database
from tests.support.tenants import DOCUMENTS, Tenants

pytestmark = pytest.mark.anyio

GALE = (
    "# Storms 🌊\n\nThe harbour has four berths. When a gale is forecast, double the mooring\nlines! "
    "Dr. Reed must be told.\n\n- Close all hatches.\n- Take down the sails.\n"
)


@pytest.mark.parametrize("actor", ACTORS)
async def test_everybody_is_answered_from_what_they_may_read(world: World, actor: str) -> None:
    answer = await world.answer(actor, question="In which locker is the mooring kept?", limit=10)
    assert answer["kind"] == "quoted"
    assert answer["complete"] is True
    assert answer["degradations"] == []
    assert {passage["title"] for passage in answer["passages"]} <= READABLE[actor]
    assert {citation["title"] for citation in answer["citations"]} <= READABLE[actor]
    first = answer["citations"][0]
    assert first["quote"] == f"The mooring is kept in locker {canary(first['title'])}."
    assert secrets_beyond(actor, str(answer)) == []


async def test_a_quotation_says_where_it_stands(world: World) -> None:
    (document,) = publish(world, {"Storms": GALE})
    answer = await world.answer(question="What is to be done with mooring lines when a gale is forecast?")
    first = answer["citations"][0]
    assert first["quote"] == "When a gale is forecast, double the mooring lines!"
    assert answer["answer"].startswith(first["quote"])
    assert (first["kind"], first["id"], first["document_id"], first["title"]) == (
        "document", document, document, "Storms"
    )  # fmt: skip
    assert (first["file_id"], first["file_name"], first["page"]) == (None, None, None)
    passage = next(each for each in answer["passages"] if each["chunk_id"] == first["chunk_id"])
    # Characters, not UTF-16 units: the emoji in the heading is one.
    place = slice(passage["start"] + first["passage_start"], passage["start"] + first["passage_end"])
    assert GALE[place] == "When a gale is forecast, double the mooring\nlines!"
    assert answer["usage"]["sentences"] > 3
    assert answer["question"] == "What is to be done with mooring lines when a gale is forecast?"


async def test_nothing_is_said_where_nothing_fits(world: World) -> None:
    answer = await world.answer("owner", question="Who painted the ceiling of the Sistine Chapel?")
    assert answer["answer"] == "Nothing that answers this was found."
    assert (answer["grounded"], answer["citations"], answer["passages"]) == (False, [], [])
    assert answer["degraded"] is False


async def test_filters_are_those_of_search(world: World) -> None:
    question = "In which locker is the lantern kept?"
    everything = await world.answer("stranger", question=question, limit=10)
    assert len({citation["title"] for citation in everything["citations"]}) > 1
    meadow = str(world.tenants.meadow)
    titles = {title for title, (_, place, _) in DOCUMENTS.items() if place == "meadow"}
    for body in ({"organization_id": meadow}, {"filters": {"organization_ids": [meadow]}}):
        answer = await world.answer("stranger", question=question, limit=10, **body)
        assert answer["grounded"]
        assert {passage["title"] for passage in answer["passages"]} <= {"Storms", *titles}
    products = await world.answer("stranger", question=question, **{"in": ["products"]})
    assert products["grounded"] is False
    assert len((await world.answer("owner", question=question, limit=1))["passages"]) == 1


async def test_a_conversation_ends_with_its_question(world: World) -> None:
    said = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hello!"}]
    answer = await world.answer(
        messages=[*said, {"role": "user", "content": "In which locker is the tide table kept?"}]
    )
    assert answer["citations"][0]["quote"].startswith("The tide table is kept in locker")


@pytest.mark.parametrize("fault", ["down", "refuses", "bug", "short"])
async def test_without_the_embedder_words_are_compared(world: World, fault: str) -> None:
    world.embedder.fault = fault
    try:
        answer = await world.answer("owner", question="In which locker is the anchor chain kept?")
        nothing = await world.answer("owner", question="Who painted the Sistine Chapel?")
    finally:
        world.embedder.fault = None
    assert answer["citations"][0]["quote"].startswith("The anchor chain is kept")
    assert {each["dependency"] for each in answer["degradations"]} == {"embedder"}
    assert nothing["grounded"] is False


async def test_an_embedder_that_hangs_is_waited_for_once(database: Database, tenants: Tenants) -> None:
    async with world_on(database, tenants, embedder_timeout_s=0.2) as world:
        world.embedder.fault = "hangs"
        answer = await world.answer("owner", question="In which locker is the anchor chain kept?")
    assert answer["citations"][0]["quote"].startswith("The anchor chain is kept")
    assert [each["dependency"] for each in answer["degradations"]] == ["embedder"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no question": ({}, "either 'question' or 'messages'"),
    "both": ({"question": "x", "messages": [{"role": "user", "content": "x"}]}, "either 'question' or 'messages'"),
    "an empty question": ({"question": " "}, "at least 1 character"),
    "a huge question": ({"question": "x" * 4001}, "at most 4000 characters"),
    "NUL": ({"question": "a\x00b"}, "NUL"),
    "no messages": ({"messages": []}, "at least 1 item"),
    "too many messages": ({"messages": [{"role": "user", "content": "x"}] * 21}, "at most 20 items"),
    "too long a history": ({"messages": [{"role": "user", "content": "x" * 3300}] * 5}, "leave out the oldest"),
    "a huge question at the end": ({"messages": [{"role": "user", "content": "x" * 4001}]}, "more than 4,000"),
    "a huge message": ({"messages": [{"role": "user", "content": "x" * 12001}] * 2}, "at most 12000 characters"),
    "an answer at the end": ({"messages": [{"role": "assistant", "content": "x"}]}, "role 'user'"),
    "a system message": ({"messages": [{"role": "system", "content": "x"}]}, "'user' or 'assistant'"),
    "an unknown field": ({"question": "x", "tools": []}, "no such field"),
    "an unknown field of a message": (
        {"messages": [{"role": "user", "content": "x", "name": "y"}]}, "no such field"
    ),
    "no passages": ({"question": "x", "limit": 0}, "greater than or equal to 1"),
    "too many passages": ({"question": "x", "limit": 11}, "less than or equal to 10"),
    "two ways to name an organization": (
        {
            "question": "x",
            "organization_id": "6a2f7a52-2f3c-4b57-9d0e-7f6a4c1d2b30",
            "filters": {"organization_ids": ["6a2f7a52-2f3c-4b57-9d0e-7f6a4c1d2b30"]},
        },
        "not both",
    ),
    "an organization's products": (
        {"question": "x", "organization_id": "6a2f7a52-2f3c-4b57-9d0e-7f6a4c1d2b30", "in": ["products"]},
        "Only documents can pass organization_ids",
    ),
    "a document's price": ({"question": "x", "filters": {"price_min": 1}, "in": ["documents"]}, "Only products"),
    "an organization that is none": ({"question": "x", "organization_id": "harbour"}, "valid UUID"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_told_what_to_change(world: World, name: str) -> None:
    body, words = BAD[name]
    response = await world.ask(**body)
    assert response.status_code == 422, response.text
    told = " ".join([response.json()["detail"], *(each["detail"] for each in response.json()["errors"])])
    assert words in told
    assert "validation error" not in told


@pytest.mark.parametrize("question", ["lock* tide table -handbook", '"locker table" tide -handbook', "tide or -locker"])
async def test_a_question_has_no_operators(world: World, question: str) -> None:
    answer = await world.answer("owner", question=question, limit=10)
    assert answer["question"] == question
    assert "The tide table is kept in locker" in answer["answer"]
    assert any("handbook" in passage["title"] for passage in answer["passages"])


@pytest.mark.parametrize(
    ("tool", "code"),
    [
        ("windlass", "```sh\n# slack the windlass\nwindlass --slack 3 |\n    tail\n```"),
        ("capstan", "    # slack the capstan\n    capstan --slack 3 |\n        tail"),
    ],
)
async def test_code_keeps_its_lines(world: World, tool: str, code: str) -> None:
    publish(world, {tool: f"# The tool\n\nBefore you dive:\n\n{code}\n\nThen dive.\n"})
    answer = await world.answer(question=f"Which command slacks the {tool}?")
    assert answer["citations"][0]["quote"] == code
    assert answer["answer"].startswith(code)
