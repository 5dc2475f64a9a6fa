"""Passages as parameters of the bulk statements: an array a column."""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from pgvector import HalfVector

from gateway.chunking.chunker import Passage
from gateway.worker.embedding.diff import Placed
from gateway.worker.embedding.jobs import Batch, Job, Model, Vector

Row = Mapping[str, object]


def updated(kept: Sequence[tuple[int, Placed]]) -> Row:
    """Parameters of update_chunks."""
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
        "hashes": [placed.passage.input_hash for placed, _ in new],
        "embeddings": [HalfVector(vector) for _, vector in new],
        "model_id": model.id,
        **_columns([placed for placed, _ in new]),
    }


def staged(job: Job, passages: Mapping[bytes, Passage], batch: Batch) -> Row:
    """Parameters of stage_embeddings."""
    return {
        "source_id": job.source_id,
        "revision": job.revision,
        "model_id": batch.model.id,
        "hashes": list(passages),
        "embeddings": [HalfVector(batch.vectors[input_hash]) for input_hash in passages],
        "bytes": sum(len(passage.content.encode()) for passage in passages.values()),
    }


def _columns(placed: Sequence[Placed]) -> Row:
    passages = [each.passage for each in placed]
    return {
        "positions": [each.position for each in placed],
        "titles": [each.of.source.title for each in placed],
        "headings": [json.dumps(passage.heading_path) for passage in passages],
        "contents": [passage.content for passage in passages],
        "starts": [passage.start for passage in passages],
        "ends": [passage.end for passage in passages],
        "token_counts": [passage.token_count for passage in passages],
        "languages": [each.of.source.language for each in placed],
    }
