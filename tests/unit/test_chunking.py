"""Cutting texts: positions are exact, nothing is lost, everything fits the model."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    st.sampled_from(["<!-- a", "b -->", "<style>", "</style>", "<div>", "+++", "title: x", "|---|---|", "1. one"]),
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


def check_chunks(text: Text, chunks: list[Chunk]) -> list[str]:
    """What stands between chunks and at the end."""
    between = []
    reach = 0
    assert chunks
    for chunk in chunks:
        assert text.content[chunk.start : chunk.end] == chunk.content == chunk.content.strip()
        assert chunk.start >= reach
        tokens = len(EMBEDDER.tokenizer.encode(chunk.embedded).ids)
        assert tokens == chunk.token_count <= EMBEDDER.max_tokens
        assert all(heading and heading in text.content for heading in chunk.heading_path)
        assert all(line in text.content for line in chunk.context.split("\n"))
        assert len(chunk.content) <= 2000
        assert len(chunk.context) <= 1100
        stored = (text.title, chunk.heading_path, chunk.context, chunk.content, chunk.input_hash)
        assert CHUNKER.input_of(*stored) == chunk.embedded
        between.append(text.content[reach : chunk.start])
        reach = chunk.end
    return [*between, text.content[reach:]]


@settings(deadline=None)
@given(st.lists(texts, max_size=3))
def test_every_text_is_covered_by_exact_chunks_that_fit(batch: list[Text]) -> None:
    for text, chunks in zip(batch, CHUNKER.cut(batch), strict=True):
        between = [part.strip() for part in check_chunks(text, chunks)]
        if "<" not in text.content and not text.content.startswith(("---", "+++")):
            assert set(between) == {""}


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
    assert [chunk.content for chunk in chunks if chunk.heading_path[1:] == ()] == [
        "# Harbour handbook\n\nWelcome aboard."
    ]


@pytest.mark.parametrize("sign", ["\N{PILCROW SIGN}", " \N{PILCROW SIGN}", "\uf0c1", " \N{LINK SYMBOL}"])
def test_the_sign_of_a_link_to_a_heading_is_none_of_its_words(sign: str) -> None:
    (chunks,) = CHUNKER.cut(
        [Text("Title", f"# Learn C#{sign}\n\nFirst words.\n\n## Settings{sign}\n\n" + "Words. " * 300)]
    )
    assert chunks[-1].heading_path == ("Learn C#", "Settings")


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


def test_a_long_text_is_cut_without_losing_a_character() -> None:
    sentence = "Tide tables are posted at the gate every morning. "
    content = "\n\n".join(f"## Day {n}\n\n{sentence * 20}" for n in range(400))
    chunks = cut("Almanac", content)
    assert re.sub(r"\s", "", "".join(chunk.content for chunk in chunks)) == re.sub(r"\s", "", content)


def test_a_page_break_ends_a_chunk() -> None:
    first, second = "# Report\n\nThe first page. ", "It goes on.\n\n## Figures\n\nThe second page."
    (chunks,) = CHUNKER.cut([Text("Report", first + second, breaks=[len(first)])])
    assert [(chunk.content, chunk.heading_path) for chunk in chunks] == [
        ("# Report\n\nThe first page.", ("Report",)),
        ("It goes on.", ("Report",)),
        ("## Figures\n\nThe second page.", ("Report", "Figures")),
    ]
