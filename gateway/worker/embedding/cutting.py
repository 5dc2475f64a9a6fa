"""Cuts the texts of jobs, on threads, and remembers the long ones between their turns.

A long text has many turns. To cut it for each would cost more than the turns do.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from uuid import UUID

from cachetools import FIFOCache

from gateway.chunking.chunker import Chunk, Chunker, Text
from gateway.chunking.clock import UncuttableError
from gateway.chunking.front_matter import merged
from gateway.embeddings import Embedder
from gateway.worker.embedding.jobs import CHUNKS_PER_TURN, CutSource, Job, Model, Origin, Source
from gateway.worker.embedding.languages import LanguageDetector
from gateway.worker.embedding.queue import Queue

# Long texts that are remembered: two megabytes and their chunks take some 10 MB.
REMEMBERED = 8
# What tells the language and the script of a text: the beginnings of chunks from all over it.
SAMPLED_CHUNKS = 16
SAMPLED_CHARACTERS = 250


class Cutter:
    """Reads and cuts; shared by all that one worker does at a time."""

    def __init__(self, chunker: Chunker) -> None:
        """Cut with `chunker`."""
        self._chunker = chunker
        self._languages = LanguageDetector()
        self._long: FIFOCache[tuple[UUID, int], CutSource] = FIFOCache(REMEMBERED)

    async def cut(
        self, queue: Queue, model: Model, embedder: Embedder, jobs: Sequence[Job]
    ) -> tuple[list[CutSource], list[tuple[Job, UncuttableError]]]:
        """The sources of the jobs that are still there, and those that are over a limit. `embedder` is of `model`."""
        known = self._known(jobs)
        sources = (
            await queue.read(jobs, model, {source_id: each.source for source_id, each in known.items()}) if jobs else []
        )
        new = [source for source in sources if source.job.source_id not in known]
        results = await self._cut_each(queue, embedder, new)
        cut, failed = [], []
        for source in sources:
            text = known.get(source.job.source_id)
            result = replace(text, source=source) if text else results[source.job.source_id]
            if isinstance(result, UncuttableError):
                failed.append((source.job, result))
            else:
                cut.append(self._remembered(result))
        return cut, failed

    async def _cut_each(
        self, queue: Queue, embedder: Embedder, sources: list[Source]
    ) -> Mapping[UUID, CutSource | UncuttableError]:
        if not sources:
            return {}
        limits = await queue.chunking_limits()
        texts = [text for source in sources for text in _texts(source)]
        results = await asyncio.to_thread(self._chunker.cut_each, texts, limits)
        parts = zip(texts, results, strict=True)
        cut = [_together(source, list(islice(parts, 1 + len(source.files)))) for source in sources]
        cut = await asyncio.to_thread(lambda: [self._described(each, embedder) for each in cut])
        return {source.job.source_id: each for source, each in zip(sources, cut, strict=True)}

    def _described(self, cut: CutSource | UncuttableError, embedder: Embedder) -> CutSource | UncuttableError:
        if isinstance(cut, UncuttableError):
            return cut
        sample = _sample(cut)
        language = cut.source.language or self._languages.detect(sample)
        return replace(cut, language=language, unread_by=embedder.name if embedder.reads(sample) is False else None)

    def _known(self, jobs: Sequence[Job]) -> dict[UUID, CutSource]:
        found = {job.source_id: self._long.pop((job.source_id, job.revision), None) for job in jobs}
        return {source_id: cut for source_id, cut in found.items() if cut is not None}

    def _remembered(self, cut: CutSource) -> CutSource:
        if len(cut.chunks) > CHUNKS_PER_TURN:
            self._long[cut.source.job.source_id, cut.source.job.revision] = cut
        return cut


def _sample(cut: CutSource) -> str:
    step = -(-len(cut.chunks) // SAMPLED_CHUNKS) or 1
    return "\n".join([cut.source.title, *(chunk.content[:SAMPLED_CHARACTERS] for chunk in cut.chunks[::step])])


def _texts(source: Source) -> list[Text]:
    """The source's own text, and those of its files."""
    own = Text(source.title, source.content, is_markdown=source.job.is_document)
    return [own, *(Text(source.title, file.content, file.is_markdown, file.page_starts) for file in source.files)]


def _together(
    source: Source, texts: Sequence[tuple[Text, list[Chunk] | UncuttableError]]
) -> CutSource | UncuttableError:
    chunks: list[Chunk] = []
    origins: list[Origin] = []
    for file, (_, result) in zip((None, *source.files), texts, strict=True):
        if isinstance(result, UncuttableError):
            return result
        if file is None and source.files and not source.content.strip():
            continue  # its title alone, which the chunks of its files have too
        chunks += result
        origins += [Origin(file.file_id, file.page(chunk.start)) if file else Origin() for chunk in result]
    return CutSource(source, chunks, origins, merged(text.front_matter for text, _ in texts))
