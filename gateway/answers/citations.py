"""The check of every citation: its quote stands, to the letter but for white space, in a passage that was found."""

from gateway.resilience.request_metrics import CITATIONS_DROPPED

LEAST_QUOTE, LONGEST_QUOTE = 4, 1_000
"""Characters: fewer stand in any text, more are no quotation."""
# Written without spaces: a quotation may begin and end within what looks like one word.
_UNSPACED = 0x0E00


def collapsed(text: str) -> str:
    """The text with one space for any white space."""
    return " ".join(text.split())


def find_quote(quote: str, passage: str) -> tuple[int, int] | None:
    """Where `quote` stands in `passage`: first character and one past the last; None where it does not.

    White space may be of another kind and length; letters, digits and marks may not. Words are quoted whole.
    """
    wanted = collapsed(quote)
    if not LEAST_QUOTE <= len(wanted) <= LONGEST_QUOTE:
        return None
    places = [at for at, sign in enumerate(passage) if not sign.isspace() or not passage[at - 1 : at].isspace()]
    text = "".join(" " if passage[at].isspace() else passage[at] for at in places)
    at = text.find(wanted)
    while at >= 0:
        start, end = places[at], places[at + len(wanted) - 1] + 1
        if not _cuts_word(passage, start) and not _cuts_word(passage, end):
            return start, end
        at = text.find(wanted, at + 1)
    return None


def _cuts_word(passage: str, at: int) -> bool:
    around = passage[max(0, at - 1) : at + 1] if at else ""
    return len(around) == 2 and all(sign.isalnum() and ord(sign) < _UNSPACED for sign in around)


def dropped(times: int = 1) -> None:
    """Count citations that were left out."""
    CITATIONS_DROPPED.inc(times)
