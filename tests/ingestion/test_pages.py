"""Of a page is read what its reader sees, and its subject where it says which that is."""

import pytest

from tests.ingestion.reading import read

SEEN = "<p>Seen.</p>"


def text_of(body: str) -> str:
    return read(f"<html><body>{body}</body></html>", "a.html").text


@pytest.mark.parametrize(
    "tag",
    [
        "p hidden", 'div style="display: none"', "div style='color:red;DISPLAY:NONE'", 'span style="visibility:hidden"',
        'div aria-hidden="true"', "template", "script", "noscript", "nav", 'div role="navigation"', "section hidden=''",
        'p style="font-size:0"', 'p style="font-size: 0px"', 'p style="opacity:0.0"', "datalist", "svg",
    ],
)  # fmt: skip
def test_what_is_hidden_is_left_out(tag: str) -> None:
    name = tag.partition(" ")[0]
    hidden = f"<{tag}>Tell <b>everybody<br></b> the password.</{name}>"
    assert text_of(hidden + SEEN) == "Seen."
    assert text_of(f"{SEEN}<div>{hidden}</div>{SEEN}") == "Seen.\n\nSeen."
    assert text_of(f"<p>Se{hidden if name == 'span' else ''}en.</p>{hidden}") == "Seen."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p hidden>secret <b>secret<p>Seen.", "Seen."),
        ("<p hidden>secret<div>Seen.</div>", "Seen."),
        ("<ul><li hidden>secret<ul><li>secret</ul>secret<li>Seen.</ul>After.", "- Seen.\n\nAfter."),
        ("<ul><li hidden>secret</ul>After.", "After."),
        ("<table><tr><td>a<td hidden>secret<td>b<tr hidden><td>secret<tr><td>c<td>d</table>", "a | b / c | d"),
        ("<div hidden><div>secret</div><p>secret</div>Seen.", "Seen."),
        ("<div hidden>secret</p></span>secret</div>Seen.", "Seen."),
        ("<input hidden><br hidden><img hidden alt='secret'>Seen.", "Seen."),
        ("<dl><dt hidden>secret<dd>Seen.</dl>", "Seen."),
        ("<p style='opacity: 0.5; font-size: 0.9em'>Seen.", "Seen."),
        ("<p aria-hidden=false>co&shy;operate &#173;now", "cooperate now"),
    ],
)
def test_what_follows_is_seen(body: str, text: str) -> None:
    found = text_of(body)
    if " / " in text:
        lines = [line for line in found.splitlines() if "---" not in line]
        assert " / ".join(line.strip("| ") for line in lines) == text
    else:
        assert found == text


def test_cells_of_several_rows_keep_the_others_in_their_columns() -> None:
    table = "<table><tr><th>Coast<th>Year<th>Boats<tr><td rowspan=2>North<td>2025<td>110<tr><td>2026<td>220</table>"
    rows = ["| Coast | Year | Boats |", "| --- | --- | --- |", "| North | 2025 | 110 |", "|  | 2026 | 220 |"]
    assert text_of(table).splitlines() == rows
    head = "<thead><tr><th rowspan=0>Coast<th colspan=2>Boats<tr><th>2025<th>2026"
    body = "<tbody><tr><td rowspan=9>North<td>1<td>2<tbody><tr><td>South<td>3<td>4"
    rows = [
        "| Coast | Boats 2025 | Boats 2026 |",
        "| --- | --- | --- |",
        "| North | 1 | 2 |",
        "| South | 3 | 4 |",
    ]
    assert text_of(f"<table>{head}{body}</table>").splitlines() == rows
    # However far cells reach, rows are no wider than tables are.
    rows = text_of("<table>" + "<tr><td rowspan=99999 colspan=64>x" * 300 + "</table>").splitlines()
    assert rows[-1] == "|  |  |  | x |"


MENU = "<td>Menu<br>Home</td>"
PRICES = "<table><tr><th>Work<th>Euros<tr><td>Caulking<td>300</table>"
PRICES_READ = "| Work | Euros |\n| --- | --- |\n| Caulking | 300 |"


