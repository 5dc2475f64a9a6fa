"""What of a query has a meaning: the database takes its operators apart, an embedder would read them as words."""

import re

# -word and -"a phrase" are to be left out; quotation marks and the star of a prefix are no words.
# As private.parse_query in the database.
_PIECES = re.compile(r'(?:^|\s)(-?)(?:"([^"]*)"(\S?)|(\S+))')
_PREFIX = re.compile(r"^\w{2,}\*$")
MOST_OPERATORS_OF_A_TEXT, LONG_TEXT = 16, 64
_OPERATORS = re.compile(r'(?:(?<=\s)|^)-(?:"[^"]*"|\S+)|"|(?<=\w\w)\*(?=\s|$)')


def without_operators(query: str) -> str:
    """The query as it would be said; the query itself when nothing else is left of it, or when it is a text."""
    if is_text(query):
        return " ".join(query.split())
    return " ".join(_OPERATORS.sub(" ", query).split()) or query


def is_text(query: str) -> bool:
    """Whether what looks like operators is a pasted text's own: many, or in a long query, and no more than other words.

    A quotation that begins or ends with white space, or that goes on behind its closing mark, is no operator but words.
    """
    operators = others = 0
    for minus, phrase, behind, word in _PIECES.findall(query):
        if word:
            operators += bool(minus or _PREFIX.match(word))
            others += not (minus or _PREFIX.match(word) or word.lower() == "or")
        elif phrase and not behind and phrase == phrase.strip(" \t\n\r"):
            operators += 1
        else:
            others += len(phrase.split())
    return operators <= others and (operators > MOST_OPERATORS_OF_A_TEXT or operators + others > LONG_TEXT)
