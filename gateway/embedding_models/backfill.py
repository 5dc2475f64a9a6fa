"""Filling a model: vectors of every passage that has none, while everything else goes on.

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
    """Embed until no passage lacks a vector of `model`; how many were added. `progress` gets each batch's number.

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
        passages = await registry.unembedded(model, after, BATCH)
        found_any = bool(passages)
        # From the beginning again after the last one, until a whole round finds nothing: texts change meanwhile.
        after = passages[-1].id if passages else 0
        if passages:
            total += await _add(registry, embedder, chunker, model, passages)
            progress(len(passages))
    return total


async def build_index(registry: Registry, model: Coverage, progress: Progress) -> int:
    """Put the model's vectors into their indexes, in small steps; how many."""
    total = 0
    while steps := await registry.index(model, INDEX_ROWS):
        total += steps
        progress(steps)
    return total


async def _add(
    registry: Registry, embedder: Embedder, chunker: Chunker, model: Coverage, passages: list[Unembedded]
) -> int:
    inputs = [chunker.input_of(p.title, p.heading_path, p.content, p.input_hash) for p in passages]
    vectors = await embedder.embed_passages(inputs)
    try:
        return await registry.add_vectors(model, passages, vectors)
    except psycopg.errors.ForeignKeyViolation:
        # One of them was moved or removed at this moment: it is found, or not missed, in the next round.
        added = 0
        for passage, vector in zip(passages, vectors, strict=True):
            try:
                added += await registry.add_vectors(model, [passage], vector[None])
            except psycopg.errors.ForeignKeyViolation:
                continue
        return added
