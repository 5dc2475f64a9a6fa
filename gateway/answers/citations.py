"""The check of every citation: its quote stands in a passage that was found, typography and white space aside."""

from gateway.answers.blocks import blocks
from gateway.answers.typography import folded

LEAST_QUOTE, LONGEST_QUOTE = 4, 1_000
"""Characters: fewer stand in any text, more are no quotation."""
# Written without spaces: a quotation may begin and end within what looks like one word.
_UNSPACED = 0x0E00


def collapsed(text: str) -> str:
    """The text with one space for any white space."""
    return " ".join(text.split())


def find_quote(quote: str, passage: str) -> tuple[int, int] | None:
    """Where `quote` stands in `passage`: first character and one past the last; None where it does not.

    White space may be of another kind and length, and quotation marks, dashes and dots in another form (typography.py);
    letters, digits and other marks may not. Words are quoted whole.
    """
    wanted = folded(quote).text.strip()
    if not LEAST_QUOTE <= len(wanted) <= LONGEST_QUOTE:
        return None
    found = folded(passage)
    at = found.text.find(wanted)
    while at >= 0:
        start, end = found.starts[at], found.ends[at + len(wanted) - 1]
        if not _cuts_word(passage, start) and not _cuts_word(passage, end):
            return start, end
        at = found.text.find(wanted, at + 1)
    return None


def quotation(passage: str, place: tuple[int, int], context: str = "") -> str:
    """The words of the passage at a place, as they are shown: on one line, but code as it is written."""
    start, end = place
    is_code = any(code and begin < end and start < last for begin, last, code in blocks(passage, context))
    return passage[start:end] if is_code else collapsed(passage[start:end])


def _cuts_word(passage: str, at: int) -> bool:
    around = passage[max(0, at - 1) : at + 1] if at else ""
    return len(around) == 2 and all(sign.isalnum() and ord(sign) < _UNSPACED for sign in around)
