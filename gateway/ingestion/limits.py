"""What reading one file may take and give: rows of private.limits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The bounds; each but the last belongs to the row file_… of its name."""

    bytes: int = 50_000_000
    pages: int = 2_000
    seconds: int = 20
    memory_bytes: int = 536_870_912
    unpacked_bytes: int = 200_000_000
    unpacked_entries: int = 10_000
    text_bytes: int = 10_000_000
    """file_text_bytes_of_document: of all files of one document together."""


def megabytes(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1e6:,.4g} MB"
