"""Front matter is metadata, within bounds; anything else at the head of a text is text."""

import pytest

from gateway.chunking.chunker import Chunker, Text
from gateway.chunking.front_matter import MAX_CHARACTERS, MAX_VALUES, front_matter, merged
from gateway.embeddings.onnx import OnnxEmbedder

CHUNKER = Chunker(OnnxEmbedder(threads=1))
YAML = """\
---
title: Looking after a tent
tags: [tents, care]
reviewed: 2026-04-11
author: {name: Aoife, id: 7}
draft: false
rating: .inf
---
# Care

Dry it.
"""


def test_yaml_becomes_json() -> None:
    properties, end = front_matter(YAML)
    assert properties == {
        "title": "Looking after a tent",
        "tags": ["tents", "care"],
        "reviewed": "2026-04-11",
        "author": {"name": "Aoife", "id": 7},
        "draft": False,
        "rating": "inf",
    }
    assert YAML[end:].startswith("# Care")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_toml_too(line_end: str) -> None:
    content = line_end.join(["\ufeff+++", 'title = "Tents"', "[extra]", "at = 07:30:00", "+++", "Text"])
    assert front_matter(content) == ({"title": "Tents", "extra": {"at": "07:30:00"}}, content.index("Text"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "text\n---\na: b\n---\n",
        "---\na: b\n",
        "---\njust words\n---\ntext",
        "---\n- a\n- b\n---\n",
        "---\n---\ntext",
        "---\na: &a [1]\nb: *a\n---\n",
        "---\na: !!python/object/apply:os.system [ls]\n---\n",
        "---\na: [" + "[" * 5_000 + "\n---\n",
        "---\na: [" + "1," * 2_000 + "]\n---\n",
        "---\na: 2026-13-45\n---\n",
        "---\na: b\x00\n---\n",
        "---\na: " + "b" * 20_000 + "\n---\n",
        "+++\na = [" + "[" * 5_000 + "\n+++\n",
        "+++\na: b\n+++\n",
        "----\na: b\n----\n",
    ],
)
def test_anything_else_is_text(content: str) -> None:
    assert front_matter(content) == ({}, 0)


def test_front_matter_is_in_no_chunk() -> None:
    (chunks,) = CHUNKER.cut([Text("Title", YAML)])
    assert [(chunk.content, chunk.heading_path) for chunk in chunks] == [("# Care\n\nDry it.", ("Care",))]
    (chunks,) = CHUNKER.cut([Text("Title", YAML, is_markdown=False)])
    assert chunks[0].content.startswith("---\ntitle")


def test_only_front_matter_is_an_empty_text() -> None:
    (chunks,) = CHUNKER.cut([Text("Title", "---\na: b\n---\n")])
    assert [(chunk.content, chunk.start, chunk.end) for chunk in chunks] == [("", 0, 0)]


def test_properties_of_several_texts_are_one_mapping_within_the_bounds_of_one() -> None:
    assert merged([]) == {}
    assert merged([{"a": 1}, {}, {"a": 2, "b": 3}]) == {"a": 1, "b": 3}
    large = {f"key {n}": "x" for n in range(MAX_VALUES - 10)}
    assert merged([{"a": 1}, large, {f"other {n}": "x" for n in range(20)}, {"b": 2}]) == {"a": 1, **large, "b": 2}
    long = {"text": "x" * (MAX_CHARACTERS - 100)}
    assert merged([long, {"more": "x" * 200}, {"b": 2}]) == {**long, "b": 2}
