"""Reads the demonstration data of `supabase/seed`: two organizations and their Markdown documents."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from gateway.local.errors import LocalError
from gateway.local.paths import SUPABASE

SEED_SQL = SUPABASE / "seed.sql"
SEED = SUPABASE / "seed"
FENCE = "+++\n"
Visibility = Literal["private", "organization", "public"]


@dataclass(frozen=True)
class SeedOrganization:
    """An organization, the demo account that founds it, those that read in it, and whether it may publish."""

    slug: str
    name: str
    account: str
    viewers: tuple[str, ...] = ()
    may_publish: bool = False


@dataclass(frozen=True)
class SeedDocument:
    """One Markdown file: TOML between two `+++` lines, then the text."""

    title: str
    visibility: Visibility
    language: str
    source_uri: str
    content: str
    metadata: dict[str, Any] = field(default_factory=dict)

    def as_row(self, organization_id: str) -> dict[str, Any]:
        """The row that the Data API inserts into `documents`."""
        return {**vars(self), "organization_id": organization_id}


def read_organizations(directory: Path = SEED) -> list[SeedOrganization]:
    """The organizations of `organizations.toml`."""
    path = directory / "organizations.toml"
    tables = _toml(path.read_text(encoding="utf-8"), path).get("organizations", [])
    try:
        return [SeedOrganization(**{**table, "viewers": tuple(table.get("viewers", ()))}) for table in tables]
    except TypeError as error:
        raise LocalError(f"{path}: {error}") from error


def read_documents(slug: str, directory: Path = SEED) -> list[SeedDocument]:
    """The documents of one organization in the order of their file names; LocalError names a file that is wrong."""
    return [read_document(path) for path in sorted((directory / "documents" / slug).glob("*.md"))]


def read_document(path: Path) -> SeedDocument:
    """Parse one file; LocalError when the front matter is missing, not TOML, or lacks a field."""
    opening, header, content = _split(path.read_text(encoding="utf-8"), path)
    fields = _toml(opening + header, path)
    try:
        document = SeedDocument(content=content.strip() + "\n", **fields)
    except TypeError as error:
        raise LocalError(f"{path}: {error}") from error
    if document.visibility not in get_args(Visibility):
        raise LocalError(f"{path}: visibility is {document.visibility!r}, not one of {', '.join(get_args(Visibility))}")
    return document


def _split(text: str, path: Path) -> tuple[str, str, str]:
    parts = text.split(FENCE, 2)
    if len(parts) != 3 or parts[0]:
        raise LocalError(f"{path}: must begin with TOML between two +++ lines")
    return parts[0], parts[1], parts[2]


def _toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LocalError(f"{path}: {error}") from error
