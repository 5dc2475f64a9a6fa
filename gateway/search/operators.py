"""What of a query has a meaning: the database takes its operators apart, an embedder would read them as words."""

import re

# -word and -"a phrase" are to be left out; quotation marks and the star of a beginning are no words.
# As private.parse_query in the database.
_OPERATORS = re.compile(r'(?:(?<=\s)|^)-(?:"[^"]*"|\S+)|"|(?<=\w\w)\*(?=\s|$)')


def without_operators(query: str) -> str:
    """The query as it would be said; the query itself when nothing else is left of it."""
    return " ".join(_OPERATORS.sub(" ", query).split()) or query
