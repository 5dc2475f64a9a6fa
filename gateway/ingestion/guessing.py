"""Which encoding a text has that does not say so: the one in which it looks most like a language.

Statistics of bytes fail on a name or two, as in an invoice. What people write tells more: in the right encoding the
characters beyond ASCII are letters of one language, in a case that words have, and signs stand where signs do.
"""
# ruff: noqa: RUF001 - letters that look like others are the subject

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from gateway.ingestion.languages import LANGUAGES, Language

# Of what is looked at: lines with bytes beyond ASCII, and of a long line what is around those.
MAX_BYTES = 4_096
AROUND = 100
NOT_ASCII = re.compile(rb"[\x80-\xff]")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# The West's is assumed where nothing tells: another has to explain so much more, and so much of the text.
WESTERN = "cp1252"
MARGIN, PLACE = 0.05, 0.02
LEAST = 0.4
# What a letter counts for that is frequent, rare, of another language of the West, or a capital after a capital.
FREQUENT, RARE, FOREIGN, SHOUTED = 1.0, 0.5, 0.55, 0.85
# What counts against an encoding: a sign in the middle of a word or a capital there, and bytes that are none of its.
MISPLACED, IMPOSSIBLE = -1.0, -2.0
SIGNS = frozenset("€£§©®°«»¡¿·–—‘’‚“”„…•™½¼¾²³µ×±ªº\xa0\xad、。「」『』・，：；！？（）《》〈〉【】〜　－")
# Signs that stand between two letters, and what ends a word.
JOINING = frozenset("’‘·–—…•\xad・、。，：；！？「」『』（）《》〈〉【】　")
ENDING = frozenset("€£½¼¾²³™ªºςךםןףץةى")
# Thai marks stand on a consonant, and no Thai letter stands alone.
FIRST_THAI, LAST_THAI = "\u0e01", "\u0e4e"
MARKS = frozenset("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c")
# Where scripts end: of Latin letters, and of those that are written without spaces, which may stand beside Latin ones.
LAST_LATIN, FIRST_UNSPACED = "\u024f", "\u3000"


ENCODINGS = tuple(dict.fromkeys(encoding for language in LANGUAGES for encoding in language.encodings))


def guess(data: bytes) -> str | None:
    """The encoding, the West's where the text tells nothing; None for what is like no language."""
    sample = b"\n".join(_samples(data))
    seen = {encoding: _Characters(sample.decode(encoding, "replace")) for encoding in ENCODINGS}
    scores = {WESTERN: seen[WESTERN].score_of_any() + MARGIN}
    for language in LANGUAGES:
        for place, encoding in enumerate(language.encodings):
            # The more an encoding is used, the less it has to prove.
            score = seen[encoding].score(language) + (MARGIN if encoding == WESTERN else -PLACE * place)
            scores[encoding] = max(score, scores.get(encoding, IMPOSSIBLE))
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= LEAST else None


def _samples(data: bytes) -> Iterator[bytes]:
    end = taken = 0
    while taken < MAX_BYTES and (found := NOT_ASCII.search(data, end)):
        place = found.start()
        start = max(end, place - AROUND, data.rfind(b"\n", max(place - AROUND, 0), place) + 1)
        line_end = data.find(b"\n", place, place + AROUND)
        end = line_end if line_end >= 0 else min(place + AROUND, len(data))
        taken += end - start
        yield data[start:end]


class _Characters:
    """What stands beyond ASCII in a text."""

    def __init__(self, text: str) -> None:
        """Look at each character and its neighbours."""
        self._letters: Counter[str] = Counter()
        self._shouted: Counter[str] = Counter()
        self._against = 0.0
        self._count = 0
        padded = f" {text} "
        for match in BEYOND_ASCII.finditer(text):
            place = match.start()
            self._look(padded[place], match[0], padded[place + 2])

    def _look(self, before: str, character: str, after: str) -> None:
        if character not in SIGNS and (character.isalpha() or character in MARKS or character == "ー"):
            self._look_at_letter(before, character, after)
        elif character not in SIGNS:
            self._against += IMPOSSIBLE if character == "\ufffd" else MISPLACED
        elif after.isalpha() and (character in ENDING or (character not in JOINING and before.isalpha())):
            self._against += MISPLACED
        else:
            return
        self._count += 1

    def _look_at_letter(self, before: str, letter: str, after: str) -> None:
        if _is_misplaced(before, letter, after):
            self._against += MISPLACED
        # Of Latin letters, few are beyond ASCII.
        elif letter > LAST_LATIN or before.isascii() or after.isascii():
            counter = self._shouted if letter.isupper() and before.isupper() else self._letters
            counter[letter if letter == "İ" else letter.lower()] += 1

    def score(self, language: Language) -> float:
        """How much of it is explained by a language, at most 1; the same for each text without letters."""
        weights = _weights(language)
        rare = {letter for letter in self._letters if language.has_ideographs and "\u4e00" <= letter <= "\u9fff"}
        return self._score(lambda letter: weights.get(letter, RARE if letter in rare else 0.0))

    def score_of_any(self) -> float:
        """The same for names of all languages of the West."""
        return self._score(lambda letter: FOREIGN if letter <= LAST_LATIN else 0.0)

    def _score(self, weight: Callable[[str], float]) -> float:
        if not self._count:
            return FREQUENT
        letters = sum(weight(letter) * count for letter, count in self._letters.items())
        shouted = sum(weight(letter) * count for letter, count in self._shouted.items())
        return (letters + shouted * SHOUTED + self._against) / self._count


@cache
def _weights(language: Language) -> Mapping[str, float]:
    return {**dict.fromkeys(language.others, RARE), **dict.fromkeys(language.frequent, FREQUENT)}


def _is_misplaced(before: str, letter: str, after: str) -> bool:
    """Whether no word has the letter between such neighbours."""
    if (letter.isupper() and before.islower()) or (letter in ENDING and after.isalpha()):
        return True
    if FIRST_THAI <= letter <= LAST_THAI:
        is_after, is_before = FIRST_THAI <= before <= LAST_THAI, FIRST_THAI <= after <= LAST_THAI
        return not is_after and (letter in MARKS or not is_before)
    beside_latin = [each.isascii() and each.isalpha() for each in (before, after)]
    return letter > LAST_LATIN and (all(beside_latin) if letter >= FIRST_UNSPACED else any(beside_latin))
