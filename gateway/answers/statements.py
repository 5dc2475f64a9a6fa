"""Sentences of a model's text: the last one of it, which the citation behind it grounds, and what joins it to the rest.

A line of a model's text stands for itself, and so does a block of code. In doubt a sentence ends: what stands before is
not said, while a boundary that is missed would let it through.
"""

import re
from collections.abc import Set

from gateway.answers.blocks import FENCE, blocks
from gateway.answers.sentences import MARKER, cuts

FINAL = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f")
"""Marks that end a sentence."""
WHOLE = (*FINAL, "|", "```", "~~~")
"""Behind these no mark is missing: sentences, rows of tables and blocks of code."""
_WORD = re.compile(r"\w")
_LAST_WORD = re.compile(r"\w(?=\W*\Z)")
# What ends the sentence before, where a model writes it behind the citation.
_LEAD = re.compile(rf"[{''.join(FINAL)},;:)]*")


def split_last(text: str, words: Set[str]) -> tuple[str, str]:
    """What stands before the last sentence of a text that has a word, and that sentence with the mark of its item."""
    begin, end, is_code = [block for block in blocks(text) if _WORD.search(text, *block[:2])][-1]
    if is_code and FENCE.match(text, begin):
        return text[:begin], text[begin:].rstrip()
    last_word = _LAST_WORD.search(text, begin, end)
    line = max(begin, text.rfind("\n", begin, last_word.start() if last_word else end) + 1)
    mark = MARKER.match(text, line, end)
    body = mark.end() if mark else line
    first = [cut for cut in cuts(text, body, end, words, in_doubt=True) if _WORD.search(text, *cut)][-1][0]
    sign = text[line:body].lstrip()
    before = text[:first] if first > body or not sign else text[: body - len(sign)]
    return before, sign + text[first:].strip()


def split_lead(text: str) -> tuple[str, str]:
    """The marks at the beginning, which belong to what was said before, and the rest."""
    lead = _LEAD.match(text)
    end = lead.end() if lead else 0
    return text[:end], text[end:]


def joint(said: str, lead: str, between: str) -> str:
    """What joins a sentence to what was `said`: its marks, and of what stands `between` white space alone."""
    is_whole = said.endswith(WHOLE)
    if not between.strip():
        return between if is_whole and set(lead) <= set(FINAL) else lead + between
    space = next((each for each in ("\n\n", "\n") if each in between), " ")
    if is_whole or (space != " " and not lead):
        return space
    return f"{lead if lead.endswith(FINAL) else '.'}{space}"
