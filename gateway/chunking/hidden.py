"""What a reader of HTML does not see: comments, styles and scripts."""

import re
from collections.abc import Iterator

OPENING = re.compile(r"<!--|<(script|style)(?=[\s/>])", re.IGNORECASE)
CLOSING = {
    "": re.compile(r"-->"),
    "script": re.compile(r"</script[^>]{0,100}>", re.IGNORECASE),
    "style": re.compile(r"</style[^>]{0,100}>", re.IGNORECASE),
}


def hidden_parts(content: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each begins and ends, in the HTML from `start` to before `end`. One that never ends is text."""
    unclosed: set[str] = set()
    while opening := OPENING.search(content, start, end):
        kind = (opening[1] or "").lower()
        closing = None if kind in unclosed else CLOSING[kind].search(content, opening.end(), end)
        if closing:
            yield opening.start(), closing.end()
        else:
            unclosed.add(kind)
        start = closing.end() if closing else opening.end()
