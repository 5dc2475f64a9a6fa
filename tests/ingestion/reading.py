"""Reads files in the test's own process, for what is no matter of confinement."""

from gateway.chunking.clock import CuttingClock
from gateway.chunking.front_matter import front_matter
from gateway.chunking.markdown import markdown_outline
from gateway.ingestion.decoding import charset_of
from gateway.ingestion.extraction import Extraction
from gateway.ingestion.formats import detect
from gateway.ingestion.limits import Limits
from gateway.ingestion.readers import File, reader_of

LIMITS = Limits()


def read(data: bytes | str, name: str, content_type: str | None = None) -> Extraction:
    """What is read of a file. UnreadableError."""
    data = data.encode() if isinstance(data, str) else data
    file = File(data, name, detect(data, name, content_type, LIMITS), LIMITS, charset=charset_of(content_type))
    return reader_of(file.format).read(file)


def headings(extraction: Extraction) -> list[str]:
    """What cutting takes for headings."""
    if not extraction.is_markdown:
        return []
    begin = front_matter(extraction.text)[1]
    return [heading.text for heading in markdown_outline(extraction.text, begin, CuttingClock(60)).headings]