@pytest.mark.parametrize(
    ("table", "blocks"),
    [
        # Layout: cells that hold headings, tables, lists or several blocks.
        (f"<tr>{MENU}<td><h1>Yard</h1><p>Wood.</p><h2>Prices</h2>{PRICES}</td></tr>",
         ["Menu Home", "# Yard", "Wood.", "## Prices", PRICES_READ]),
        (f"<tr><td><table><tr><td><h2>Sent</h2>Dear Ann</td><tr><td>{PRICES}</table>",
         ["## Sent", "Dear Ann", PRICES_READ]),
        ("<tr><td><p>one</p>two<td>three<div>four</div>five", ["one", "two", "three", "four", "five"]),
        ("<tr><td>one<td><ul><li>two<ol><li>three</ol></ul>four", ["one", "- two\n  1. three", "four"]),
        ("<tr><td>one<td><pre>def\n b</pre>", ["one", "```\ndef\n b\n```"]),
        ("<tr><td>one<tr><td>two", ["one", "two"]),
        ("<caption>Towns</caption><tr><td><h2>A</h2>b", ["Towns", "## A", "b"]),
        # Data, whatever some cells hold.
        ("<tr><th>Option<th>Use<tr><td>-x<td><p>one</p><ul><li>two</ul>",
         ["| Option | Use |\n| --- | --- |\n| -x | one two |"]),
        ("<tr><td>a<td>" + "long " * 9 + "<tr><td>b<td><p>c</p>d",
         ["| a |" + " long" * 9 + " |\n| --- | --- |\n| b | c d |"]),
        ("<tr><th><h3>A</h3><th><h3>B</h3><tr><td>1<td>2", ["| A | B |\n| --- | --- |\n| 1 | 2 |"]),
        ("<tr><th colspan=2>Towns<tr><th>A<th>B<tr><td>1<td>2", ["Towns", "| A | B |\n| --- | --- |\n| 1 | 2 |"]),
        ("<thead><tr><th><th colspan=2>Q<tr><th><th>1<th>2<tr><th>port<th><th><tbody><tr><th>Faro<td>3<td>4",
         ["| port | Q 1 | Q 2 |\n| --- | --- | --- |\n| Faro | 3 | 4 |"]),
    ],
)  # fmt: skip
def test_tables_of_layout_are_read_as_what_they_hold(table: str, blocks: list[str]) -> None:
    assert text_of(f"<p>Before.</p><table>{table}</table>After.").split("\n\n") == ["Before.", *blocks, "After."]


def test_words_of_neighbouring_parts_stand_apart() -> None:
    assert text_of("<span>one</span><label>two</label><b>three</b><menu><li>four</menu>") == "one two three\n\n- four"
    assert text_of("<span>o</span><b>ne</b>") == "one"


def test_tables_within_tables_are_read_at_any_depth() -> None:
    """Those that are too deep are text."""
    for depth in (3, 29, 5_000):
        words = [f"w{n}" for n in range(depth)]
        assert text_of("".join(f"<table><tr><td>{word}" for word in words)).split() == words


def test_a_title_stands_before_another_main_heading() -> None:
    assert read("<title>Tides - Skagen</title><h1>Tides</h1>Ebb.", "a.html").text == "Tides - Skagen\n\n# Tides\n\nEbb."
    assert read("<title>Tides</title><h1>Tides</h1>Ebb.", "a.html").text == "# Tides\n\nEbb."
    assert text_of("a<textarea>b &amp; c</textarea>d") == "a\n\nb & c\n\nd"


@pytest.mark.parametrize("subject", ["main", "article"])
def test_what_is_beside_the_subject_is_left_out(subject: str) -> None:
    beside = "<aside>Advertisement</aside><footer>Imprint</footer>"
    assert text_of(f"{beside}<{subject}>{SEEN}<aside>A note.</aside></{subject}>{beside}") == "Seen.\n\nA note."
    assert text_of(f"{SEEN}{beside}") == "Seen.\n\nAdvertisement\n\nImprint"
