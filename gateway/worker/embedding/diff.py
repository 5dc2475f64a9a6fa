"""What has to change in the tables so that they hold a batch's chunks: nothing that is right already."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from gateway.chunking.chunker import Chunk
from gateway.worker.embedding.jobs import Batch, CutSource, Vector


@dataclass(frozen=True)
class StoredChunk:
    """A chunk as it is in the tables now."""

    id: int
    source_id: UUID
    input_hash: bytes
    has_vector: bool


@dataclass(frozen=True)
class Placed:
    """A chunk, the source it is of, and its place there."""

    of: CutSource
    position: int
    chunk: Chunk


@dataclass
class Changes:
    """Rows to remove, to keep (perhaps moved), to keep and give a vector, and to add."""

    gone: list[int] = field(default_factory=list)
    kept: list[tuple[int, Placed]] = field(default_factory=list)
    vectors: list[tuple[int, Vector]] = field(default_factory=list)
    new: list[tuple[Placed, Vector]] = field(default_factory=list)
    # Sources of which a chunk was removed after its vector was found to be there: to be done again.
    incomplete: list[CutSource] = field(default_factory=list)


def compare(batch: Batch, stored: Sequence[StoredChunk]) -> Changes:
    """Match chunks with stored ones by what was embedded: an equal one keeps its row, hence its vectors."""
    changes = Changes()
    rows: dict[UUID, dict[bytes, list[StoredChunk]]] = defaultdict(lambda: defaultdict(list))
    for row in reversed(stored):  # so that pop() gives the first of equal ones
        rows[row.source_id][row.input_hash].append(row)
    for source in batch.sources:
        _compare_source(source, rows[source.source.job.source_id], batch.vectors, changes)
    return changes


def _compare_source(
    source: CutSource, rows: dict[bytes, list[StoredChunk]], vectors: Mapping[bytes, Vector], changes: Changes
) -> None:
    found = Changes()
    for position, chunk in enumerate(source.chunks):
        vector = vectors.get(chunk.input_hash)
        row = rows[chunk.input_hash].pop() if rows.get(chunk.input_hash) else None
        placed = Placed(source, position, chunk)
        if vector is None and (row is None or not row.has_vector):
            changes.incomplete.append(source)
            return
        if row is None:
            assert vector is not None
            found.new.append((placed, vector))
            continue
        found.kept.append((row.id, placed))
        if vector is not None and not row.has_vector:
            found.vectors.append((row.id, vector))
    changes.gone += [row.id for left in rows.values() for row in left]
    changes.kept += found.kept
    changes.vectors += found.vectors
    changes.new += found.new
