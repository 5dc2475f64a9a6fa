"""Where sentences begin and end, and where a quotation stands."""

import random

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.answers.citations import find_quote
from gateway.answers.sentences import MAX_SENTENCE, sentences
from gateway.answers.typography import folded
from gateway.answers.words import pieces, scores
from gateway.chunking.chunker import Chunker, Text
from tests.answers.world import PieceEmbedder

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
    "Am 31. Dezember, im 19. Jahrhundert, z. B. Holz.": ["Am 31. Dezember, im 19. Jahrhundert, z. B. Holz."],
    "Es kostet inkl. Versand mehr Euro. Mehr nicht.": ["Es kostet inkl. Versand mehr Euro.", "Mehr nicht."],
    "La Sra. Garc\u00eda, p. ej., lleg\u00f3 a la Avda. Espa\u00f1a. Era tarde.": [
        "La Sra. Garc\u00eda, p. ej., lleg\u00f3 a la Avda. Espa\u00f1a.",
        "Era tarde.",
    ],
    "Go, e.g. Monday, to berth No. 5. All others go to No. 9.": [
        "Go, e.g. Monday, to berth No. 5. All others go to No. 9."
    ],
    "It was 24. All others left.": ["It was 24. All others left."],
    "The score was 24. The others left when the tide fell.": [
        "The score was 24.",
        "The others left when the tide fell.",
    ],
    "She came. Mary sailed. They saw NATO. Tom as well.": [
        "She came.",
        "Mary sailed.",
        "They saw NATO.",
        "Tom as well.",
    ],
    "Run this:\n```sh\n# one. Two\n\n- three. Four\n```\nThen rest.": [
        "Run this:",
        "```sh\n# one. Two\n\n- three. Four\n```",
        "Then rest.",
    ],
    "~~~\na. B\n```\nc": ["~~~\na. B\n```\nc"],
    "> ```\n> a. B\n> ```\n\nc": ["```\n> a. B\n> ```", "c"],
    "Run this:\n\n    # one. Two\n    - three\n\n        four\n\nThen rest.": [
        "Run this:",
        "    # one. Two\n    - three\n\n        four",
        "Then rest.",
    ],
    "# Run\n\tone. Two\n\tthree\n## Rest\nThen rest.": ["\tone. Two\n\tthree", "Then rest."],
    "1. Run this:\n\n       one. Two\n       three\n\n   Then rest.\n\n    - And so on.": [
        "Run this:",
        "       one. Two\n       three",
        "Then rest.",
        "And so on.",
    ],
    "- Run this\n      on one line.\n\n  Then\n\n      one. Two\n      three": [
        "Run this\n      on one line.",
        "Then",
        "      one. Two\n      three",
    ],
    "def one():\n    two. Three\n\n    four\n\nThen rest.": ["def one():\n    two. Three\n\n    four", "Then rest."],
    "A plain text.\n\n    Its paragraphs are indented. Each\n    has lines.\n\n    All of them.": [
        "A plain text.",
        "Its paragraphs are indented.",
        "Each\n    has lines.",
        "All of them.",
    ],
    "": [],
    "--- ... ---": [],
}


@pytest.mark.parametrize("text", CASES)
def test_sentences_end_where_a_reader_says(text: str) -> None:
    assert [span.text for span in sentences(text)] == CASES[text]


CONTEXTS = {
    ("Do it so:\n1. Run this:", "       one. Two\n       three\n\n   Then rest."): [
        "one. Two\n       three", "Then rest."
    ],
    ("- Run this:\n- Or this:", "Then.\n\n        one. Two\n        three\n\n    Then rest."): [
        "Then.", "        one. Two\n        three", "Then rest."
    ],
    ("```sh", "one. Two\n    three\n```\nThen rest."): ["one. Two\n    three\n```", "Then rest."],
}  # fmt: skip


@pytest.mark.parametrize(("context", "text"), CONTEXTS)
def test_a_passage_can_begin_within_a_list_or_code(context: str, text: str) -> None:
    assert [span.text for span in sentences(text.strip(), context)] == CONTEXTS[context, text]


