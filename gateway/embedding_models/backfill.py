"""Filling a model: vectors of every chunk that has none, while everything else goes on.

It can be interrupted at any time and begun again: what is missing is read from the tables each time.
"""

from collections.abc import Callable

import psycopg

from gateway.chunking.chunker import Chunker
from gateway.embedding_models.registry import Coverage, ModelError, Registry, Unembedded
from gateway.embeddings import Embedder

BATCH = 256
INDEX_ROWS = 256

Progress = Callable[[int], None]


async def backfill(registry: Registry, embedder: Embedder, model: Coverage, progress: Progress) -> int:
    """Embed until no chunk lacks a vector of `model`; how many were added. `progress` gets each batch's number.

    Raises ModelError when the embedder is another model, EmbeddingError when it does not work.
    """
    if (embedder.name, embedder.dimensions) != (model.name, model.dimensions):
        raise ModelError(
            f"The embedder is {embedder.name} with {embedder.dimensions} dimensions, not {model.name} with "
            f"{model.dimensions}: set EMBEDDER_… or NEXT_EMBEDDER_… to it."
        )
    chunker = Chunker(embedder)
    total, after, found_any = 0, 0, True
    while found_any or after:
        chunks = await registry.unembedded(model, after, BATCH)
        found_any = bool(chunks)
        # From the beginning again after the last one, until a whole round finds nothing: texts change meanwhile.
        after = chunks[-1].id if chunks else 0
        if chunks:
            total += await _add(registry, embedder, chunker, model, chunks)
            progress(len(chunks))
    return total


async def build_index(registry: Registry, model: Coverage, progress: Progress) -> int:
    """Put the model's vectors into their indexes, in small steps; how many."""
    total = 0
    while steps := await registry.index(model, INDEX_ROWS):
        total += steps
        progress(steps)
    return total


async def _add(
    registry: Registry, embedder: Embedder, chunker: Chunker, model: Coverage, chunks: list[Unembedded]
) -> int:
    inputs = [chunker.input_of(p.title, p.heading_path, p.context, p.content, p.input_hash) for p in chunks]
    vectors = await embedder.embed_chunks(inputs)
    try:
        return await registry.add_vectors(model, chunks, vectors)
    except psycopg.errors.ForeignKeyViolation:
        # One of them was moved or removed at this moment: it is found, or not missed, in the next round.
        added = 0
        for chunk, vector in zip(chunks, vectors, strict=True):
            try:
                added += await registry.add_vectors(model, [chunk], vector[None])
            except psycopg.errors.ForeignKeyViolation:
                continue
        return added
