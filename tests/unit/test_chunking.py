"""Cutting texts: positions are exact, nothing is lost, everything fits the model."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.chunking.blocks import find_headings
from gateway.chunking.chunker import Chunk, Chunker, Text
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


def cut(title: str, content: str) -> list[Chunk]:
    (chunks,) = CHUNKER.cut([Text(title, content)])
    return chunks


@settings(deadline=None)
@given(st.lists(texts, max_size=3))
def test_every_text_is_covered_by_exact_chunks_that_fit(batch: list[Text]) -> None:
    for text, chunks in zip(batch, CHUNKER.cut(batch), strict=True):
        assert chunks
        reach = 0
        for chunk in chunks:
            assert text.content[chunk.start : chunk.end] == chunk.content
            assert text.content[reach : chunk.start].strip() == ""
            assert chunk.start >= reach
            tokens = len(EMBEDDER.tokenizer.encode(chunk.embedded).ids)
            assert tokens == chunk.token_count <= EMBEDDER.max_tokens
            assert all(heading and heading in text.content for heading in chunk.heading_path)
            assert len(chunk.content) <= 2000
            reach = chunk.end
        assert text.content[reach:].strip() == ""


def test_a_short_text_stays_whole_with_its_title() -> None:
    (chunk,) = cut("Opening hours", "  We open at nine.\n\nWe close at five.\n")
    assert chunk.content == "We open at nine.\n\nWe close at five."
    assert (chunk.start, chunk.end) == (2, 37)
    assert chunk.embedded == "Opening hours\nWe open at nine.\n\nWe close at five."


@pytest.mark.parametrize("content", ["", " \n\t"])
def test_a_text_without_words_is_found_by_its_title(content: str) -> None:
    (chunk,) = cut("Opening hours", content)
    assert (chunk.content, chunk.start, chunk.end, chunk.embedded) == ("", 0, 0, "Opening hours")


def test_chunks_know_the_headings_above_them() -> None:
    chunks = cut("Handbook", HANDBOOK.format(leave=LEAVE, expenses=EXPENSES))
    leave = [chunk for chunk in chunks if "Parents of child number 20 " in chunk.content]
    expenses = [chunk for chunk in chunks if "Keep receipt 30 " in chunk.content]
    assert [chunk.heading_path for chunk in leave] == [("Harbour handbook", "Leave", "Parental leave")]
    assert [chunk.heading_path for chunk in expenses] == [("Harbour handbook", "Expenses")]
    assert leave[0].embedded.startswith("Handbook\nHarbour handbook\nLeave\nParental leave\nParents")


def test_a_chunk_that_begins_with_its_heading_is_under_it_but_not_given_it_twice() -> None:
    chunks = cut("Handbook", HANDBOOK.format(leave=LEAVE, expenses=EXPENSES))
    opening = next(chunk for chunk in chunks if chunk.content.startswith("Expenses"))
    assert opening.heading_path == ("Harbour handbook", "Expenses")
    assert opening.embedded.count("Expenses") == 1


def test_long_titles_and_headings_leave_room_for_the_chunk() -> None:
    title, heading = "title " * 80, "heading " * 60
    chunks = cut(title, f"# {heading}\n\n{LEAVE}")
    assert len(chunks) > 1
    for chunk in chunks[1:]:
        assert chunk.embedded.startswith(("title " * 24).strip())
        assert len(chunk.embedded) - len(chunk.content) <= 24 * (len("title ") + len("heading "))


def test_the_same_input_has_the_same_hash_and_another_title_another() -> None:
    first, same, other = cut("A", "text")[0], cut("A", "  text")[0], cut("B", "text")[0]
    assert first.input_hash == same.input_hash != other.input_hash


def test_plain_text_has_no_headings() -> None:
    (chunks,) = CHUNKER.cut([Text("Lamp", "# 1 in its class\n\nBright.", is_markdown=False)])
    assert chunks[0].heading_path == ()


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
    chunks = cut("Almanac", content)
    assert re.sub(r"\s", "", "".join(chunk.content for chunk in chunks)) == re.sub(r"\s", "", content)