@pytest.mark.parametrize(
    ("begin", "indent", "end"), [("```\n", "", "```\n"), ("```sh\n", "", "```\n"), ("", "    ", "")]
)
def test_code_that_is_cut_into_chunks_stays_code(begin: str, indent: str, end: str) -> None:
    lines = [f"{indent}slack {number} fathoms. Then stop" for number in range(200)]
    code = "\n".join(lines)
    chunks = Chunker(PieceEmbedder()).cut([Text("Windlass", f"Run this:\n\n{begin}{code}\n{end}\nThen rest.\n")])[0]
    assert len(chunks) > 5
    spans = [span for chunk in chunks for span in sentences(chunk.content, chunk.context)]
    assert [span.text for span in spans if not span.is_code] == ["Run this:", "Then rest."]
    said = [line.strip() for span in spans if span.is_code for line in span.text.split("\n") if "```" not in line]
    assert said == [line.strip() for line in lines]


@given(st.text(st.sampled_from("ab .!?\n\t#-|1)\u3002\U0001f30a\"'"), max_size=200) | st.text(max_size=1500))
def test_every_sentence_is_a_piece_of_the_text_that_can_be_cited(text: str) -> None:
    end = 0
    for span in sentences(text):
        assert end <= span.start < span.end
        assert text[span.start : span.end] == span.text == span.text.strip("\r\n" if span.is_code else None)
        assert len(span.text) <= MAX_SENTENCE
        end = span.end


LANGUAGES = {
    "der die das und im am vom war liegt steht gilt nicht mit": "inkl. exkl. zzgl. ggf. Abs. Kap. Abb. Nr. Hrn. 31. 2.",
    "la el los una y en con fue era tiene para cuando": "Sra. Srta. Avda. Dpto. n\u00fam. p\u00e1g. Ud. p. ej. 3.",
    "the a and was is of from has left with when under": "No. Fig. Capt. e.g. i.e. Mrs. Ph.D. approx. vs. St. XIV.",
    "le les une et dans avec pour sont qui sur pas mais": "env. \u00e9d. chap. av. Mme. M. janv. art. 2. XIX.",
}
NAMES = ["Versand", "Garc\u00eda", "Dezember", "Berlin", "Reed", "Hafen", "Zwei", "Pr\u00e9vost", "Stockholm"]


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(LANGUAGES)))
@seed(20_261_128)
@settings(deadline=None, max_examples=40)
def test_no_language_needs_a_list_of_its_abbreviations(chance: random.Random, words: str) -> None:
    """Sentences of small words, some of which stand in for others, with abbreviations and ordinals before names."""
    small, abbreviations = words.split(), LANGUAGES[words].split()
    said = []
    for _ in range(8):
        before = chance.sample(small, 5)
        inside = [f"{chance.choice(abbreviations)} {chance.choice(NAMES)}" for _ in range(chance.randint(1, 3))]
        first, *rest = [*before[:2], *inside, *before[2:], chance.choice(["harbour", "Ankunft", "muelle", "1998"])]
        said.append(" ".join([first.capitalize(), *rest]) + ".")
    text = f"{words}\n\n{chance.choice([' ', chr(10)]).join(said)}"
    assert [span.text for span in sentences(text)][1:] == said


def test_signs_without_end_take_no_time() -> None:
    # A search that began at each sign and went on to the last would look at billions.
    for text in (
        "``` " * 30_000,
        "```\n" * 30_001,
        "Ab. " * 30_000,
        "." * 100_000 + "x",
        "?!" * 50_000,
        "a." * 50_000,
        "> " * 50_000,
        ".)" * 50_000 + "x",
    ):
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
        (
            'it\'s "on" - now...',
            "It\u2019s? it\u2019s \u201eon\u201c \u2014\u00a0now\u2026",
            "it\u2019s \u201eon\u201c \u2014\u00a0now\u2026",
        ),
        ("now\u2026 \u2018so\u2019", "now... 'so'", "now... 'so'"),
        ("the office", "an o\ufb03ce, the o\ufb03ce\u200b is", "the o\ufb03ce"),
        ("a caf\u00e9 here", "a cafe\u0301 he\u00adre", "a cafe\u0301 he\u00adre"),
        ("a cafe here", "a cafe\u0301 here", None),
        ("two lines", "two, lines", None),
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
            assert folded(text[slice(*place)]).text.strip() == folded(span.text).text.strip()
    assert find_quote("an unheard-of quotation", text) is None


def test_pieces_of_words_know_endings_in_any_language() -> None:
    assert set(pieces("mooring")) & set(pieces("Moored"))
    assert set(pieces("\u6771\u4eac\u99c5")) & set(pieces("\u6771\u4eac"))
    assert pieces("a 1") == ["^a$", "^1$"]
    assert scores("!", ["", "x"]) == ([0, 0], 0)
    (best, other), reachable = scores("how are boats moored", ["Boats are moored here", "The tide is low"])
    assert reachable > best > other == 0
