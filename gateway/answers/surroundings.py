"""What stands above a sentence of a passage: the title, headings, and the header of its table.

A reader, and a search, take a sentence with what stands above it: `Yes.` below `Can I bring my bicycle?` is an answer,
and so is the row of a table below its header.
"""

import re
from collections.abc import Iterator

from gateway.answers.schemas import UsedPassage
from gateway.answers.sentences import Span
from gateway.chunking.clock import CuttingClock
from gateway.chunking.markdown import markdown_outline
from gateway.chunking.outline import Kind

MAX_ABOVE = 240
"""Characters that are compared with a question beside a sentence and its title: the nearest lines that have room."""

_WORD = re.compile(r"\w")
# Between a paragraph and the first item of the list below it.
_MARKER = re.compile(r"\s*(?:[-*+\u2022]|\d{1,9}[.)])\s+")


class Surroundings:
    """Of the sentences of one passage."""

    def __init__(self, passage: UsedPassage) -> None:
        """Read the blocks of the passage. A chunk is too short for the clock to run out."""
        self._passage = passage
        self._outline = markdown_outline(passage.content, 0, CuttingClock(float("inf")))

    def is_header(self, span: Span) -> bool:
        """Whether it is the header of a table, which states nothing."""
        return any(begin <= span.start and span.end <= end for begin, end in self._parts(Kind.HEADER))

    def header(self, start: int) -> str:
        """The header of the table of which a row stands there; none where none does."""
        content = self._passage.content
        for kind, begin, end in self._outline.context_at(start):
            if kind == Kind.HEADER:
                return content[begin:end].strip()
        is_first_table = not any(begin < start for begin, _ in self._parts(Kind.HEADER))
        return _rows_of(self._passage.context) if content.startswith("|", start) and is_first_table else ""

    def above(self, start: int) -> str:
        """What stands above the sentence there, apart from the title, one below the other."""
        lines = dict.fromkeys(filter(_WORD.search, self._lines(start)))
        lines.pop(self._passage.title, None)
        kept: list[str] = []
        for line in reversed(list(lines)):
            if sum(map(len, kept)) + len(line) <= MAX_ABOVE:
                kept.insert(0, line)
        return "\n".join(kept)

    def _lines(self, start: int) -> Iterator[str]:
        yield from self._passage.heading_path
        level = 7
        within = []
        for heading in reversed(self._outline.headings):
            if heading.start <= start and heading.level < level:
                within.append(heading.text)
                level = heading.level
        yield from reversed(within)
        yield from self._passage.context.splitlines()
        for begin, end in sorted({*self._leads(start), *((b, e) for _, b, e in self._outline.context_at(start))}):
            yield from self._passage.content[begin:end].strip().splitlines()

    def _leads(self, start: int) -> Iterator[tuple[int, int]]:
        """The paragraph above the list of which the first item stands there: the outline has it for further ones."""
        for begin, end in self._parts(Kind.LEAD):
            if _MARKER.fullmatch(self._passage.content, end, max(start, end)):
                yield begin, end

    def _parts(self, kind: Kind) -> Iterator[tuple[int, int]]:
        """Where each part of the passage begins and ends that others need to be understood."""
        contexts = self._outline.contexts
        for found, begin, end in zip(contexts.kinds, contexts.starts, contexts.ends, strict=True):
            if found == kind:
                yield begin, end


def _rows_of(context: str) -> str:
    """The header in a context, and the rule below it."""
    return "\n".join(line for line in context.splitlines() if line.startswith("|"))
