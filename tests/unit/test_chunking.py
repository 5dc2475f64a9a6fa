"""Cutting texts: positions are exact, nothing is lost, everything fits the model."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.chunking.blocks import find_headings
from gateway.chunking.chunker import Chunker, Passage, Text
from gateway.embeddings.onnx import OnnxEmbedder

EMBEDDER = OnnxEmbedder(threads=1)
CHUNKER = Chunker(EMBEDDER)

HANDBOOK = """\
# Harbour handbook

Welcome aboard.

## Leave

### Parental leave

{leave}

```sh
# not a heading
## nor this
```

Expenses
--------

{expenses}
"""
LEAVE = " ".join(f"Parents of child number {n} may take up to twenty weeks of paid leave." for n in range(30))
EXPENSES = "\n\n".join(f"Keep receipt {n} and hand it in before the tenth of the month." for n in range(40))

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
lines = st.one_of(
    st.lists(words, max_size=40).map(" ".join),
    st.builds(
        lambda level, title: f"{'#' * level} {title}", st.integers(1, 7), st.lists(words, max_size=30).map(" ".join)
    ),
    st.sampled_from(
        ["", "", "---", "===", "```", "~~~", "    code", "- item", "> quote", "| a | b |", "ﷺ" * 400, "x" * 5000]
    ),
)
texts = st.builds(
    Text,
    st.lists(words, min_size=1, max_size=60).map(" ".join),
    st.lists(lines, max_size=60).map("\n".join),
    st.booleans(),
)


def cut(title: str, content: str) -> list[Passage]:
    (passages,) = CHUNKER.cut([Text(title, content)])
    return passages


@settings(deadline=None)
@given(st.lists(texts, max_size=3))
def test_every_text_is_covered_by_exact_passages_that_fit(batch: list[Text]) -> None:
    for text, passages in zip(batch, CHUNKER.cut(batch), strict=True):
        assert passages
        reach = 0
        for passage in passages:
            assert text.content[passage.start : passage.end] == passage.content
            assert text.content[reach : passage.start].strip() == ""
            assert passage.start >= reach
            tokens = len(EMBEDDER.tokenizer.encode(passage.embedded).ids)
            assert tokens == passage.token_count <= EMBEDDER.max_tokens
            assert all(heading and heading in text.content for heading in passage.heading_path)
            assert len(passage.content) <= 2000
            reach = passage.end
        assert text.content[reach:].strip() == ""


def test_a_short_text_stays_whole_with_its_title() -> None:
    (passage,) = cut("Opening hours", "  We open at nine.\n\nWe close at five.\n")
    assert passage.content == "We open at nine.\n\nWe close at five."
    assert (passage.start, passage.end) == (2, 37)
    assert passage.embedded == "Opening hours\nWe open at nine.\n\nWe close at five."


@pytest.mark.parametrize("content", ["", " \n\t"])
def test_a_text_without_words_is_found_by_its_title(content: str) -> None:
    (passage,) = cut("Opening hours", content)
    assert (passage.content, passage.start, passage.end, passage.embedded) == ("", 0, 0, "Opening hours")


def test_passages_know_the_headings_above_them() -> None:
    passages = cut("Handbook", HANDBOOK.format(leave=LEAVE, expenses=EXPENSES))
    leave = [passage for passage in passages if "Parents of child number 20 " in passage.content]
    expenses = [passage for passage in passages if "Keep receipt 30 " in passage.content]
    assert [passage.heading_path for passage in leave] == [("Harbour handbook", "Leave", "Parental leave")]
    assert [passage.heading_path for passage in expenses] == [("Harbour handbook", "Expenses")]
    assert leave[0].embedded.startswith("Handbook\nHarbour handbook\nLeave\nParental leave\nParents")


def test_a_passage_that_begins_with_its_heading_is_under_it_but_not_given_it_twice() -> None:
    passages = cut("Handbook", HANDBOOK.format(leave=LEAVE, expenses=EXPENSES))
    opening = next(passage for passage in passages if passage.content.startswith("Expenses"))
    assert opening.heading_path == ("Harbour handbook", "Expenses")
    assert opening.embedded.count("Expenses") == 1


def test_long_titles_and_headings_leave_room_for_the_passage() -> None:
    title, heading = "title " * 80, "heading " * 60
    passages = cut(title, f"# {heading}\n\n{LEAVE}")
    assert len(passages) > 1
    for passage in passages[1:]:
        assert passage.embedded.startswith(("title " * 24).strip())
        assert len(passage.embedded) - len(passage.content) <= 24 * (len("title ") + len("heading "))


def test_the_same_input_has_the_same_hash_and_another_title_another() -> None:
    first, same, other = cut("A", "text")[0], cut("A", "  text")[0], cut("B", "text")[0]
    assert first.input_hash == same.input_hash != other.input_hash


def test_plain_text_has_no_headings() -> None:
    (passages,) = CHUNKER.cut([Text("Lamp", "# 1 in its class\n\nBright.", is_markdown=False)])
    assert passages[0].heading_path == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("# One #\n## Two ##\n###Three", [(1, "One"), (2, "Two")]),
        ("#\n#######  seven\n   ### C# #\n    # code", [(3, "C#")]),
        ("One\n===\n\nTwo\n---\ntext\nmore text\n---", [(1, "One"), (2, "Two")]),
        ("---\n- item\n---\n> quote\n---\n", []),
        ("~~~\n# in\n```\n~~~~\n# out\n```py\n# in", [(1, "out")]),
        ("``` not ` a fence\n# out", [(1, "out")]),
        ("# one\r\n\r\n## two\r\n", [(1, "one"), (2, "two")]),
        ("# " + "x" * 500, [(1, "x" * 200)]),
    ],
)
def test_headings(content: str, expected: list[tuple[int, str]]) -> None:
    headings = find_headings(content)
    assert [(heading.level, heading.text) for heading in headings] == expected
    assert all(heading.text in content[heading.start : heading.end] for heading in headings)


@pytest.mark.parametrize(
    "line", ["# a" + " " * 200_000 + "b", "#" * 200_000, "`" * 200_000 + "x`", "-" * 200_000 + "x"]
)
def test_hostile_lines_take_linear_time(line: str) -> None:
    # Matching in quadratic time would take hours here.
    assert len(find_headings(f"{line}\n# end")) >= 1


def test_a_long_text_is_cut_without_losing_a_character() -> None:
    sentence = "Tide tables are posted at the gate every morning. "
    content = "\n\n".join(f"## Day {n}\n\n{sentence * 20}" for n in range(400))
    passages = cut("Almanac", content)
    assert re.sub(r"\s", "", "".join(passage.content for passage in passages)) == re.sub(r"\s", "", content)
