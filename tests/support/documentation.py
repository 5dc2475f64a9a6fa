"""The documentation as data: pages, their fenced blocks, their links and headings."""

import re
from dataclasses import dataclass
from pathlib import Path

from gateway.local.paths import REPOSITORY

RUNNABLE = ("sh", "js", "python", "sql")
SHOWN = ("json", "text")
FENCE = re.compile(r"^```(\S*)$")
MARK = re.compile(r"^<!-- (not run|refused|tree)(?:: (.+))? -->$")
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. A comment above it marks one that is `not_run`, and why, or one that the API is to refuse.

    `tree` marks what is done in a checkout: the file that the block is text or a change of, or "" for commands.
    `output` is the fenced block of a shown language that follows directly.
    """

    page: str
    line: int
    language: str
    code: str
    not_run: str | None = None
    is_refused: bool = False
    tree: str | None = None
    output: "Block | None" = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page for people, the README first."""
    top = [
        REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "sql/README.md")
    ]
    clients = sorted((REPOSITORY / "supabase" / "clients").glob("*/README.md"))
    return [page for page in top if page.exists()] + sorted((REPOSITORY / "docs").rglob("*.md")) + clients


def name_of(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[str]:
    """The targets of the page's links to files of the repository, anchors included."""
    text = re.sub(r"`[^`\n]*`", "", prose(page.read_text(encoding="utf-8")))
    return [target for target in LINK.findall(text) if "://" not in target and not target.startswith("mailto:")]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(page: Path) -> list[Block]:
    """The page's fenced blocks, top to bottom; one that shows the output of the block above belongs to that one."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        opened = FENCE.match(lines[number])
        if opened is None:
            assert not lines[number].lstrip().startswith("```"), f"{name_of(page)}:{number + 1}: an indented fence"
            number += 1
            continue
        end = lines.index("```", number + 1)
        mark = MARK.match(lines[number - 1]) if number else None
        block = Block(
            name_of(page),
            number + 1,
            opened[1],
            "\n".join(lines[number + 1 : end]) + "\n",
            not_run=mark[2] if mark and mark[1] == "not run" else None,
            is_refused=bool(mark and mark[1] == "refused"),
            tree=(mark[2] or "") if mark and mark[1] == "tree" else None,
        )
        if found and block.language in SHOWN and lines[number - 1] == "" and lines[number - 2] == "```":
            above = found.pop()
            if above.language in RUNNABLE and above.not_run is None:
                block = Block(**{**vars(above), "output": block})
            else:
                found.append(above)
        found.append(block)
        number = end + 1
    return found
