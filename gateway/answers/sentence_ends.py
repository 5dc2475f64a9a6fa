"""Whether a point ends a sentence, without a list of words for each language.

Behind a short word (`inkl. Versand`, `Sra. García`, `Kap. Zwei`) or a small number (`31. Dezember`) it may or may not.
The texts themselves decide, as in Kiss and Strunk (2006): a word that stands elsewhere without a point is no
abbreviation, and what stands elsewhere in lower case begins a sentence where it has a capital. In doubt no sentence
ends: a boundary that is missed makes a longer quotation, one that is made up cuts a sentence in two.
"""

import re
import unicodedata
from collections.abc import Iterable, Set

SHORT, SHORT_BEFORE_NUMBER = 4, 6
"""Letters of what may be an abbreviation: `inkl`, `Srta`; `approx` before a number."""
# A point behind these ends no sentence, whatever else the texts say.
_ABBREVIATION = re.compile(
    "approx|asst|bzw|ca|capt|cf|co|col|corp|dept|dr|eds?|eg|encl|esp|est|etc|evtl|figs?|gen|ggf|gov|hr|hrsg|ie|inc|jr|"
    "lt|ltd|mio|mme|mrs?|ms|mt|nr|op|pp|prof|resp|rev|sec|sgt|sr|ste?|tel|usw|vgl|vol|vs"
)
# Nor behind these, where nothing tells.
_RARE_ABBREVIATION = re.compile(
    "abs|apt|art|aufl|av|ave|bd|blvd|bzgl|cap|dra|exkl|ext|geb|gem|gest|inkl|kap|lfd|max|min|mon|no|nos|num|p\u00e1g|"
    "sra|srta|std|str|tab|tsd|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|jun|jul|aug|sept|o[ck]t|nov|de[cz]|zzgl"
)
_BEFORE_NUMBERS = frozenset({"no", "nos", "art", "ch", "p", "vol", "abs"})
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_ORDINAL = re.compile(r"\d{1,2}|[IVXLC]{2,}")
_WITH_POINTS = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)+")
_WORD = re.compile(r"[^\W\d_]+(?![\w.])")
# Latin, Greek and Cyrillic ones.
_VOWELS = frozenset(
    "aeiouy\u00e6\u0153\u00f8\u03b1\u03b5\u03b7\u03b9\u03bf\u03c5\u03c9"
    "\u0430\u0435\u0438\u043e\u0443\u044b\u044d\u044e\u044f\u0456\u0454"
)


def words_of(texts: Iterable[str]) -> Set[str]:
    """The words of the texts that stand somewhere without a point behind them."""
    return {word for text in texts for word in _WORD.findall(text)}


def ends_sentence(last: str, follows: str, words: Set[str], *, in_doubt: bool = False) -> bool:
    """Whether the point behind the word `last` ends a sentence, where `follows` is next and `words` are known.

    What neither the lists nor the words tell is as `in_doubt` says.
    """
    if _INITIALS.fullmatch(last) or _ABBREVIATION.fullmatch(last.lower()):
        return False
    begins = follows.lower() in words and follows.lower() != follows
    if _ORDINAL.fullmatch(last) or _WITH_POINTS.fullmatch(last):
        return begins
    if not _is_like_abbreviation(last, is_before_number=follows[:1].isdigit()):
        return True
    if in_doubt and not _RARE_ABBREVIATION.fullmatch(last.lower()):
        return True
    return last in words or (begins and any(map(_is_vowel, last.lower())))


def _is_like_abbreviation(word: str, *, is_before_number: bool) -> bool:
    if is_before_number and word.lower() in _BEFORE_NUMBERS:
        return True
    is_cased = word.lower() != word.upper()  # years are not, nor are scripts without capitals
    is_word = word.isupper() or (word.islower() and _is_vowel(word[-1]))  # NATO; came
    return is_cased and not is_word and len(word) <= (SHORT_BEFORE_NUMBER if is_before_number else SHORT)


def _is_vowel(letter: str) -> bool:
    return unicodedata.normalize("NFD", letter)[0] in _VOWELS
