"""Chunks follow structure: each is in one section, and has what it needs from further up."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gateway.chunking.chunker import Chunk, Chunker, Limits, Text
from gateway.chunking.clock import CuttingClock
from gateway.chunking.markdown import markdown_outline
from gateway.chunking.outline import Heading
from gateway.embeddings.onnx import OnnxEmbedder

CHUNKER = Chunker(OnnxEmbedder(threads=1))
RUNBOOK = """\
# Runbook

Intro text.

## Flooding

Close the sluice gate.

## Fire

Leave the building by the north stairs.

## Power cut

Start the diesel generator.
"""


def cut(content: str) -> list[Chunk]:
    (chunks,) = CHUNKER.cut([Text("Title", content)])
    return chunks


def found(content: str) -> list[tuple[str, str]]:
    """The innermost heading and the text of each chunk."""
    return [("".join(chunk.heading_path[-1:]), chunk.content) for chunk in cut(content)]


def outline_headings(content: str) -> list[Heading]:
    return markdown_outline(content, 0, CuttingClock(60)).headings


# Against the parser itself -------------------------------------------------------------------------------------------

# Everything that begins, ends or interrupts a block, and lines that are alike in runs.
BLOCKS = [
    *("", "", "", "word", "more words", "word", "# One", "## Two", "### Three #", "#", "####### seven", "#none"),
    *("===", "---", "- - -", "***", "  ===", "```", "```py", "~~~", "````", "    code", "\ttab", "  two", "   # three"),
    *("- item", "- item", "* other", "+", "1. one", "1. one", "2. two", "10) ten", "  - inner", "    - deeper", "-"),
    *("> quote", "> # In", "> - in", ">", "> > twice", ">lazy", "- # in an item", "1. ```", "   ```", "> ```"),
    *("| a | b |", "|---|---|", "a | b", "--|--", "| - |", "[a]: /b", "[c]:", "/d 'e", "f'"),
    *("<div>", "</div>", "<!-- a", "b -->", "<!-- c -->", "<style>", "p {}", "</style>", "<b>", "<?", "?>", "word -->"),
]
documents = st.lists(
    st.one_of(st.sampled_from(BLOCKS), st.sampled_from(BLOCKS).flatmap(lambda one: st.sampled_from([f"{one}\n" * 5]))),
    max_size=40,
).map("\n".join)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])


def parsed_headings(content: str) -> list[tuple[int, str, int]]:
    """Level, words and first line of the headings that are in no list and no quote, as the parser finds them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(content)
    return [
        (int(token.tag[1:]), tokens[number + 1].content, token.map[0])
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


@settings(deadline=None, max_examples=300)
@given(documents, line_ends)
def test_headings_are_those_of_the_parser(content: str, line_end: str) -> None:
    text = content.replace("\n", line_end)
    starts = [0, *(match.end() for match in re.finditer(re.escape(line_end), text))]
    headings = [(each.level, " ".join(each.text.split()), each.start) for each in outline_headings(text)]
    assert headings == [
        (level, " ".join(words.split()), starts[line]) for level, words, line in parsed_headings(content)
    ]


def path_above(chunk: Chunk, content: str, headings: Sequence[Heading]) -> tuple[list[str], int]:
    """The headings above a chunk and at its beginning, and where its text begins."""
    path: list[Heading] = []
    reach = chunk.start
    for heading in headings:
        if heading.start >= chunk.start and content[reach : heading.start].strip():
            break
        path = [*(above for above in path if above.level < heading.level), heading]
        reach = max(reach, heading.end)
    return [heading.text for heading in path if heading.text], reach


@settings(deadline=None, max_examples=300)
@given(documents)
def test_a_chunk_is_in_one_section_and_not_only_a_heading(content: str) -> None:
    headings = outline_headings(content)
    chunks = cut(content)
    for chunk in chunks:
        path, body = path_above(chunk, content, headings)
        assert list(chunk.heading_path) == path
        inside = [heading for heading in headings if body <= heading.start < chunk.end]
        # Only headings without text, at the end of everything or before something hidden.
        assert not inside or not content[max(heading.end for heading in inside) : chunk.end].strip()
        has_text = content[body : chunk.end].strip()
        assert has_text or len(chunks) == 1 or "<" in content


@settings(deadline=None, max_examples=200)
@given(documents)
def test_nothing_is_lost_but_what_is_hidden(content: str) -> None:
    outline = markdown_outline(content, 0, CuttingClock(60))
    reach = 0
    for chunk in [*cut(content), None]:
        start = chunk.start if chunk else len(content)
        left_out = [(heading.start, heading.end) for heading in outline.headings] + outline.hidden
        for place in range(reach, start):
            assert content[place].isspace() or any(begin <= place < end for begin, end in left_out)
        reach = chunk.end if chunk else start


# Sections ------------------------------------------------------------------------------------------------------------


def test_small_sections_are_chunks_of_their_own() -> None:
    chunks = cut(RUNBOOK)
    assert [chunk.heading_path for chunk in chunks] == [
        ("Runbook",),
        ("Runbook", "Flooding"),
        ("Runbook", "Fire"),
        ("Runbook", "Power cut"),
    ]
    assert chunks[2].content == "## Fire\n\nLeave the building by the north stairs."
    assert chunks[2].embedded == "Title\nRunbook\n## Fire\n\nLeave the building by the north stairs."


def test_a_heading_without_text_goes_with_the_text_that_follows() -> None:
    assert found("# A\n\n## B\n\n### C\n\ntext\n\n## D\n\n## E\n\nmore") == [
        ("C", "# A\n\n## B\n\n### C\n\ntext"),
        ("E", "## D\n\n## E\n\nmore"),
    ]


def test_the_last_heading_without_text_goes_with_the_text_before() -> None:
    assert found("# A\n\ntext\n\n## B\n\n## C\n") == [("A", "# A\n\ntext\n\n## B\n\n## C")]
    assert found("# A\n\n## B\n") == [("B", "# A\n\n## B")]


def test_a_heading_is_not_cut_off_from_a_long_paragraph() -> None:
    chunks = cut("## 1. Scope. \n\n" + "word " * 600)
    assert all("word" in chunk.content for chunk in chunks)
    assert {chunk.heading_path for chunk in chunks} == {("1. Scope.",)}


def test_more_sections_than_chunks_are_allowed_are_put_together_under_what_they_share() -> None:
    content = "# Words\n\n" + "".join(f"## Letter {n % 3}\n\n### Word {n}\n\nIts meaning.\n\n" for n in range(90))
    (result,) = CHUNKER.cut_each([Text("Title", content)], Limits(chunks=30))
    assert isinstance(result, list)
    assert 1 < len(result) <= 30
    assert {chunk.heading_path for chunk in result} == {("Words",)}
    assert "".join(chunk.content for chunk in result).replace("\n", "") == content.replace("\n", "")


# Context -------------------------------------------------------------------------------------------------------------


def test_every_chunk_of_a_table_has_its_header() -> None:
    rows = "".join(f"| part {n} | shelf {n} |\n" for n in range(200))
    first, *others = cut(f"# Stock\n\nWhere things are.\n\n| Part | Shelf |\n| --- | --- |\n{rows}\nAfter the table.")
    assert "| Part | Shelf |\n| --- | --- |\n| part 0 |" in first.content
    assert len(others) > 3
    for chunk in others:
        assert chunk.context == "| Part | Shelf |\n| --- | --- |"
        assert chunk.content.startswith("| part")
        assert chunk.embedded.startswith(f"Title\nStock\n{chunk.context}\n| part")
    assert others[-1].content.endswith("After the table.")


def test_a_wide_header_leaves_room_for_rows() -> None:
    header = "|" + "".join(f" column {n} |" for n in range(90))
    rows = ("|" + " 7 |" * 90 + "\n") * 30
    chunks = cut(f"{header}\n{'|' + '---|' * 90}\n{rows}")
    assert len(chunks[-1].context) <= 1000
    assert chunks[-1].context.startswith("| column 0 |")


def test_a_row_that_is_cut_has_the_header_too() -> None:
    chunks = cut(f"| Name | Story |\n| --- | --- |\n| Aoife | {'She sailed on. ' * 100} |\n")
    assert len(chunks) > 1
    assert {chunk.context for chunk in chunks[1:]} == {"| Name | Story |\n| --- | --- |"}


def test_every_chunk_of_a_code_fence_has_its_language() -> None:
    code = "".join(f"print('line {n}')\n" for n in range(100))
    first, *others = cut(f"~~~python\n{code}~~~\n\nAfter the code.")
    assert first.context == ""
    assert len(others) > 1
    assert {chunk.context for chunk in others} == {"~~~python"}


def test_every_chunk_of_a_list_has_the_sentence_that_leads_to_it() -> None:
    items = "".join(f"- thing number {n}\n" for n in range(100))
    first, *others = cut(f"It is a long way. Take with you:\n\n{items}\nThen go.")
    assert first.content.startswith("It is a long way. Take with you:\n\n- thing")
    assert len(others) > 1
    assert {chunk.context for chunk in others} == {"Take with you:"}


def test_an_inner_list_has_the_item_that_it_is_in() -> None:
    items = "".join(f"  - thing number {n}\n" for n in range(100))
    chunks = cut(f"Take with you:\n\n- For the night:\n{items}- For the day:\n{items}")
    assert {chunk.context for chunk in chunks} == {
        "",
        "Take with you:\n- For the night:",
        "Take with you:\n- For the day:",
    } | {chunk.context for chunk in chunks if chunk.content.startswith("- For the day")}


def test_what_follows_a_list_or_table_has_no_context_of_it() -> None:
    rows = "".join(f"| {n} | {n} |\n" for n in range(100))
    chunks = cut(f"Take:\n\n- one\n- two\n\n| a | b |\n|---|---|\n{rows}\n{'After it all. ' * 200}")
    assert {chunk.context for chunk in chunks if chunk.content.startswith("After")} == {""}


# Hidden parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- a note\n\nfor editors -->",
        "<style>\np { color: red }\n\n</style>",
        '<script src="x">\nlet a\n</script>',
        "<!-- a --><STYLE>note</STYLE>",
    ],
)
def test_hidden_parts_are_in_no_chunk(hidden: str) -> None:
    contents = [chunk.content for chunk in cut(f"# A\n\n{hidden}\n\nbefore\n\n{hidden}\n\nafter\n")]
    assert contents == ["before", "after"]


