"""What a reader of a page does not see, or what is not its subject.

A way to tell a model what nobody reads is to hide it in a page. What a tag hides by itself is left out; style sheets
are not applied.
"""

import re
from collections import Counter
from collections.abc import Mapping

HIDDEN = frozenset(
    {"script", "style", "template", "noscript", "svg", "iframe", "object", "canvas", "select", "datalist", "nav"}
)
# What is beside the subject of a page that says what its subject is, unless it is within that.
SUBJECT = frozenset({"main", "article"})
HAS_SUBJECT = re.compile(r"<(?:main|article)[\s>]", re.IGNORECASE)
BESIDE = frozenset({"footer", "aside"})
UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:opacity|font-size)\s*:\s*\.?0[0.]*+(?!\d)",
    re.IGNORECASE,
)
# Without an end tag.
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
# What ends an element whose end tag may be left out, and what the element may hold that keeps it open.
PARAGRAPHS = frozenset(
    {"address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset", "figure", "footer"}
    | {"form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre", "section"}
    | {"table", "ul"}
)
ROWS = frozenset({"tr", "thead", "tbody", "tfoot"})
ENDED_BY: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "p": (PARAGRAPHS, frozenset()),
    "li": (frozenset({"li"}), frozenset({"ul", "ol", "menu"})),
    **dict.fromkeys(("dt", "dd"), (frozenset({"dt", "dd"}), frozenset({"dl"}))),
    **dict.fromkeys(("td", "th"), (frozenset({"td", "th"}) | ROWS, frozenset({"table"}))),
    **dict.fromkeys(ROWS, (ROWS, frozenset({"table"}))),
}


class Unseen:
    """Told each tag, knows whether what follows is seen."""

    def __init__(self, *, has_subject: bool) -> None:
        """Begin outside of the subject; without one all that is seen belongs to it."""
        self._has_subject = has_subject
        self._subject = 0
        # Elements that are open, the first of which is not seen.
        self._open: list[str] = []
        self._count: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether one is not seen."""
        return bool(self._open)

    def start(self, tag: str, attributes: Mapping[str, str | None]) -> bool:
        """Whether a tag begins or goes on with what is not seen."""
        if self._open and self._ends_first(tag):
            self._clear()
        if self._open or (tag not in VOID and self._is_unseen(tag, attributes)):
            if tag not in VOID:
                self._open.append(tag)
                self._count[tag] += 1
            return True
        self._subject += tag in SUBJECT
        return tag in VOID and self._is_unseen(tag, attributes)

    def end(self, tag: str) -> bool:
        """Whether an end tag belongs to what is not seen."""
        if not self._open:
            self._subject = max(self._subject - (tag in SUBJECT), 0)
            return False
        if self._count[tag]:
            while (last := self._open.pop()) != tag:
                self._count[last] -= 1
            self._count[tag] -= 1
        elif self._open[0] in ENDED_BY and tag != "p":
            # What the element stands in ends, and the element with it.
            self._clear()
            return False
        return True

    def _is_unseen(self, tag: str, attributes: Mapping[str, str | None]) -> bool:
        return (
            tag in HIDDEN
            or "hidden" in attributes
            or (attributes.get("aria-hidden") or "").strip().lower() == "true"
            or (attributes.get("role") or "").strip().lower() == "navigation"
            or UNSEEN.search(attributes.get("style") or "") is not None
            or (tag in BESIDE and self._has_subject and not self._subject)
        )

    def _ends_first(self, tag: str) -> bool:
        ends, keeps = ENDED_BY.get(self._open[0], (frozenset(), frozenset()))
        return tag in ends and not any(self._count[each] for each in keeps)

    def _clear(self) -> None:
        self._open.clear()
        self._count.clear()
