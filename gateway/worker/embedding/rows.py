"""Chunks as parameters of the bulk statements: an array a column."""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from pgvector import HalfVector

from gateway.chunking.chunker import Chunk
from gateway.worker.embedding.diff import Placed
from gateway.worker.embedding.jobs import Batch, CutSource, Model, Vector

Row = Mapping[str, object]


def updated(kept: Sequence[tuple[int, Placed]]) -> Row:
    """Parameters of update_chunks and move_chunks."""
    return {"chunk_ids": [chunk_id for chunk_id, _ in kept], **_columns([placed for _, placed in kept])}


def vectored(rows: Sequence[tuple[int, Vector]], model: Model) -> Row:
    """Parameters of insert_chunk_embeddings."""
    return {
        "chunk_ids": [chunk_id for chunk_id, _ in rows],
        "embeddings": [HalfVector(vector) for _, vector in rows],
        "model_id": model.id,
    }


def inserted(new: Sequence[tuple[Placed, Vector]], scopes: Mapping[UUID, UUID], model: Model) -> Row:
    """Parameters of insert_chunks."""
    jobs = [placed.of.source.job for placed, _ in new]
    return {
        "source_ids": [job.source_id for job in jobs],
        "are_documents": [job.is_document for job in jobs],
        "scope_ids": [scopes[job.source_id] for job in jobs],
        "hashes": [placed.chunk.input_hash for placed, _ in new],
        "embeddings": [HalfVector(vector) for _, vector in new],
        "model_id": model.id,
        **_columns([placed for placed, _ in new]),
    }


def described(sources: Sequence[CutSource]) -> Row:
    """Parameters of describe_documents."""
    return {
        "document_ids": [each.source.job.source_id for each in sources],
        "languages": [each.language for each in sources],
        "unread_by": [each.unread_by for each in sources],
    }


def settled(sources: Sequence[CutSource]) -> Row:
    """Parameters of settle_documents."""
    return {
        "document_ids": [each.source.job.source_id for each in sources],
        "front_matters": [json.dumps(each.front_matter) for each in sources],
        "chunks": [len(each.chunks) for each in sources],
    }


def staged(source: CutSource, batch: Batch) -> Row:
    """Parameters of stage_embeddings."""
    missing = list(source.missing())
    chunks: Mapping[bytes, Chunk] = {c.input_hash: c for c in missing if c.input_hash in batch.vectors}
    return {
        "source_id": source.source.job.source_id,
        "revision": source.source.job.revision,
        "total": len(source.chunks),
        "done": len(source.chunks) - sum(chunk.input_hash not in chunks for chunk in missing),
        "model_id": batch.model.id,
        "hashes": list(chunks),
        "embeddings": [HalfVector(batch.vectors[input_hash]) for input_hash in chunks],
        "bytes": sum(len(chunk.content.encode()) for chunk in chunks.values()),
    }


def _columns(placed: Sequence[Placed]) -> Row:
    chunks = [each.chunk for each in placed]
    return {
        "positions": [each.position for each in placed],
        "titles": [each.of.source.title for each in placed],
        "headings": [json.dumps(chunk.heading_path) for chunk in chunks],
        "contexts": [chunk.context for chunk in chunks],
        "contents": [chunk.content for chunk in chunks],
        "starts": [chunk.start for chunk in chunks],
        "ends": [chunk.end for chunk in chunks],
        "token_counts": [chunk.token_count for chunk in chunks],
        "languages": [each.of.language or "und" for each in placed],
        "file_ids": [each.of.origins[each.position].file_id for each in placed],
        "pages": [each.of.origins[each.position].page for each in placed],
    }
