"""Texts into passages: cut by structure, measured in the model's tokens, each knowing where it stands.

What is embedded of a passage is its source's title, the headings above it and its own text, one below the other.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from semantic_text_splitter import MarkdownSplitter
from tokenizers import Tokenizer

from gateway.embeddings import Embedder
from gateway.worker.headings import find_headings, heading_paths

SPECIAL_TOKENS = 2  # [CLS] and [SEP]
# Of the model's tokens for title and headings of a passage that does not hold its whole source, and for one of them.
PREFIX_TOKENS = 48
PREFIX_PART_TOKENS = 24
# Some characters cost no token and some words of any length cost one: what is shown and indexed is bounded too.
MAX_CHARACTERS = 2000


@dataclass(frozen=True)
class Text:
    """What is to be cut. Only Markdown has headings."""

    title: str
    content: str
    is_markdown: bool = True


@dataclass(frozen=True)
class Passage:
    """`content` is the text from character `start` to before `end`; `embedded` is what its vector stands for."""

    content: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    embedded: str
    token_count: int

    @cached_property
    def input_hash(self) -> bytes:
        """SHA-256 of what is embedded."""
        return hashlib.sha256(self.embedded.encode()).digest()


@dataclass(frozen=True)
class _Span:
    start: int
    content: str
    heading_path: tuple[str, ...] = ()


class Chunker:
    """Cuts texts for one model. Not cheap to make (30 ms); safe to use from one thread at a time."""

    def __init__(self, embedder: Embedder) -> None:
        """Measure with the embedder's tokenizer and limit."""
        self._tokenizer: Tokenizer = embedder.tokenizer
        self._max_tokens = embedder.max_tokens
        self._splitter = MarkdownSplitter.from_huggingface_tokenizer(
            self._tokenizer, self._max_tokens - SPECIAL_TOKENS - PREFIX_TOKENS
        )
        self._character_splitter = MarkdownSplitter(MAX_CHARACTERS)

    def cut(self, texts: Sequence[Text]) -> list[list[Passage]]:
        """Passages of each text, in order, at least one each: a text without words is one empty passage.

        A text that fits the model with its title stays whole. Every passage fits the model; only whitespace lies
        between them; every heading of a path stands word for word in the text.
        """
        whole = self._whole([text if len(text.content) <= MAX_CHARACTERS else None for text in texts])
        return [[passage] if passage else self._split(text) for text, passage in zip(texts, whole, strict=True)]

    def input_of(self, title: str, heading_path: Sequence[str], content: str, input_hash: bytes) -> str:
        """What was embedded of a stored passage, to embed it with another model."""
        span = _Span(0, content, tuple(heading_path))
        whole = _join(title, _outside(span, title), content)
        is_whole = hashlib.sha256(whole.encode()).digest() == input_hash
        return whole if is_whole else self._input(title, span, {})

    def _whole(self, texts: Sequence[Text | None]) -> list[Passage | None]:
        """Each text as one passage, None where it does not fit. Most texts are short: they are tokenized at once."""
        spans = [_whole_span(text) if text else _Span(0, "") for text in texts]
        inputs = [
            _join(text.title, _outside(span, text.title), span.content) if text else ""
            for text, span in zip(texts, spans, strict=True)
        ]
        counts = self._count(inputs)
        return [
            _passage(span, embedded, count) if text and count <= self._max_tokens else None
            for text, span, embedded, count in zip(texts, spans, inputs, counts, strict=True)
        ]

    def _split(self, text: Text) -> list[Passage]:
        pieces = self._pieces(text.content) or [(0, "")]
        paths = _paths(text, [start for start, _ in pieces])
        spans = [_Span(start, content, path) for (start, content), path in zip(pieces, paths, strict=True)]
        lengths: dict[str, tuple[str, int]] = {}
        inputs = [self._input(text.title, span, lengths) for span in spans]
        counts = self._count(inputs)
        return [_passage(*each) for each in zip(spans, inputs, counts, strict=True)]

    def _pieces(self, content: str) -> list[tuple[int, str]]:
        pieces: list[tuple[int, str]] = []
        for start, piece in self._splitter.chunk_indices(content):
            if len(piece) <= MAX_CHARACTERS:
                pieces.append((start, piece))
            else:
                parts = self._character_splitter.chunk_indices(piece)
                pieces.extend((start + offset, part) for offset, part in parts)
        return pieces

    def _input(self, title: str, span: _Span, lengths: dict[str, tuple[str, int]]) -> str:
        """What to embed: as many headings as have room, those nearest to the passage first."""
        short_title, used = self._cut_to(title, PREFIX_PART_TOKENS, lengths)
        prefix: list[str] = []
        for heading in reversed(_outside(span, title)):
            short, count = self._cut_to(heading, PREFIX_PART_TOKENS, lengths)
            if used + count > PREFIX_TOKENS:
                break
            used += count
            prefix.insert(0, short)
        return _join(short_title, prefix, span.content)

    def _cut_to(self, text: str, limit: int, known: dict[str, tuple[str, int]]) -> tuple[str, int]:
        """`text` up to its `limit`-th token, and how many tokens that is."""
        if text not in known:
            encoding = self._tokenizer.encode(text, add_special_tokens=False)
            fits = len(encoding.ids) <= limit
            known[text] = (text if fits else text[: encoding.offsets[limit - 1][1]], min(limit, len(encoding.ids)))
        return known[text]

    def _count(self, inputs: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(inputs))]


def _whole_span(text: Text) -> _Span:
    content = text.content.strip()
    start = text.content.index(content) if content else 0
    return _Span(start, content, _paths(text, [start])[0])


def _paths(text: Text, starts: Sequence[int]) -> list[tuple[str, ...]]:
    headings = find_headings(text.content) if text.is_markdown else []
    return list(heading_paths(text.content, headings, starts))


def _outside(span: _Span, title: str) -> list[str]:
    """Headings above a passage that it does not begin with itself, nor repeat the title."""
    opening = span.content[: MAX_CHARACTERS // 2]
    return [heading for heading in span.heading_path if heading not in opening and heading != title]


def _join(title: str, headings: Sequence[str], content: str) -> str:
    return "\n".join(part for part in (title, *headings, content) if part)


def _passage(span: _Span, embedded: str, token_count: int) -> Passage:
    end = span.start + len(span.content)
    return Passage(span.content, span.start, end, span.heading_path, embedded, token_count)
