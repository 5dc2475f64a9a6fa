"""How much of a question's words a sentence has: BM25 over pieces of words, for any language without a stemmer."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

K1, B = 1.2, 0.75
"""As in the product's search by words."""
GRAM = 4
"""Letters of a piece: `mooring` and `moored` share `moor`. On 1,190 questions and their sentences 4 is as good as 5,
and better than 3, whole words, stems, and beginnings of words of 5 or 6 letters."""
GRAM_OF_SYLLABLES = 2
# Vowels of Hindi, Tamil or Thai are marks, which \w lacks; beyond U+FFFF are none of a script of today.
_MARKS = "".join(sign for sign in map(chr, range(0x10000)) if unicodedata.category(sign)[0] == "M")
_WORDS = re.compile(rf"[\w{_MARKS}]+")
# Scripts without spaces between words (Thai, Lao, Burmese, Khmer, kana, Han); those whose signs are syllables or words
# (kana, Han, Hangul); and that of Japanese endings and particles.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_SYLLABLES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")


def pieces(text: str) -> list[str]:
    """Every four letters of every word, its beginning and end marked where it has some; syllables two by two."""
    found = []
    for word in _WORDS.findall(text.casefold()):
        size = GRAM_OF_SYLLABLES if _SYLLABLES.match(word) else GRAM
        marked = word if UNSPACED.match(word) else f"^{word}$"
        found += [marked[at : at + size] for at in range(max(1, len(marked) - size + 1))]
    return found


def asked_about(question: str) -> set[str]:
    """The pieces that tell what a question is about: not of Japanese endings and particles, where there are others."""
    found = set(pieces(question))
    return {piece for piece in found if not _HIRAGANA.fullmatch(piece)} or found


def scores(question: str, texts: Sequence[str]) -> tuple[list[float], float]:
    """BM25 of each text for the question, among these texts, and the most that the question could reach."""
    counts = [Counter(pieces(text)) for text in texts]
    lengths = [count.total() for count in counts]
    average = sum(lengths) / len(lengths) if lengths else 1.0
    weights = {}
    for piece in asked_about(question):
        having = sum(piece in count for count in counts)
        weights[piece] = math.log(1 + (len(counts) - having + 0.5) / (having + 0.5))
    found = [
        sum(
            weight * count[piece] * (K1 + 1) / (count[piece] + K1 * (1 - B + B * length / (average or 1.0)))
            for piece, weight in weights.items()
            if piece in count
        )
        for count, length in zip(counts, lengths, strict=True)
    ]
    return found, (K1 + 1) * sum(weights.values())