def test_a_comment_that_never_ends_is_text() -> None:
    assert found("before\n\n<!-- and\n\nafter") == [("", "before\n\n<!-- and\n\nafter")]


def test_code_that_shows_hidden_parts_is_text() -> None:
    content = "```html\n<!-- a -->\n<style>b</style>\n```"
    assert found(content) == [("", content)]


def test_headings_above_a_hidden_part_are_not_lost() -> None:
    assert found("# A\n\n<!-- c -->\n\ntext\n\n## B\n\n<!-- c -->\n\n## C\n\nmore\n\n## D\n\n<!-- c -->") == [
        ("A", "text\n\n## B"),
        ("C", "## C\n\nmore\n\n## D"),
    ]


# Large texts ---------------------------------------------------------------------------------------------------------


def test_lines_that_are_alike_are_all_places_to_cut() -> None:
    for line in ("word", "- item", "1. item"):
        content = f"# A\n\nLead:\n\n{line}\n" + f"{line}\n" * 5_000
        outline = markdown_outline(content, 0, CuttingClock(60))
        lines = [start for start in outline.starts if content.startswith(line, start)]
        assert len(lines) == 5_001
        assert len(set(outline.strengths[-4_000:-1])) == 1
        assert len(set(outline.contexts_of[-4_000:-1])) == 1


@pytest.mark.parametrize(
    "line", ["# a" + " " * 200_000 + "b", "#" * 200_000, "`" * 200_000 + "x`", "-" * 200_000 + "x"]
)
def test_hostile_lines_take_linear_time(line: str) -> None:
    # Matching in quadratic time would take hours here.
    assert len(outline_headings(f"{line}\n\n# end\n")) >= 1


def test_deep_nesting_does_not_swallow_what_follows() -> None:
    for content in (">" * 500 + " a\n", "".join("  " * n + "- a\n" for n in range(200)), "- " * 300 + "a\n"):
        assert [each.text for each in outline_headings(f"{content}\n# End\n\ntext")] == ["End"]
