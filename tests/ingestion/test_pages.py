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
        "| Coast | Boats |  |",
        "| --- | --- | --- |",
        "|  | 2025 | 2026 |",
        "| North | 1 | 2 |",
        "| South | 3 | 4 |",
    ]
    assert text_of(f"<table>{head}{body}</table>").splitlines() == rows
    # However far cells reach, rows are no wider than tables are.
    rows = text_of("<table>" + "<tr><td rowspan=99999 colspan=64>x" * 300 + "</table>").splitlines()
    assert rows[-1] == "|  |  |  | x |"


def test_a_title_stands_before_another_main_heading() -> None:
    assert read("<title>Tides - Skagen</title><h1>Tides</h1>Ebb.", "a.html").text == "Tides - Skagen\n\n# Tides\n\nEbb."
    assert read("<title>Tides</title><h1>Tides</h1>Ebb.", "a.html").text == "# Tides\n\nEbb."
    assert text_of("a<textarea>b &amp; c</textarea>d") == "a\n\nb & c\n\nd"


@pytest.mark.parametrize("subject", ["main", "article"])
def test_what_is_beside_the_subject_is_left_out(subject: str) -> None:
    beside = "<aside>Advertisement</aside><footer>Imprint</footer>"
    assert text_of(f"{beside}<{subject}>{SEEN}<aside>A note.</aside></{subject}>{beside}") == "Seen.\n\nA note."
    assert text_of(f"{SEEN}{beside}") == "Seen.\n\nAdvertisement\n\nImprint"
