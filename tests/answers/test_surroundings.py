"""Answers whose subject stands in a heading, a title or the header of a table, by the model that is the default."""

# ruff: noqa: RUF001
from collections.abc import AsyncIterator

import pytest

from gateway.embeddings.onnx import OnnxEmbedder
from tests.answers.world import World, world_on
from tests.support import Database, Process, wait_until
from tests.support.tenants import Tenants

pytestmark = pytest.mark.anyio

FUNICULAR = """# Hill Funicular

## Can I bring my bicycle on the funicular?

Yes, outside the rush hour.

## What does a funicular season ticket cost?

Forty-two euros a month.

## Are dogs allowed?

On a lead, and muzzled in the evening.

## How often does it run?

Every ten minutes until midnight.
"""
MARLIN = """# The Marlin

## Captain

Ingrid Solheim since 2021.

## Length

Eighteen metres.

## Home port

Svolvær.
"""
CRANE = """# Crane log

## Emergency lowering

Approved by Tomas Reyes.

## Load chart

| Radius (m) | Max load (t) | Counterweight |
|---|---|---|
| 12 | 9.5 | 4 |
| 18 | 6.2 | 4 |
| 24 | 3.9 | 6 |
"""
DIESEL = """# Diesel guide

## Commissioning

Run under load for fifteen minutes.

## Filters

Change them every two hundred hours.
"""
HUT = """# 山の宿

夕食は午後6時30分に食堂で出ます。

朝食は7時から9時までです。

アレルギーのある方は予約時にお知らせください。

消灯は22時です。
"""
LIBRARY = """# הספרייה

דמי החבר הם 120 שקלים לשנה.

ילדים עד גיל 12 נכנסים חינם.

הספרייה פתוחה מתשע עד חמש.
"""
COPY = "# Beacon\n\nThe beacon flashes twice every eleven seconds.\n"
DOCUMENTS = {
    "Hill Funicular FAQ": FUNICULAR,
    "The Marlin": MARLIN,
    "Crane log": CRANE,
    "Diesel guide": DIESEL,
    "山の宿": HUT,
    "הספרייה": LIBRARY,
    **{f"Beacon, copy {number}": COPY for number in range(4)},
}
PRODUCTS = {
    "CK-1001": ("Emberline Vacuum Flask 1 L", "Keeps tea hot for twelve hours. The lid is a cup."),
    "PB-3002": ("Ridgeway 45 Trekking Pack", "The back length adjusts by straps on its back. It has a rain cover."),
}
ANSWERS = {
    "Can I bring my bicycle on the funicular?": "Yes, outside the rush hour.",
    "What does a funicular season ticket cost?": "Forty-two euros a month.",
    "are dogs allowed on the funicular": "On a lead, and muzzled in the evening.",
    "Who is the captain of the Marlin?": "Ingrid Solheim since 2021.",
    "How long is the Marlin?": "Eighteen metres.",
    "Who approved the emergency lowering?": "Approved by Tomas Reyes.",
    "CK-1001": "The lid is a cup.",
    "Is the Ridgeway 45 Trekking Pack adjustable?": "The back length adjusts by straps on its back.",
    "Max load at 18 m radius?": "| 18 | 6.2 | 4 |",
    "How often does the beacon flash?": "The beacon flashes twice every eleven seconds.",
    "夕食は何時に出ますか？": "夕食は午後6時30分に食堂で出ます。",
    "アレルギーがある場合はどうすればいいですか？": "アレルギーのある方は予約時にお知らせください。",
    "כמה זה עולה לשנה?": "דמי החבר הם 120 שקלים לשנה.",
}
UNANSWERED = (
    "Who is the king of Norway?",
    "Who painted the ceiling of the Sistine Chapel?",
    "what is the capital of mongolia",
    "ノルウェーの国王は誰ですか？",
    "מי צייר את התקרה של הקפלה?",
    "who",
    "the the the",
    "thanks!",
)


@pytest.fixture(scope="module")
async def facts(database: Database, tenants: Tenants, worker: Process) -> AsyncIterator[World]:
    """A gateway with the default model, on documents that the worker has cut and embedded."""
    with database.connect("supabase_admin") as admin:
        for title, content in DOCUMENTS.items():
            admin.execute(
                "insert into public.documents (owner_id, title, content, organization_id, visibility)"
                " values (%s, %s, %s, %s, 'public')",
                (tenants.people["stranger"], title, content, tenants.meadow),
            )
        admin.execute("insert into public.categories (slug, name) values ('camp', 'Camp')")
        for sku, (name, description) in PRODUCTS.items():
            admin.execute(
                "insert into public.products (category_id, sku, name, description, price, currency, stock)"
                " select id, %s, %s, %s, 34.90, 'EUR', 5 from public.categories",
                (sku, name, description),
            )
        wait_until(
            lambda: admin.execute("select count(*) from private.embedding_jobs").fetchone() == (0,),
            "everything being embedded",
        )
    async with world_on(database, tenants, embedder=OnnxEmbedder()) as world:
        yield world


@pytest.mark.parametrize("question", ANSWERS)
async def test_a_sentence_answers_with_what_stands_above_it(facts: World, question: str) -> None:
    answer = await facts.answer(question=question)
    assert answer["citations"][0]["quote"] == ANSWERS[question]


@pytest.mark.parametrize("question", UNANSWERED)
async def test_headings_do_not_answer_other_questions(facts: World, question: str) -> None:
    answer = await facts.answer(question=question)
    assert answer["grounded"] is False


async def test_a_row_stands_below_the_header_of_its_table(facts: World) -> None:
    answer = await facts.answer(question="Max load at 18 m radius?")
    header, rule, *rows = answer["answer"].split("\n")
    assert (header, rule) == ("| Radius (m) | Max load (t) | Counterweight |", "|---|---|---|")
    assert rows == [citation["quote"] for citation in answer["citations"]]
    assert answer["citations"][0]["start"] == 0


async def test_copies_say_the_same_once(facts: World) -> None:
    answer = await facts.answer(question="How often does the beacon flash?")
    assert len({passage["title"] for passage in answer["passages"]} & DOCUMENTS.keys()) > 1
    quotes = [citation["quote"] for citation in answer["citations"]]
    assert len(set(quotes)) == len(quotes)


async def test_every_quotation_answers(facts: World) -> None:
    answer = await facts.answer(question="What does a funicular season ticket cost?")
    assert answer["answer"] == "Forty-two euros a month."


@pytest.mark.parametrize("said", ["thanks!", "ok", "Vielen Dank"])
async def test_thanks_are_no_question(facts: World, said: str) -> None:
    messages = [
        {"role": "user", "content": "Who is the captain of the Marlin?"},
        {"role": "assistant", "content": "Ingrid Solheim."},
    ]
    answer = await facts.answer(messages=[*messages, {"role": "user", "content": said}])
    assert (answer["question"], answer["grounded"]) == (said, False)
    answer = await facts.answer(messages=[*messages, {"role": "user", "content": "And how long is she?"}])
    assert answer["citations"]
