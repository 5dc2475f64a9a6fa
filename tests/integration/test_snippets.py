"""Highlights and snippets of one text: they mark the words, and lose and change nothing."""

from typing import Any

import psycopg
import pytest

HIGHLIGHTED = [
    ("# Runbook\n\n## Fire\n\nLeave when fire breaks out.", ["Fire", "fire"]),
    ("def __init__(self):\n    fire()  # __fire__ at will", ["fire", "fire"]),
    ("```sh\n# start the fire\nrm -rf / # fire\n```", ["fire", "fire"]),
    ("| when | what |\n| --- | --- |\n| dusk | light the **fire** |", ["fire"]),
    ("- first\n- second\n\n1. `fire`", ["fire"]),
    ("see https://example.org/a_b?x=1&y=2#top, fire@example.org and fire", ["fire"]),
    ("<b>fire</b> &amp; <!-- a comment --> <br/> fire", ["fire", "fire"]),
    ("🔥 fire 👩‍🚒 de\u0301ja\u0300 fire 東京 fire\u3000", ["fire", "fire", "fire"]),
    ("\x02fire\x03 \x021\x01 fire \x031\x01", ["fire", "fire"]),
    ("a snake_case_name and 2 * 3 * 4 > 1 fires\r\n\tC:\\fire", ["fires", "fire"]),
    ("漢" * 900 + " fire", ["fire"]),
    ("nothing of it", []),
    ("", []),
]


@pytest.mark.parametrize(("content", "words"), HIGHLIGHTED)
def test_nothing_is_lost_of_a_text(connection: psycopg.Connection[Any], content: str, words: list[str]) -> None:
    row = connection.execute(
        "select h, s.text, s.highlights from private.highlights(%s, 'english', 'fire'::tsquery) h,"
        " private.snippet(%s, h) s",
        (content, content),
    ).fetchone()
    assert row is not None
    highlights, snippet, marked = row
    assert [content[start:end] for start, end in highlights] == words
    assert snippet in content
    assert [snippet[start:end] for start, end in marked] == words
    assert len(content) > 320 or snippet == content


def test_a_snippet_of_a_long_text_holds_the_words_and_begins_with_a_sentence(
    connection: psycopg.Connection[Any],
) -> None:
    sentences = [f"Sentence {number} has seven words in it." for number in range(60)]
    for place in (0, 1, 29, 58, 59):
        content = " ".join([*sentences[:place], "Here a fire burns, and a second fire.", *sentences[place + 1 :]])
        row = connection.execute(
            "select s.text, s.highlights from private.highlights(%s, 'english', 'fire'::tsquery) h,"
            " private.snippet(%s, h) s",
            (content, content),
        ).fetchone()
        assert row is not None
        snippet, highlights = row
        assert snippet in content
        assert 150 < len(snippet) <= 320
        assert "Here a fire burns, and a second fire." in snippet
        assert snippet.startswith(("Sentence", "Here"))
        assert snippet.endswith(".")
        assert [snippet[start:end] for start, end in highlights] == ["fire", "fire"]


def test_a_snippet_of_a_text_without_spaces_or_words_is_a_piece_of_it(connection: psycopg.Connection[Any]) -> None:
    for content in ("漢" * 1000, "x" * 1000, "a b" * 300, "\n" * 10 + "c" * 400):
        row = connection.execute("select text, highlights from private.snippet(%s, '{}')", (content,)).fetchone()
        assert row is not None
        assert row[0] in content
        assert 0 < len(row[0]) <= 320
        assert row[1] == []
