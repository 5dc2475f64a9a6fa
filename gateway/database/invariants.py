"""Rules that a database must keep: `sql/invariants/<kind>/<rule>.sql` is a query whose rows are breaches.

Every file returns the same columns: `object` (what breaks the rule), `detail` (how, a sentence) and `remediation` (what
to run or to do). It begins with a comment that says what the rule is. Of the two kinds, a breach of `isolation` may let
rows out, so that the gateway does not serve such a database; one of `hygiene` makes it slower, or harder to keep right.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.database.queries import read_statement, sql, sql_files

DIRECTORY = sql("invariants")
KINDS = ("isolation", "hygiene")


@dataclass(frozen=True)
class Invariant:
    """One rule: its name, its kind, and the query that finds what breaks it."""

    name: str
    kind: str
    statement: bytes


@dataclass(frozen=True)
class Finding:
    """One breach: the rule's name, what breaks it, how, and what to do."""

    rule: str
    object: str
    detail: str
    remediation: str

    def __str__(self) -> str:
        """As an operator is told."""
        return f"{self.rule}: {self.object}: {self.detail} {self.remediation}"


def invariants(*kinds: str) -> list[Invariant]:
    """The rules of `kinds`, by default of all, in order of kind and name."""
    return [
        Invariant(name, kind, read_statement(path))
        for kind in kinds or KINDS
        for name, path in sql_files(DIRECTORY / kind).items()
    ]


def findings_query(rules: Iterable[Invariant]) -> bytes:
    """One query for all `rules`, with the columns of a Finding; it takes no parameters."""
    # Names are those of files in this repository; the files hold one query each, without a semicolon.
    return b"\nunion all\n".join(
        b"select '%b' as rule, f.object, f.detail, f.remediation from (\n%b\n) f" % (rule.name.encode(), rule.statement)
        for rule in rules
    )
