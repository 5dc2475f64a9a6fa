"""Tables and records are read as people write them: with titles above, decimal commas, and a broken line."""

import json
from typing import Any

import pytest

from gateway.ingestion.errors import UnreadableError
from tests.ingestion.reading import read


def rows_of(text: str, name: str = "a.csv") -> list[str]:
    return [line.strip("| ") for line in read(text, name).text.splitlines() if line and "---" not in line]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Artikel;Preis;Menge\nSeil;1,50;3\nHaken;2,75;4\n", ["Artikel | Preis | Menge", "Seil | 1,50 | 3"]),
        ("Datum;Wert\n2025-06-01;4,5\n2025-06-02;4,7\n", ["Datum | Wert", "2025-06-01 | 4,5"]),
        ('Artikel;Preis\n"Seil, rot";1,50\nHaken;2,75\n', ["Artikel | Preis", "Seil, rot | 1,50"]),
        ('id;"Ann, Bo"\n1;"Cy, Di"\n', ["id | Ann, Bo", "1 | Cy, Di"]),
        ("name|depth\nFaro|1,5\nCork|2,5\n", ["name | depth", "Faro | 1,5"]),
        ("name\tnote\nFaro\ta, b\nCork\tc, d, e\n", ["name | note", "Faro | a, b"]),
        ("a, b\nc, d\n", ["a | b", "c | d"]),
        ('a,b\n"one\ntwo",2\n', ["a | b", "one two | 2"]),
        ("text\nhello, world\nbye, moon\n", ["text", "hello, world"]),
        ("2019,2020\n1,2\n", ["2019 | 2020", "1 | 2"]),
    ],
)
def test_the_delimiter_is_found_out(text: str, rows: list[str]) -> None:
    assert rows_of(text)[:2] == rows


def test_rows_of_numbers_and_dates_alone_get_a_header() -> None:
    text = "2025-06-01;4,5\n2025-06-02;4,7\n"
    assert rows_of(text) == ["column 1 | column 2", "2025-06-01 | 4,5", "2025-06-02 | 4,7"]


def test_a_title_stands_above_the_table() -> None:
    text = read("Report of tides\nMade 2025-06-05,,\n\nplace,level\nSkagen,4.5\nFaro,2.1\n", "a.csv").text
    table = "| place | level |\n| --- | --- |\n| Skagen | 4.5 |\n| Faro | 2.1 |"
    assert text == f"Report of tides\n\nMade 2025-06-05\n\n{table}"


def test_a_line_that_is_no_json_is_said_and_the_others_are_read() -> None:
    text = read('{"level": "error"}\n\n# no {json}\n{"level": "info"}\n', "a.jsonl").text
    assert text == "| level |\n| --- |\n| error |\n| info |\n\nLine 3, which is no JSON: # no {json}"
    with pytest.raises(UnreadableError, match="line 2 is none"):
        read('{"level": "error"}\nno json\nnor this\n', "a.jsonl")


def test_what_stands_behind_an_object_is_not_under_its_heading() -> None:
    found = read('{"database": {"host": "db1"}, "port": 8080, "mail": {"a": {"b": 1}, "on": true}}', "a.json").text
    parts = ["- port: 8080", "# database", "- host: db1", "# mail", "- on: true", "## a", "- b: 1"]
    assert found.split("\n\n") == parts
    assert read('{"a": [1, {"b": 2}, 3]}', "a.json").text == "# a\n\n- 1: 1\n- 3: 3\n\n## 2\n\n- b: 2"


def test_members_of_one_name_are_both_read() -> None:
    assert read('{"host": "a", "host": "b"}', "a.json").text == "- host: a\n- host (2): b"


def test_json_with_comments_is_read_as_it_is() -> None:
    text = '{\n  // The address.\n  "url": "http://a", /* no more */\n  "ports": [1, 2,],\n}'
    found = read(text, "tsconfig.json")
    assert (found.text, found.is_markdown) == (text, False)
    for broken in ('{"url": // cut\n', '{"a" 1} // no', '{"a": "//', "/*" * 100_000):
        with pytest.raises(UnreadableError, match="damaged"):
            read(broken, "a.json")


def notebook(*outputs: dict[str, Any]) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": "run()", "outputs": outputs}]})


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (
            {"output_type": "error", "ename": "ValueError", "evalue": "\x1b[31mno\x1b[0m", "traceback": ["long"]},
            "```\nValueError: no\n```",
        ),
        ({"text": "\x1b[1;32mepoch 1\x1b[0m\r\n 10%\r 90%\rdone\n"}, "```\nepoch 1\ndone\n```"),
        ({"data": {"text/markdown": ["**Result**: ", "ok"], "text/plain": "<Markdown object>"}}, "**Result**: ok"),
        (
            {"data": {"text/html": "<p>a <b>page</b></p>", "text/plain": ["<IPython.core.display.HTML object>"]}},
            "a page",
        ),
        ({"data": {"text/html": "<table><td>x</table>", "text/plain": "  x\n0 1"}}, "```\n  x\n0 1\n```"),
        (
            {"data": {"application/json": {"a": ["ü"]}, "text/plain": "<IPython.core.display.JSON object>"}},
            '```\n{\n "a": [\n  "ü"\n ]\n}\n```',
        ),
        ({"output_type": "pyout", "html": "<p>old page</p>"}, "old page"),
    ],
)
def test_what_a_cell_shows_is_kept(output: dict[str, Any], text: str) -> None:
    assert read(notebook(output), "a.ipynb").text == f"```python\nrun()\n```\n\n{text}"


def test_pictures_of_a_notebook_are_said() -> None:
    found = read(notebook({"data": {"image/png": "x", "text/plain": "<Figure>"}}), "a.ipynb")
    assert found.remark == "Pictures among the results are not read."


def test_outputs_keep_their_order() -> None:
    text = read(notebook({"text": "one"}, {"data": {"text/markdown": "two"}}, {"text": "three"}), "a.ipynb").text
    assert text.split("\n\n")[1:] == ["```\none\n```", "two", "```\nthree\n```"]
