"""Compares what a project answered with what is expected, and writes the differences down."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.local.paths import REPOSITORY

EXPECTED = tomllib.loads(Path(__file__).with_name("expected.toml").read_text(encoding="utf-8"))
PAGE = REPOSITORY / "docs" / "differences.md"
BEGIN, END = "<!-- conformance: written by make conformance -->\n", "<!-- end of conformance -->\n"
ABSENT = 501


@dataclass(frozen=True)
class Finding:
    """One call: what it should have been answered, what it was, and how the local stack is known to differ."""

    name: str
    differences: Mapping[str, tuple[Any, Any]]
    status: int
    note: str | None

    @property
    def kind(self) -> str:
        """same, different or absent."""
        if not self.differences:
            return "same"
        return "absent" if self.status == ABSENT else "different"

    @property
    def is_news(self) -> bool:
        """Whether nobody expects it: a difference without a note, or a note without a difference."""
        return bool(self.differences) != (self.note is not None)


def compared(answers: Sequence[Mapping[str, Any]], *, is_local: bool) -> list[Finding]:
    """Each answer beside what is expected; the notes are about the local stack alone. Every call has both."""
    calls: dict[str, dict[str, Any]] = EXPECTED["calls"]
    assert {answer["name"] for answer in answers} == set(calls)
    return [_compared(answer, calls[answer["name"]], is_local=is_local) for answer in answers]


def _compared(answer: Mapping[str, Any], wanted: Mapping[str, Any], *, is_local: bool) -> Finding:
    span = re.sub(r"\d+", "N", answer["headers"].get("content-range", ""))
    missing = sorted(set(wanted.get("fields", [])) - set(answer["fields"] or []))
    pairs = {
        "status": (wanted["status"], answer["status"]),
        "code": (wanted.get("code", answer["code"]), answer["code"]),
        "content-range": (wanted.get("range", span), span),
        "missing": ([], missing),
    }
    differences = {what: pair for what, pair in pairs.items() if pair[0] != pair[1]}
    return Finding(answer["name"], differences, answer["status"], wanted.get("local") if is_local else None)


def table(findings: Sequence[Finding]) -> str:
    """The counts, and a line for each difference."""
    counts = Counter(finding.kind for finding in findings)
    lines = [
        f"{len(findings)} calls: " + ", ".join(f"{counts[kind]} {kind}" for kind in ("same", "different", "absent"))
    ]
    for finding in findings:
        if finding.differences or finding.is_news:
            said = "; ".join(f"{what}: {got}, not {wanted}" for what, (wanted, got) in finding.differences.items())
            lines.append(f"{'NEW ' if finding.is_news else ''}{finding.name}: {said or 'no difference any more'}")
    return "\n".join(lines)


def write(findings: Sequence[Finding]) -> None:
    """Write the differences into docs/differences.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{page(findings)}{END}{rest.partition(END)[2]}", encoding="utf-8")


def page(findings: Sequence[Finding]) -> str:
    """The table of the page."""
    counts = Counter(finding.kind for finding in findings)
    rows = [
        f"| {finding.name} | {finding.note} | {EXPECTED['sources'][EXPECTED['calls'][finding.name]['source']]} |"
        for finding in findings
        if finding.note is not None
    ]
    head = "| call | local | what is right says |\n| --- | --- | --- |\n"
    said = (
        f"{counts['same']} are answered alike, {counts['different']} differently, {counts['absent']} not at all (501)."
    )
    return f"\nOf {len(findings)} calls {said}\n\n{head}" + "\n".join(rows) + "\n\n"
