"""Where sentences begin and end, and where a quotation stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.answers.citations import collapsed, find_quote
from gateway.answers.sentences import MAX_SENTENCE, sentences
from gateway.answers.words import pieces, scores

CASES = {
    "Dr. Reed came. He left at 3.5 knots.": ["Dr. Reed came.", "He left at 3.5 knots."],
    '"Why?" he asked. "Go!" She went.': ['"Why?" he asked.', '"Go!"', "She went."],
    "See Fig. 3 and No. 5 there. It is J. R. Tolkien.": ["See Fig. 3 and No. 5 there.", "It is J. R. Tolkien."],
    "The U.S. Navy came.[3] Then peace... and rain.": ["The U.S. Navy came.[3]", "Then peace... and rain."],
    "Wait\u2026 Now (at last.) Yes": ["Wait\u2026", "Now (at last.)", "Yes"],
    "Wrapped lines\nof prose. And\nmore!": ["Wrapped lines\nof prose.", "And\nmore!"],
    "One paragraph\n\nAnother": ["One paragraph", "Another"],
    "# A heading\n\nWhat it is about.": ["What it is about."],
    "# A heading\nWhat it is about.": ["What it is about."],
    "- an item\n- another,\n  wrapped\n\n1. First. Then.": ["an item", "another,\n  wrapped", "First.", "Then."],
    "| berth | depth |\n|---|---|\n| A | 3 m |": ["| berth | depth |", "| A | 3 m |"],
    "\u4eca\u65e5\u306f\u6674\u308c\u3067\u3059\u3002\u660e\u65e5\u306f\u96e8\uff01": [
        "\u4eca\u65e5\u306f\u6674\u308c\u3067\u3059\u3002",
        "\u660e\u65e5\u306f\u96e8\uff01",
    ],
    "\u0645\u0627 \u0647\u0630\u0627\u061f \u0646\u0639\u0645.": [
        "\u0645\u0627 \u0647\u0630\u0627\u061f",
        "\u0646\u0639\u0645.",
    ],
    "": [],
    "--- ... ---": [],
}


@pytest.mark.parametrize("text", CASES)
def test_sentences_end_where_a_reader_says(text: str) -> None:
    assert [span.text for span in sentences(text)] == CASES[text]


@given(st.text(st.sampled_from("ab .!?\n\t#-|1)\u3002\U0001f30a\"'"), max_size=200) | st.text(max_size=1500))
def test_every_sentence_is_a_piece_of_the_text_that_can_be_cited(text: str) -> None:
    end = 0
    for span in sentences(text):
        assert end <= span.start < span.end
        assert text[span.start : span.end] == span.text == span.text.strip()
        assert len(span.text) <= MAX_SENTENCE
        end = span.end


def test_signs_without_end_take_no_time() -> None:
    # A search that began at each sign and went on to the last would look at billions.
    for text in ("." * 100_000 + "x", "?!" * 50_000, "a." * 50_000, "> " * 50_000, ".)" * 50_000 + "x"):
        assert "".join(span.text for span in sentences(text)).replace(" ", "") in text.replace(" ", "")


def test_a_long_list_is_cut_between_words() -> None:
    spans = sentences("berth " * 400)
    assert len(spans) > 3
    assert all(set(span.text.split()) == {"berth"} for span in spans)


@pytest.mark.parametrize(
    ("quote", "passage", "found"),
    [
        ("two lines", "tie two\n  lines down", "two\n  lines"),
        (" two\tlines ", "two lines", "two lines"),
        ("two\u00a0lines", "two lines", "two lines"),
        ("twolines", "two lines", None),
        ("two Lines", "two lines", None),
        ("lines", "two inlines and lines.", "lines"),
        ("line", "two lines", None),
        ("two", "two lines", None),
        ("", "two lines", None),
        ("x" * 1001, "x" * 2000, None),
        ("\u6674\u308c\u3067\u3059", "\u4eca\u65e5\u306f\u6674\u308c\u3067\u3059\u3002", "\u6674\u308c\u3067\u3059"),
    ],
)
def test_a_quotation_stands_to_the_letter_but_for_white_space(quote: str, passage: str, found: str | None) -> None:
    place = find_quote(quote, passage)
    assert (None if place is None else passage[slice(*place)]) == found


@given(st.text(max_size=300))
def test_what_stands_in_a_text_is_found_and_nothing_else(text: str) -> None:
    for span in sentences(text):
        place = find_quote(span.text, text)
        if place is not None:
            assert collapsed(text[slice(*place)]) == collapsed(span.text)
    assert find_quote("an unheard-of quotation", text) is None


def test_pieces_of_words_know_endings_in_any_language() -> None:
    assert set(pieces("mooring")) & set(pieces("Moored"))
    assert set(pieces("\u6771\u4eac\u99c5")) & set(pieces("\u6771\u4eac"))
    assert pieces("a 1") == ["^a$", "^1$"]
    assert scores("!", ["", "x"]) == ([0, 0], 0)
    (best, other), reachable = scores("how are boats moored", ["Boats are moored here", "The tide is low"])
    assert reachable > best > other == 0
