"""Texts that are expensive to cut: parsers, regular expressions and tokenizers are known to be slow at them."""

import base64
import random
import string
from collections.abc import Callable, Iterator

LONGEST = 2_000_000  # characters of a document


def _repeated(unit: str) -> Callable[[int], str]:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def _filled(pieces: Callable[[random.Random], str]) -> Callable[[int], str]:
    def fill(size: int) -> str:
        generator = random.Random(7)
        found: list[str] = []
        length = 0
        while length < size:
            found.append(pieces(generator))
            length += len(found[-1])
        return "".join(found)[:size]

    return fill


def _stairs(step: str, landing: str) -> Callable[[int], str]:
    """Lines that begin with one step more each."""

    def climb(size: int) -> str:
        found: list[str] = []
        length = 0
        while length < size:
            found.append(step * len(found) + landing)
            length += len(found[-1])
        return "".join(found)[:size]

    return climb


def _between(start: str, middle: Callable[[int], str], end: str) -> Callable[[int], str]:
    return lambda size: start + middle(size - len(start) - len(end)) + end


def _word(generator: random.Random, letters: str, length: int) -> str:
    return "".join(generator.choices(letters, k=length))


def _sentence(generator: random.Random) -> str:
    words = [_word(generator, string.ascii_lowercase, generator.randint(2, 9)) for _ in range(generator.randint(5, 20))]
    return " ".join(words).capitalize() + (".\n\n" if generator.random() < 0.1 else ". ")


def _any_character(generator: random.Random) -> str:
    return chr(generator.choice([generator.randint(1, 0xD7FF), generator.randint(0xE000, 0x10FFFF)]))


LOG_LINE = "2026-01-01 12:00:00 INFO gateway request id=4711 took 12 ms\n"

HOSTILE: dict[str, Callable[[int], str]] = {
    # One character, or two.
    **{f"{mark!r} repeated": _repeated(mark) for mark in "a>`[*_\\-=#|<&.~ \t\n"},
    **{
        f"{unit!r} repeated": _repeated(unit)
        for unit in ["\r\n", "- ", ". ", "a ", "a\n", "\u3000", "\u2028", "\x0b", "\x01"]
    },
    # Blocks of Markdown.
    "a log in a fence": _between("```\n", _repeated(LOG_LINE), "```\n"),
    "fences": _repeated("```\nx\n```\n"),
    "fences of two kinds, open": _repeated("```py\nx\n~~~\n"),
    "quotes": _repeated("> " * 50 + "x\n"),
    "deeper and deeper quotes": _stairs(">", " a\n"),
    "lists": _repeated("- a\n"),
    "numbered lists": _repeated("1. a\n"),
    "deeper and deeper lists": _stairs("  ", "- a\n"),
    "lists in quotes in lists": _repeated("> - > 1. ## a\n"),
    "a table": _between("| a | b |\n|---|---|\n", _repeated("| cell one | cell two |\n"), ""),
    "rows that are no table": _repeated("|-:-|-"),
    "headings": _repeated("# a\n"),
    "underlined headings": _repeated("a\n=\n"),
    "indented code": _repeated("    x\n"),
    "a heading with a long line of spaces": _between("# a", _repeated(" "), "b"),
    "a rule that is none": _between("*", _repeated(" * "), "x"),
    # Inline Markdown and HTML.
    "links": _repeated("[a](b) "),
    "links in links": _repeated("[a](<b"),
    "images": _repeated("![a]("),
    "references": _repeated("[a]: b\n"),
    "footnotes": _repeated("[^a]: b\n"),
    "emphasis that never ends": _repeated("*a_ **b "),
    "html": _repeated("<div><p>text</p></div>\n"),
    "open tags": _repeated("<a "),
    "comments that never end": _repeated("<!-- "),
    "entities": _repeated("&amp;"),
    "formulas": _repeated("$x^2$ "),
    "addresses": _repeated("https://example.org/a/b?c=d&e=f "),
    "one long address": _between("https://", _repeated("a%20"), ""),
    # Languages and scripts.
    "Chinese without punctuation": _repeated("潮汐表贴在大门口每天早上都有人来看船只进出港口的时间"),
    "one Chinese character": _repeated("潮"),
    "Hebrew and Arabic": _repeated("שלום עולם مرحبا بالعالم "),
    "Korean": _repeated("각힣뷁"),
    "Thai": _repeated("สวัสดีครับ"),
    "Tamil": _repeated("தமிழ்மொழி"),
    "ligatures": _repeated("ﷺ"),
    "emoji": _repeated("🌊"),
    "families": _repeated("👩\u200d👩\u200d👧\u200d👦"),
    "flags": _repeated("🇩🇪"),
    "accents on every letter": _repeated("e\u0301\u0302\u0303"),
    "accents on nothing": _repeated("\u0301\u0327\u0345\u05b0"),
    "joiners": _repeated("\u200d"),
    "spaces of no width": _repeated("\u200b"),
    "marks of direction": _repeated("\u202e\u202d"),
    "soft hyphens": _repeated("\u00ad"),
    "any character": _filled(_any_character),
    # Data.
    "base64": lambda size: base64.b64encode(random.Random(7).randbytes(size)).decode()[:size],
    "hexadecimal digits": lambda size: random.Random(7).randbytes(size).hex()[:size],
    "JSON": _repeated('{"a":[1,2,{"b":"c"}],"d":null},'),
    "CSV": _repeated("1,2,3,4,5\n"),
    "minified code": _repeated("function(a,b){return a+b};var x=1;"),
    "any printable character": _filled(lambda generator: generator.choice(string.printable)),
    # Words.
    "one line of prose": _filled(lambda generator: _sentence(generator).strip() + " "),
    "prose": _filled(_sentence),
    # The longest words that the tokenizer takes apart: it looks for the longest known part at every letter.
    "long words": _filled(lambda generator: _word(generator, "qxzjkv", 100) + " "),
    "long Russian words": _filled(lambda generator: _word(generator, "щъыэюё", 100) + " "),
}


def hostile_texts(size: int) -> Iterator[tuple[str, str]]:
    """Name and text of each, with `size` characters."""
    for name, make in HOSTILE.items():
        yield name, make(size)
