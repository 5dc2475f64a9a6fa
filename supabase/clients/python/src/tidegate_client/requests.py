"""What is asked of the gateway, apart from how it is sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypedDict, TypeVar
from uuid import UUID

from tidegate_client.models import (
    AnswerResponse,
    DocumentState,
    Effort,
    EmbeddingsResponse,
    Filters,
    Include,
    Kind,
    Message,
    Mode,
    RecommendationsResponse,
    SearchResponse,
    StatusResponse,
    Syntax,
)
from tidegate_client.retries import TOO_MANY, UNAVAILABLE

Answer = TypeVar("Answer")
File = Path | tuple[str, bytes, str]
"""A path, or name, content and media type."""


class SearchOptions(TypedDict, total=False):
    """How to search; the gateway's defaults hold for the rest."""

    mode: Mode
    kinds: list[Kind]
    limit: int
    filters: Filters
    effort: Effort
    passages_per_result: int
    include: list[Include]
    syntax: Syntax
    prefix: bool
    explain: bool
    explain_ids: list[str]


class AnswerOptions(TypedDict, total=False):
    """What to answer from."""

    kinds: list[Kind]
    organization_id: str
    filters: Filters
    limit: int


class DocumentOptions(TypedDict, total=False):
    """Columns of a document."""

    title: str
    visibility: Literal["private", "organization", "public"]
    organization_id: str
    language: str
    source_uri: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Request(Generic[Answer]):
    """One request, whose answer is an `Answer`."""

    method: str
    path: str
    json: Mapping[str, Any] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] | None = None
    files: Sequence[tuple[str, tuple[str, bytes, str]]] | None = None
    retried: frozenset[int] = frozenset({TOO_MANY, UNAVAILABLE})
    """Statuses after which it may be made again: what only reads, after both."""


def search(query: str, options: SearchOptions) -> Request[SearchResponse]:
    """POST /v1/search."""
    return Request("POST", "/v1/search", json={"query": query, **_renamed(options)})


def answer(
    question: str | Sequence[Message], options: AnswerOptions, *, stream: bool = False
) -> Request[AnswerResponse]:
    """POST /v1/answers: of a question, or of a conversation that ends with one."""
    asked = {"question": question} if isinstance(question, str) else {"messages": list(question)}
    return Request("POST", "/v1/answers", json={**asked, **_renamed(options), "stream": stream})


def embed(texts: str | Sequence[str]) -> Request[EmbeddingsResponse]:
    """POST /v1/embeddings."""
    return Request("POST", "/v1/embeddings", json={"input": texts if isinstance(texts, str) else list(texts)})


def recommend(like: str | UUID | None, category: str | None, limit: int | None) -> Request[RecommendationsResponse]:
    """GET /v1/recommendations."""
    given = {"like": like, "category": category, "limit": limit}
    return Request("GET", "/v1/recommendations", params={name: str(each) for name, each in given.items() if each})


def add_document(files: Sequence[File], options: DocumentOptions) -> Request[DocumentState]:
    """POST /v1/documents. After 503 it may be there already, so it is made again after 429 alone."""
    columns: dict[str, Any] = dict(options)
    if "metadata" in columns:
        columns["metadata"] = json.dumps(columns["metadata"])
    parts = [("files", _part(file)) for file in files]
    return Request("POST", "/v1/documents", data=columns, files=parts, retried=frozenset({TOO_MANY}))


def get_document(document_id: str | UUID) -> Request[DocumentState]:
    """GET /v1/documents/{id}."""
    return Request("GET", f"/v1/documents/{UUID(str(document_id))}")


def get_status() -> Request[StatusResponse]:
    """GET /v1/status."""
    return Request("GET", "/v1/status")


def _renamed(options: SearchOptions | AnswerOptions) -> dict[str, Any]:
    """`in` is a word of Python."""
    return {"in" if name == "kinds" else name: each for name, each in options.items()}


def _part(file: File) -> tuple[str, bytes, str]:
    if isinstance(file, Path):
        return file.name, file.read_bytes(), "application/octet-stream"
    return file
