"""Texts into chunks: cut by structure, measured in the model's tokens, each knowing where it stands.

What is embedded of a chunk is its source's title, the headings above it, its context (context.py) and its own text,
one below the other.

Four steps, each linear: the text is tokenized once (measure.py), its blocks are read once (markdown.py), it is divided
into sections (sections.py), and chunks are filled (packing.py). A clock ends the work on a text that costs too much all
the same.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tokenizers import Tokenizer

from gateway.chunking.clock import CuttingClock, UncuttableError
from gateway.chunking.context import context_of
from gateway.chunking.front_matter import front_matter
from gateway.chunking.markdown import markdown_outline
from gateway.chunking.measure import Measure
from gateway.chunking.outline import plain_outline
from gateway.chunking.packing import Packer
from gateway.chunking.sections import Section, heading_paths, sections, together
from gateway.embeddings import Embedder

SPECIAL_TOKENS = 2  # [CLS] and [SEP]
# Of the model's tokens for title and headings of a chunk that does not hold its whole source, and for one of them.
PREFIX_TOKENS = 48
PREFIX_PART_TOKENS = 24
# Of the model's tokens for the context of a chunk, where it has one.
CONTEXT_TOKENS = 64
# Some characters cost no token and some words of any length cost one: what is shown and indexed is bounded too.
MAX_CHARACTERS = 2000
# What can make a text of several sections, or hide a part of it.
STRUCTURE = re.compile(r"^ {0,3}(?:#{1,6}(?:[ \t]|$)|=++[ \t]*+$|-++[ \t]*+$|<|\+\+\+)", re.MULTILINE)


@dataclass(frozen=True)
class Text:
    """What is to be cut. Only Markdown has headings. No chunk runs over one of `breaks`, such as the end of a page."""

    title: str
    content: str
    is_markdown: bool = True
    breaks: Sequence[int] = ()

    @property
    def front_matter(self) -> Mapping[str, Any]:
        """The properties at its head."""
        return self._head[0]

    @property
    def begin(self) -> int:
        """Where the text begins, after its front matter."""
        return self._head[1]

    @cached_property
    def _head(self) -> tuple[Mapping[str, Any], int]:
        return front_matter(self.content) if self.is_markdown else ({}, 0)


@dataclass(frozen=True)
class Limits:
    """The most that one text may make and take: rows of private.limits."""

    chunks: int = 10_000
    seconds: float = 10.0


@dataclass(frozen=True)
class Chunk:
    """`content` is the text from `start` to before `end`; `context` stands further up in the text, without which
    the content is not understood; `prefix` is what is embedded before the content."""

    content: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    context: str
    prefix: str
    token_count: int

    @property
    def embedded(self) -> str:
        """What its vector stands for. Made when it is asked for: a long text would be in memory twice."""
        return _join(self.prefix, self.content)

    @cached_property
    def input_hash(self) -> bytes:
        """SHA-256 of what is embedded."""
        return _hash(self.embedded)


@dataclass(frozen=True)
class _Span:
    start: int
    content: str
    heading_path: tuple[str, ...] = ()
    context: str = ""


class Chunker:
    """Cuts texts for one model. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        """Measure with the embedder's tokenizer and limit."""
        self._tokenizer: Tokenizer = embedder.tokenizer
        self._max_tokens = embedder.max_tokens

    def cut(self, texts: Sequence[Text]) -> list[list[Chunk]]:
        """Chunks of each text, in order, at least one each: a text without words is one empty chunk.

        A text of one section that fits the model with its title stays whole. Every chunk fits the model and is in one
        section; between chunks lie only white space, hidden parts of HTML, and headings that are in the path of the
        next one; every heading of a path and line of a context stands word for word in the text. UncuttableError.
        """
        return [_raised(each) for each in self.cut_each(texts, Limits())]

    def cut_each(
        self, texts: Sequence[Text], limits: Limits, is_abandoned: Callable[[], bool] = lambda: False
    ) -> list[list[Chunk] | UncuttableError]:
        """The same, with the error in place of the chunks of those texts that are over a limit.

        AbandonedError soon after `is_abandoned` says so.
        """
        whole = self._whole([text if _is_simple(text) else None for text in texts])
        return [
            [chunk] if chunk else self._tried(text, limits, is_abandoned)
            for text, chunk in zip(texts, whole, strict=True)
        ]

    def input_of(self, title: str, heading_path: Sequence[str], context: str, content: str, input_hash: bytes) -> str:
        """What was embedded of a stored chunk, to embed it with another model."""
        span = _Span(0, content, tuple(heading_path), context)
        whole = _join(title, *_outside(span, title), content)
        return whole if _hash(whole) == input_hash else _join(self._prefix(title, span, {})[0], content)

    def _whole(self, texts: Sequence[Text | None]) -> list[Chunk | None]:
        """Each text as one chunk, None where it does not fit. Most texts are short: they are tokenized at once."""
        spans = [_whole_span(text) if text else _Span(0, "") for text in texts]
        chunks = [_chunk(span, text.title if text else "", 0) for text, span in zip(texts, spans, strict=True)]
        encodings = self._tokenizer.encode_batch_fast([chunk.embedded for chunk in chunks])
        return [
            replace(chunk, token_count=len(encoding)) if text and len(encoding) <= self._max_tokens else None
            for text, chunk, encoding in zip(texts, chunks, encodings, strict=True)
        ]

    def _tried(self, text: Text, limits: Limits, is_abandoned: Callable[[], bool]) -> list[Chunk] | UncuttableError:
        try:
            return self._split(text, limits, CuttingClock(limits.seconds, is_abandoned))
        except UncuttableError as error:
            return error

    def _split(self, text: Text, limits: Limits, clock: CuttingClock) -> list[Chunk]:
        content = text.content
        measure = Measure(content, self._tokenizer, clock)
        outline = markdown_outline(content, text.begin, clock) if text.is_markdown else plain_outline(content, clock)
        lengths: dict[str, tuple[str, int]] = {}

        def room(start: int) -> int:
            context = context_of(content, outline, start)
            used = self._cut_to(context, CONTEXT_TOKENS, lengths)[1] if context else 0
            return self._max_tokens - SPECIAL_TOKENS - PREFIX_TOKENS - used

        packer = Packer(content, outline.places(), measure, room, MAX_CHARACTERS)
        found = sections(content, text.begin, outline, text.breaks)
        if len(found) > limits.chunks:
            found = together(found, measure, self._max_tokens - SPECIAL_TOKENS - PREFIX_TOKENS, MAX_CHARACTERS)
        pieces = list(_limited(packer, found, limits, clock)) or [(0, 0)]
        chunks = []
        for (start, end), path in zip(pieces, heading_paths(content, outline.headings, pieces), strict=True):
            clock.check()
            span = _Span(start, content[start:end], path, context_of(content, outline, start))
            prefix, prefix_tokens = self._prefix(text.title, span, lengths)
            chunks.append(_chunk(span, prefix, SPECIAL_TOKENS + prefix_tokens + measure.count(start, end)))
        return chunks

    def _prefix(self, title: str, span: _Span, lengths: dict[str, tuple[str, int]]) -> tuple[str, int]:
        """Title, headings and context to embed, and their tokens. Headings that are nearest to the chunk come first."""
        short_title, used = self._cut_to(title, PREFIX_PART_TOKENS, lengths)
        context, context_tokens = self._cut_to(span.context, CONTEXT_TOKENS, lengths)
        prefix: list[str] = []
        for heading in reversed(_outside(span, title)):
            short, count = self._cut_to(heading, PREFIX_PART_TOKENS, lengths)
            if used + count > PREFIX_TOKENS:
                break
            used += count
            prefix.insert(0, short)
        return _join(short_title, *prefix, context), used + context_tokens

    def _cut_to(self, text: str, limit: int, known: dict[str, tuple[str, int]]) -> tuple[str, int]:
        """`text` up to its `limit`-th token at most, and how many tokens that is."""
        if text not in known:
            known[text] = self._shortened(text, limit)
        return known[text]

    def _shortened(self, text: str, limit: int) -> tuple[str, int]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        if len(encoding) <= limit:
            return text, len(encoding)
        # A character can be several tokens (a Korean syllable is), so that its end is that of a later one.
        for _, end in reversed(encoding.offsets[:limit]):
            count = len(self._tokenizer.encode(text[:end], add_special_tokens=False))
            if count <= limit:
                return text[:end], count
        return "", 0


