"""Markdown and plain text, as they are."""

from gateway.ingestion.decoding import decode, is_utf8, load_codecs
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.formats import Format
from gateway.ingestion.readers import File


def prepare(file: File) -> None:
    """Load encodings where they are needed."""
    if not is_utf8(file.data):
        load_codecs()


def read(file: File) -> Extraction:
    """The text without white space at its end."""
    markdown = Markdown(file.limits)
    text = decode(file.data)
    markdown.block(text.strip())
    file.progress(len(text), len(text))
    return markdown.done(is_markdown=file.format is Format.MARKDOWN)
