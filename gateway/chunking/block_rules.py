"""The block rules of markdown-it-py, asked only where they can match.

The parser asks every rule at every line of a paragraph. Of a text with a million lines that is most of the time. Nearly
all rules match only lines that begin with certain characters, so those are looked at once a line.
"""

from collections.abc import Callable
from itertools import chain

from markdown_it import MarkdownIt
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock, blockquote, list_block, table

# As many as the parser's own preset for CommonMark allows: a list and its item are two.
MAX_NESTING = 20
# What the first line of a block begins with, after its indentation. Other rules are asked at every line.
FIRST = {
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*+-0123456789",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
CHAINS = ("", "paragraph", "reference", "blockquote", "list")

Rule = Callable[[StateBlock, int, int, bool], bool]


class _Rules(Ruler[Rule]):
    """One rule in place of all those of a chain."""

    def __init__(self, rules: Ruler[Rule]) -> None:
        super().__init__()
        self._active = rules.get_active_rules()
        names = {rule: name for name, rule in zip(self._active, rules.getRules(""), strict=True)}
        self._chains = {name: [_first_match([(names[rule], rule) for rule in rules.getRules(name)])] for name in CHAINS}

    def getRules(self, chainName: str = "") -> list[Rule]:  # noqa: N802, N803 - the parser's names
        """Called by the parser: the rules that may end a block of this kind, or, without a name, begin one."""
        return self._chains[chainName]

    def get_active_rules(self) -> list[str]:
        """Called by the parser: names of the rules."""
        return self._active


def _first_match(rules: list[tuple[str, Rule]]) -> Rule:
    others = [rule for name, rule in rules if name not in FIRST]
    by_character = {
        character: [rule for name, rule in rules if character in FIRST.get(name, character)]
        for character in set(chain.from_iterable(FIRST.values()))
    }

    def first_match(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        place = state.bMarks[start] + state.tShift[start]
        character = state.src[place] if place < state.eMarks[start] else ""
        for rule in by_character.get(character, others):  # noqa: SIM110 - a generator takes a third longer
            if rule(state, start, end, silent):
                return True
        return False

    return first_match


def _bounded(rule: Rule) -> Rule:
    """The rule, as long as there are not too many levels."""

    def bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        return state.level < MAX_NESTING and rule(state, start, end, silent)

    return bounded


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table has its rule in the second line."""
    if start + 1 >= end:
        return False
    place = state.bMarks[start + 1] + state.tShift[start + 1]
    return state.src[place : place + 1] in ("|", "-", ":") and table(state, start, end, silent)


def _parser() -> MarkdownIt:
    # The bound on levels above is met first: at its own, the parser would skip the rest of the text.
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * MAX_NESTING}).enable("table")
    rules = parser.block.ruler
    rules.at("table", _table, {"alt": ["paragraph", "reference"]})
    rules.at("blockquote", _bounded(blockquote), {"alt": ["paragraph", "reference", "blockquote", "list"]})
    rules.at("list", _bounded(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler = _Rules(rules)
    return parser


PARSER = _parser()
