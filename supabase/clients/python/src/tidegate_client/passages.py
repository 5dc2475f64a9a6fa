"""What a search found as passages, one by one, as frameworks want it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tidegate_client.models import SearchResponse
from tidegate_client.requests import SearchOptions

QUESTION: SearchOptions = {"syntax": "plain"}
"""What a program asks for is ordinary text: its quotation marks and hyphens are no operators."""


@dataclass(frozen=True)
class FoundPassage:
    """A chunk of a document or product."""

    id: str
    text: str
    """With the lines above that it needs, such as a table's header."""
    score: float
    metadata: dict[str, Any]
    """The document's own, and where the passage stands: `source_id`, `title`, `heading_path`, `file_name`, `page`, …"""


def passages(found: SearchResponse) -> Iterator[FoundPassage]:
    """Every passage of every result, best result first."""
    for result in found["results"]:
        for passage in result["passages"]:
            place = {name: passage[name] for name in ("heading_path", "file_name", "page", "start", "end", "score")}
            metadata = {**result["metadata"], **place, "kind": result["kind"], "title": result["title"]}
            text = "\n".join(part for part in (passage["context"], passage["content"]) if part)
            yield FoundPassage(
                str(passage["chunk_id"]), text, passage["score"], {**metadata, "source_id": result["id"]}
            )
