"""What a worker has in its hands on the way from the queue to the tables."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from gateway.chunking.chunker import Chunk

Vector = NDArray[np.float32]

# Chunks of one source that are embedded before others have their turn: about as much as a batch, two seconds of work.
CHUNKS_PER_TURN = 96


@dataclass(frozen=True)
class Model:
    """A model of the registry."""

    id: int
    name: str
    dimensions: int


@dataclass(frozen=True)
class Job:
    """A source whose chunks are out of date. `revision` is that of the text when the job was taken.

    `traceparent` is the trace of the request that wrote the text.
    """

    source_id: UUID
    is_document: bool
    revision: int
    attempts: int
    tenant_id: UUID
    is_short: bool
    traceparent: str | None = None


@dataclass(frozen=True)
class FileText:
    """What was read of a file of a document, where its pages begin, and whether it is Markdown or plain text."""

    file_id: UUID
    content: str
    page_starts: Sequence[int]
    is_markdown: bool

    def page(self, start: int) -> int | None:
        """The page of the character at `start`, from 1; None without pages."""
        return max(bisect_right(self.page_starts, start), 1) if self.page_starts else None


@dataclass(frozen=True)
class Origin:
    """Where a chunk stands: in the source's own text, or in a file, perhaps on a page."""

    file_id: UUID | None = None
    page: int | None = None


@dataclass(frozen=True)
class Source:
    """A text at its job's revision or later, with the hashes of those chunks that have their vectors.

    `language` is what people chose. `staged_hashes` are of vectors that were made in earlier turns and wait for the
    others.
    """

    job: Job
    title: str
    content: str
    language: str | None
    known_hashes: Sequence[bytes]
    staged_hashes: frozenset[bytes] = frozenset()
    files: Sequence[FileText] = ()


@dataclass(frozen=True)
class CutSource:
    """A source and its chunks in order: of its own text, then of its files. `front_matter` is of all these texts.

    `language` is the one that people chose, or that was detected. `unread_by` is the model that does not read its
    script.
    """

    source: Source
    chunks: Sequence[Chunk]
    origins: Sequence[Origin]
    front_matter: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    unread_by: str | None = None

    def missing(self) -> Iterable[Chunk]:
        """Chunks that have no vector yet, the second of two equal ones too."""
        known = Counter(self.source.known_hashes)
        for chunk in self.chunks:
            if known[chunk.input_hash] > 0:
                known[chunk.input_hash] -= 1
            elif chunk.input_hash not in self.source.staged_hashes:
                yield chunk


@dataclass
class Batch:
    """Sources that go through the worker together, for one model; vectors by input hash once they are embedded."""

    model: Model
    sources: Sequence[CutSource]
    vectors: Mapping[bytes, Vector] = field(default_factory=dict)

    @property
    def jobs(self) -> list[Job]:
        """The jobs of the sources."""
        return [source.source.job for source in self.sources]

    def piece(self) -> dict[bytes, Chunk]:
        """What is to embed in this turn: all that is missing of a source, or as much as a turn takes."""
        return {
            chunk.input_hash: chunk for source in self.sources for chunk in islice(source.missing(), CHUNKS_PER_TURN)
        }

    def parted(self) -> "tuple[Batch, list[CutSource]]":
        """The sources that have all their vectors now, and those that need another turn."""
        waiting = [s for s in self.sources if any(p.input_hash not in self.vectors for p in s.missing())]
        whole = [source for source in self.sources if source not in waiting]
        return Batch(self.model, whole, self.vectors), waiting

    def by_length(self, most: int) -> "list[Batch]":
        """The sources of up to so many chunks together, and each longer one alone."""
        short = [source for source in self.sources if len(source.chunks) <= most]
        long = [[source] for source in self.sources if len(source.chunks) > most]
        return [Batch(self.model, sources, self.vectors) for sources in [short, *long] if sources]

    def alone(self) -> "list[Batch]":
        """The same as batches of one source each, to find the one that fails."""
        return [Batch(self.model, [source], self.vectors) for source in self.sources]
