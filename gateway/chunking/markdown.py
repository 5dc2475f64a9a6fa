"""Reads the blocks of a Markdown text with markdown-it-py: CommonMark and GitHub's tables.

Only its block rules run. Nothing that stands inside a line is parsed, so no line is too long, and no tree of tokens is
kept: each token is noted in the outline and dropped, since two megabytes of list items would be a million tokens.

Time is linear in the length of the text. Lists and quotes open at most MAX_NESTING levels; deeper ones are read as
paragraphs. The clock is asked every few thousand blocks and lines.
"""

from typing import Literal

from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from gateway.chunking.abridged import Abridged
from gateway.chunking.block_rules import PARSER
from gateway.chunking.clock import CuttingClock
from gateway.chunking.hidden import hidden_parts
from gateway.chunking.outline import LINES_BETWEEN_CHECKS, NO_CONTEXT, Heading, Kind, Outline, Strength

# A heading goes with every chunk under it: a line of a megabyte must not.
MAX_HEADING_CHARACTERS = 200
# Signs of links to a heading, as generators of documentation put behind it.
ANCHORS = "\N{PILCROW SIGN}\N{LINK SYMBOL}\uf0c1"
LISTS = frozenset({"bullet_list_open", "ordered_list_open"})
CODE = frozenset({"fence", "code_block"})
NOTED = frozenset(
    {"heading_open", "paragraph_open", "hr", "list_item_open", "blockquote_open", "table_open", "html_block"}
)
READ = NOTED | LISTS | CODE


def markdown_outline(content: str, begin: int, clock: CuttingClock) -> Outline:
    """Read a Markdown text from `begin` on. UncuttableError, AbandonedError by the clock."""
    # Line ends that markdown-it knows, every character where it was.
    source = content.replace("\r\n", " \n").replace("\r", "\n")
    if begin:
        source = " " * (begin - 1) + "\n" + source[begin:]
    state = _Reader(Abridged(source, clock), content, clock)
    PARSER.block.tokenize(state, 0, state.lineMax)
    return state.finished()


class _Reader(StateBlock):
    """The parser's state. Instead of keeping tokens it notes them, each when the next one comes and it is complete."""

    def __init__(self, source: Abridged, content: str, clock: CuttingClock) -> None:
        super().__init__(source.text, PARSER, {}, [])
        # Numbers of lines below are those of the content.
        self._numbers, self._line_starts = source.numbers, source.starts
        self._content = content
        self._clock = clock
        self._ticks = 0
        self._found = Outline()
        self._last: Token | None = None
        self._unread = Token("", "", 0)
        # Containers that are open: level and context.
        self._open: list[tuple[int, int]] = []
        # Lines from here on belong to the last block, with this context; the first `_kept` stay with what is above.
        self._line = self._given = 0
        self._inner = NO_CONTEXT
        self._kept = 0
        self._end_of_fence = -1
        self._is_code = self._is_table = False
        self._is_after_heading = False
        self._lead: Token | None = None

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """Called by the rules: a new token, whose properties they set afterwards."""
        if nesting < 0:
            self.level -= 1
        token = self._unread
        if ttype in READ:
            self._ticks += 1
            if self._ticks % LINES_BETWEEN_CHECKS == 0:
                self._clock.check()
            self._note_last()
            token = self._last = Token(ttype, tag, nesting, level=self.level)
        if nesting > 0:
            self.level += 1
        return token

    def finished(self) -> Outline:
        """The outline of the whole text."""
        self._note_last()
        self._note_lines(len(self._line_starts) - 1)
        return self._found

    def _note_last(self) -> None:
        token, self._last = self._last, None
        if token is None or token.map is None:
            return
        token.map = [self._numbers[line] for line in token.map]
        first = token.map[0]
        self._note_lines(first)
        while self._open and self._open[-1][0] >= token.level:
            self._open.pop()
        around = self._inner = self._open[-1][1] if self._open else NO_CONTEXT
        self._line = max(self._line, first + 1)
        self._kept, self._end_of_fence = 0, -1
        self._is_code, self._is_table = token.type in CODE, token.type == "table_open"
        if token.type == "heading_open" and token.level == 0:
            self._note_heading(token)
        else:
            self._found.add(self._line_starts[first], self._strength(token), around)
            self._is_after_heading = False
            self._note_inside(token, around)
        self._lead = token if token.type == "paragraph_open" else None

    def _strength(self, token: Token) -> Strength:
        """NONE between a heading and what follows it."""
        if self._is_after_heading:
            return Strength.NONE
        if token.level > 0:
            return Strength.ITEM
        return Strength.RULE if token.type == "hr" else Strength.BLOCK

    def _note_heading(self, token: Token) -> None:
        first, after = token.map or (0, 0)
        start, end = self._line_starts[first], self._line_starts[after]
        # The words of an underlined heading can have several lines.
        words = self._unread.content if after == first + 1 else self._content[start : self._line_starts[after - 1]]
        text = words.rstrip().rstrip(ANCHORS).strip()[:MAX_HEADING_CHARACTERS].rstrip()
        self._found.headings.append(Heading(text, int(token.tag[1:]), start, end))
        self._found.add(start, Strength.NONE)
        self._line, self._is_after_heading = after, True

    def _note_inside(self, token: Token, around: int) -> None:
        first, after = token.map or (0, 0)
        if token.type in LISTS:
            lead = self._lead.map if self._lead and self._lead.level == token.level else None
            if lead:
                self._open.append((token.level, self._add_context(Kind.LEAD, around, lead[0], lead[1])))
        elif token.type == "list_item_open":
            self._inner = self._add_context(Kind.LINE, around, first, first + 1)
            self._open.append((token.level, self._inner))
        elif token.type == "table_open":
            self._inner = self._add_context(Kind.HEADER, around, first, first + 2)
            self._kept = 2  # the rule below the header, and the first row
        elif token.type == "fence":
            self._inner = self._add_context(Kind.LINE, around, first, first + 1)
            self._kept = 1
            if self._line_of(after - 1).strip().startswith(token.markup):
                self._end_of_fence = after - 1
        elif token.type == "html_block":
            self._found.hidden.extend(hidden_parts(self._content, self._line_starts[first], self._line_starts[after]))

    def _add_context(self, kind: Kind, around: int, first: int, after: int) -> int:
        return self._found.contexts.add(kind, around, self._line_starts[first], self._line_starts[after])

    def _note_lines(self, until: int) -> None:
        """Note the lines of the last block, to before the line `until`."""
        is_after_blank = False
        for number in range(self._line, until):
            if number % LINES_BETWEEN_CHECKS == 0:
                self._clock.check()
            start = self._line_starts[number]
            if self._is_left_out(number):
                self._found.add(start, self._found.strengths[-1], self._found.contexts_of[-1])
                continue
            is_kept = self._kept > 0 or number == self._end_of_fence
            strength = Strength.ITEM if is_after_blank or self._is_table else Strength.LINE
            self._found.add(start, Strength.NONE if is_kept else strength, self._inner)
            self._kept -= 1
            is_after_blank = self._is_code and not self._line_of(number).strip()
        self._line = max(self._line, until)

    def _is_left_out(self, number: int) -> bool:
        """Whether the parser was not given the line, since it is like the two before it."""
        while self._numbers[self._given] < number:
            self._given += 1
        return self._numbers[self._given] > number

    def _line_of(self, number: int) -> str:
        return self._content[self._line_starts[number] : self._line_starts[number + 1]]
