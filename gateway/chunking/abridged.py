"""Texts with a great many lines of one kind, without most of them.

A parser in Python takes some 10 µs a line, ten seconds for the million lines that a text can have. Of a run of lines
that begin alike (plain lines with one indentation, or items of one list with one line each) the third changes nothing
that the second did not: whatever block the second is in, or begins, the third is in, or begins. So the parser is given
the first two and the last.
"""

import re
from array import array

from gateway.chunking.clock import CuttingClock
from gateway.chunking.outline import LINES_BETWEEN_CHECKS

# Indentation, and the mark of an item, before a letter. A line with `>` can end a block of HTML.
ALIKE = re.compile(r"([ \t]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?)[^\W\d_][^>]*+$", re.DOTALL)


class Abridged:
    """`text` has those lines of the source that matter."""

    def __init__(self, source: str, clock: CuttingClock) -> None:
        """Read the source once. Lines end with a line feed. UncuttableError, AbandonedError by the clock."""
        # Where each line of the source begins, and the source; the number there of each line of the text, and of none.
        self.starts = array("i")
        self.numbers = array("i")
        kept: list[str] = []
        start, run = 0, 0
        beginning = waiting = None
        for number, line in enumerate(source.split("\n")):
            if number % LINES_BETWEEN_CHECKS == 0:
                clock.check()
            self.starts.append(start)
            start += len(line) + 1
            alike = ALIKE.match(line)
            run = run + 1 if alike and alike[1] == beginning else 0
            beginning = alike[1] if alike else None
            if waiting is not None and run < 3:
                kept.append(waiting)
                self.numbers.append(number - 1)
            waiting = line
            if run < 2:
                kept.append(line)
                self.numbers.append(number)
                waiting = None
        if waiting is not None:
            kept.append(waiting)
            self.numbers.append(len(self.starts) - 1)
        self.numbers.append(len(self.starts))
        self.starts.append(len(source))
        self.text = "\n".join(kept)
