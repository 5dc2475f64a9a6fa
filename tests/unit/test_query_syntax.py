"""What of a query is embedded."""

import pytest

from gateway.search.query_syntax import is_text, without_operators


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("mooring lines", "mooring lines"),
        ('"slack water" tide', "slack water tide"),
        ("boat -sail", "boat"),
        ('boat -"slack water" rope', "boat rope"),
        ("boat* harbour", "boat harbour"),
        ("e-mail - how to", "e-mail - how to"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("-sail", "-sail"),
        ('"', '"'),
        ("  spaced   out ", "spaced out"),
    ],
)
def test_operators_are_not_said(query: str, said: str) -> None:
    assert without_operators(query) == said


@pytest.mark.parametrize(
    "query",
    [
        'relation "invoices" does not exist',
        'ERROR: relation "invoices"',
        "git commit -m",
        "-Wall",
        "docker build --no-cache",
        '"GET / HTTP/1.1" 502 "-" 12',
        'print(x) "boat"',
        'C:\\logs "boat"',
        'https://example.com "boat"',
        "ls ~/notes -la",
        'grep "boat" .',
        'first line\nsecond "line"',
        f'"{"boat " * 64}boat"',
        " ".join(f"-{n}{n}" for n in range(20)) + " boat" * 20,
    ],
)
def test_a_text_has_no_operators(query: str) -> None:
    assert is_text(query)
    assert without_operators(query) == " ".join(query.split())


@pytest.mark.parametrize(
    "query",
    [
        'boat "slack water"',
        '"slack water" tide -sail',
        '"slack water" or tide',
        'tide or "slack water" or "low tide"',
        "jaguar -car speed",
        'boat -"slack water" rope',
        "the boat* harbour",
        '15" laptop -used',
        "C++ -java",
        "Node.js AC/DC R&D 50% -wool",
        "application -2019",
        "大阪 -水",
    ],
)
def test_a_search_keeps_its_operators(query: str) -> None:
    assert not is_text(query)
