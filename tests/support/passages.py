"""Passages and vectors put in place as the worker would, with vectors that tests choose."""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

DIMENSIONS = 384
Vector = Sequence[float]


def unit_vector(seed: int, dimensions: int = DIMENSIONS) -> list[float]:
    """A direction of unit length that belongs to `seed`; two of them are nearly at right angles."""
    generator = random.Random(seed)
    vector = [generator.gauss(0, 1) for _ in range(dimensions)]
    length = sum(x * x for x in vector) ** 0.5
    return [x / length for x in vector]


def as_literal(vector: Vector) -> str:
    """`vector` as PostgreSQL reads a halfvec."""
    return "[" + ",".join(f"{x:.6f}" for x in vector) + "]"


def index_documents(worker: psycopg.Connection[Any], vectors: Mapping[str, Vector]) -> None:
    """Make every queued document searchable as one passage, with the vector given for its title.

    `worker` is a connection as tidegate_worker. A document whose title has no vector gets one of its own.
    """
    with worker.transaction():
        sources = worker.execute(
            "select d.id, d.scope_id, d.title, d.content, coalesce(d.language, 'und')"
            " from public.documents d join private.embedding_jobs j on j.document_id = d.id order by d.id"
        ).fetchall()
        for number, (source, scope, title, content, language) in enumerate(sources):
            chunk = worker.execute(
                "insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
                " token_count, language, input_hash) values (%s, %s, 0, %s, %s, 0, %s, 1, %s, '') returning id",
                (source, scope, title, content, len(content), language),
            ).fetchone()
            assert chunk is not None
            vector = vectors.get(title) or unit_vector(10_000 + number)
            worker.execute(
                "insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
                " values (%s, 1, %s, %s, %s::extensions.halfvec)",
                (chunk[0], source, scope, as_literal(vector)),
            )
        worker.execute("update public.documents set status = 'ready'")
        worker.execute("delete from private.embedding_jobs where document_id is not null")


@dataclass(frozen=True)
class Part:
    """A chunk to write: its text, what it stands under, and its vector."""

    content: str
    heading_path: tuple[str, ...] = ()
    vector: Vector | None = None


def write_parts(
    admin: psycopg.Connection[Any], author: uuid.UUID | None, title: str, parts: Sequence[Part], **columns: Any
) -> uuid.UUID:
    """A document of these chunks, one below the other, searchable by words and by the vectors that they have."""
    columns = {"visibility": "public", "organization_id": None, **columns}
    row = admin.execute(
        "insert into public.documents (owner_id, title, content, visibility, organization_id)"
        " values (%s, %s, %s, %s::public.document_visibility, %s) returning id, scope_id",
        (author, title, "\n\n".join(part.content for part in parts), columns["visibility"], columns["organization_id"]),
    ).fetchone()
    assert row is not None
    document, scope = row
    start = 0
    for position, part in enumerate(parts):
        end = start + len(part.content)
        admin.execute(
            "with chunk as ("
            " insert into public.chunks (document_id, scope_id, position, title, heading_path, content, start_offset,"
            " end_offset, token_count, language, input_hash) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'en', '')"
            " returning id)"
            " insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)"
            " select id, 1, %s, %s, %s::extensions.halfvec from chunk",
            (
                *(document, scope, position, title, list(part.heading_path), part.content, start, end),
                len(part.content.split()) + 2,
                *(document, scope, as_literal(part.vector or unit_vector(20_000 + position))),
            ),
        )
        start = end + 2
    return uuid.UUID(str(document))


def towards(vector: Vector, cosine: float, seed: int) -> list[float]:
    """A unit vector whose cosine with the unit `vector` is `cosine`."""
    other = unit_vector(seed, len(vector))
    along = sum(x * y for x, y in zip(vector, other, strict=True))
    across = [y - along * x for x, y in zip(vector, other, strict=True)]
    length = sum(x * x for x in across) ** 0.5
    rest = (1 - cosine * cosine) ** 0.5 / length
    return [cosine * x + rest * y for x, y in zip(vector, across, strict=True)]
