"""Numbers that are written as words.

English ones are read whole, `five hundred` and `twenty-five` too. Of nine other languages those from two to twelve are
known, so that an English sentence may say of a passage in another language what it says.
"""

import re
from collections.abc import Iterator

_SMALL = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_BEGIN, _ANY = "|".join(_SMALL), "|".join((*_SMALL, *_SCALES))
_ENGLISH = re.compile(rf"(?i)\b(?:{_BEGIN})(?:(?:\s+and\s+|\s+|-)(?:{_ANY}))*\b")
_WORD = re.compile(r"[^\W\d_]+")
# German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish and Norwegian.
_FOREIGN = {
    2: "zwei deux dos dois duas due twee två to both beide beiden",
    3: "drei trois tres três tre drie",
    4: "vier quatre cuatro quatro quattro fyra fire",
    5: "fünf cinq cinco cinque vijf fem",
    6: "sechs six seis sei zes sex seks",
    7: "sieben sept siete sete sette zeven sju syv",
    8: "acht huit ocho oito otto åtta otte åtte",
    9: "neun neuf nueve nove negen nio ni",
    10: "zehn dix diez dez dieci tien tio ti",
    11: "elf onze once undici elva elleve",
    12: "zwölf douze doce doze dodici twaalf tolv dozen",
}
_VALUES = {word: value for value, words in _FOREIGN.items() for word in words.split()}
_PHRASES = {30: re.compile(r"(?i)\bhalf (?:an|of an) hour|\bhalf-hour"), 15: re.compile(r"(?i)\bquarter of an hour")}


def stated(text: str) -> Iterator[int]:
    """The numbers that English words of the text state, from two on: `one` is often no number."""
    for match in _ENGLISH.finditer(text):
        value = _value(_WORD.findall(match[0].lower()))
        if value > 1:
            yield value


def readings(text: str) -> set[int]:
    """All that words of the text can mean: English ones, also each for itself, and those of other languages."""
    words = [word.lower() for word in _WORD.findall(text)]
    parts = {known[word] for word in words for known in (_SMALL, _VALUES) if word in known}
    return {*stated(text), *parts, *(value for value, phrase in _PHRASES.items() if phrase.search(text))}


def _value(words: list[str]) -> int:
    total = part = 0
    for word in words:
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part *= 100
        elif word in _SCALES:
            total, part = total + part * _SCALES[word], 0
    return total + part
