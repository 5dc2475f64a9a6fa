"""The structure of a text as cutting needs it: headings, places to cut, what is hidden, and what stands for the rest.

Kept in arrays: a text of two megabytes can have a million lines.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from gateway.chunking.clock import CuttingClock

LINES_BETWEEN_CHECKS = 4096
NO_CONTEXT = -1


class Strength(IntEnum):
    """How good a place is to cut before, the best last. NONE is no place to cut, but its context is known."""

    NONE = 0
    LINE = 1
    ITEM = 2
    BLOCK = 3
    RULE = 4


class Heading(NamedTuple):
    """A heading's words as they stand in the text, its level from 1, and where its lines begin and end."""

    text: str
    level: int
    start: int
    end: int


class Kind(IntEnum):
    """What a part of a context is: the paragraph above a list, the first line of an item or fence, a table's header."""

    LEAD = 0
    LINE = 1
    HEADER = 2


@dataclass
class Contexts:
    """What a chunk needs that begins in the middle of something: a part of the text, and what that part is in."""

    kinds: bytearray = field(default_factory=bytearray)
    parents: "array[int]" = field(default_factory=lambda: array("i"))
    starts: "array[int]" = field(default_factory=lambda: array("i"))
    ends: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, kind: Kind, parent: int, start: int, end: int) -> int:
        """Add the part from `start` to before `end`, within `parent`; its number."""
        self.kinds.append(kind)
        self.parents.append(parent)
        self.starts.append(start)
        self.ends.append(end)
        return len(self.parents) - 1

    def parts(self, number: int) -> Iterator[tuple[Kind, int, int]]:
        """The part and those around it, from the inside out."""
        while number != NO_CONTEXT:
            yield Kind(self.kinds[number]), self.starts[number], self.ends[number]
            number = self.parents[number]


@dataclass
class Outline:
    """Headings in order; places, ascending, with strength and context of each; parts that are not shown to readers."""

    headings: list[Heading] = field(default_factory=list)
    hidden: list[tuple[int, int]] = field(default_factory=list)
    contexts: Contexts = field(default_factory=Contexts)
    starts: "array[int]" = field(default_factory=lambda: array("i"))
    strengths: bytearray = field(default_factory=bytearray)
    contexts_of: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, start: int, strength: int, context: int = NO_CONTEXT) -> None:
        """Add a place after the last one. Of two at one place the first counts: it is the outer one."""
        if not self.starts or self.starts[-1] < start:
            self.starts.append(start)
            self.strengths.append(strength)
            self.contexts_of.append(context)

    def places(self) -> "list[array[int]]":
        """Ascending places of each strength or more: RULE, BLOCK, ITEM and LINE."""
        starts, strengths = np.array(self.starts, np.intc), np.array(self.strengths, np.uint8)
        return [
            array("i", starts[strengths >= strength].tobytes())
            for strength in (Strength.RULE, Strength.BLOCK, Strength.ITEM, Strength.LINE)
        ]

    def context_at(self, start: int) -> Iterator[tuple[Kind, int, int]]:
        """The parts of the text that a chunk needs which begins at `start`, from the inside out."""
        index = bisect_right(self.starts, start)
        return self.contexts.parts(self.contexts_of[index - 1] if index else NO_CONTEXT)


def plain_outline(content: str, clock: CuttingClock) -> Outline:
    """Read a plain text: paragraphs and lines. UncuttableError, AbandonedError by the clock."""
    found = Outline()
    strength = Strength.BLOCK
    end = 0
    for number, line in enumerate(content.splitlines(keepends=True)):
        if number % LINES_BETWEEN_CHECKS == 0:
            clock.check()
        start, end = end, end + len(line)
        if line.isspace():
            strength = Strength.BLOCK
        else:
            found.add(start, strength)
            strength = Strength.LINE
    return found
