"""Only Markdown is read as Markdown: what looks like it elsewhere is text."""

import json
from email.message import EmailMessage

import pytest

from gateway.chunking.front_matter import front_matter
from gateway.ingestion.extraction import Extraction, Markdown
from tests.ingestion.reading import LIMITS, headings, read

YAML = "---\n# deploy config\nservice: razorbill\nreplicas: 3\n---\nservice: second\n"
SHELL = "#!/bin/sh\n# Section one\ncat <<EOF\n# no comment\nEOF\n"
PROSE = "The boat is tied\n---\nto the quay.\n# 1 of 3\n<!-- hidden? -->\n```\n"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("b.yaml", None), ("c.sh", "application/octet-stream"), ("a.txt", "text/plain"), ("log", "text/plain")],
)
@pytest.mark.parametrize("text", [YAML, SHELL, PROSE])
def test_other_texts_are_plain(name: str, content_type: str | None, text: str) -> None:
    assert read(text, name, content_type) == Extraction(text.strip(), [], is_markdown=False)


@pytest.mark.parametrize(
    ("name", "content_type"), [("a.md", None), ("A.MARKDOWN", "text/plain"), ("readme", "text/markdown; charset=utf-8")]
)
def test_markdown_is_markdown(name: str, content_type: str | None) -> None:
    extraction = read("---\nkind: x\n---\n# Tides\n\nText.", name, content_type)
    assert extraction.is_markdown
    assert headings(extraction) == ["Tides"]


def test_a_mail_of_plain_text_has_one_heading_its_subject() -> None:
    mail = EmailMessage()
    mail["Subject"] = "Berth 4"
    mail.set_content(
        "Hello Ann,\nthe berth is free\n--\nBob\n# of boats: 3\n> quoted\n<script>x</script>\n<a@b.example>\n"
    )
    extraction = read(bytes(mail), "m.eml")
    assert headings(extraction) == ["Berth 4"]
    assert "\\--\nBob\n\\# of boats: 3\n> quoted\n\\<script>x</script>\n<a@b.example>" in extraction.text


def test_texts_in_json_and_raw_cells_make_no_headings() -> None:
    assert headings(read(json.dumps({"note": "one\n---\n# two"}), "a.json")) == ["note"]
    cells = [{"cell_type": "raw", "source": "---\ntitle: x\n---\n# y"}, {"cell_type": "markdown", "source": "# Z"}]
    extraction = read(json.dumps({"cells": cells}), "a.ipynb")
    assert (front_matter(extraction.text), headings(extraction)) == (({}, 0), ["Z"])


@pytest.mark.parametrize("text", ["# 1 in class", "<!-- comment", "<script>", "---", "+++", "> 5", "```sh", "~~~"])
def test_a_paragraph_stays_a_paragraph(text: str) -> None:
    markdown = Markdown(LIMITS)
    markdown.paragraph(text)
    markdown.plain(text)
    assert markdown.done().text.startswith(f"\\{text}")
    assert headings(markdown.done()) == []


def test_a_paragraph_keeps_what_is_no_mark() -> None:
    markdown = Markdown(LIMITS)
    for text in ("#hashtag", "--- dashes", "<https://a.example> is a link", "<ann@a.example>", "< 5 m", "a --- b"):
        markdown.paragraph(text)
        markdown.plain(text)
        assert markdown.done().text.endswith(f"{text}\n\n{text}")
