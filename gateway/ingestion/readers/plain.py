"""Markdown and plain text, as they are."""

from gateway.ingestion import decoding
from gateway.ingestion.decoding import declared_in, decode
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.formats import Format
from gateway.ingestion.readers import File


def prepare(file: File) -> None:
    """Load encodings where they are needed."""
    decoding.prepare(file.data)


def read(file: File) -> Extraction:
    """The text without white space at its end."""
    markdown = Markdown(file.limits)
    declared = declared_in(file.data) if file.data.startswith(b"<?xml") else None
    text = decode(file.data, file.charset, declared)
    markdown.block(text.strip())
    file.progress(len(text), len(text))
    return markdown.done(is_markdown=file.format is Format.MARKDOWN)