def _raised(result: list[Chunk] | UncuttableError) -> list[Chunk]:
    if isinstance(result, UncuttableError):
        raise result
    return result


def _is_simple(text: Text) -> bool:
    """Whether a text is short, and has nothing but one section."""
    return (
        len(text.content) <= MAX_CHARACTERS
        and not text.breaks
        and not (text.is_markdown and STRUCTURE.search(text.content))
    )


def _whole_span(text: Text) -> _Span:
    content = text.content.strip()
    return _Span(text.content.index(content) if content else 0, content)


def _limited(
    packer: Packer, found: Sequence[Section], limits: Limits, clock: CuttingClock
) -> Iterator[tuple[int, int]]:
    count = 0
    for section in found:
        for piece in packer.pack(section):
            clock.check()
            yield piece
            count += 1
            if count > limits.chunks:
                raise UncuttableError(
                    f"The text makes more than {limits.chunks:,} chunks. Split it into several documents. Operators "
                    "change the limit in private.limits: chunks_per_text."
                )


def _outside(span: _Span, title: str) -> list[str]:
    """Headings above a chunk that it does not begin with itself, nor repeat the title."""
    opening = span.content[: MAX_CHARACTERS // 2]
    return [heading for heading in span.heading_path if heading not in opening and heading != title]


def _join(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _hash(embedded: str) -> bytes:
    return hashlib.sha256(embedded.encode()).digest()


def _chunk(span: _Span, prefix: str, token_count: int) -> Chunk:
    end = span.start + len(span.content)
    return Chunk(span.content, span.start, end, span.heading_path, span.context, prefix, token_count)
