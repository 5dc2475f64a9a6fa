"""What of a query is embedded."""

import pytest

from gateway.search.query_syntax import without_operators


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
