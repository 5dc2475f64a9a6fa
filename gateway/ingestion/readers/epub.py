"""Books: the title, then each chapter in the order of reading."""

from collections.abc import Iterator
from posixpath import join, normpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import PROTECTED, Archive
from gateway.ingestion.decoding import load_codecs
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.readers import File
from gateway.ingestion.readers.html import write_html
from gateway.ingestion.xml import child, local, parse_xml

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"


def prepare(_file: File) -> None:
    """Chapters may have any encoding."""
    load_codecs()


def read(file: File) -> Extraction:
    """The chapters. UnreadableError."""
    archive = Archive(file.data, file.limits)
    # Fonts are often obscured, which is no protection.
    if ENCRYPTION in archive and b"xhtml" in archive.read(ENCRYPTION):
        raise UnreadableError(PROTECTED)
    markdown = Markdown(file.limits)
    root = child(parse_xml(archive.read(CONTAINER)), "rootfiles", "rootfile")
    path = root.get("full-path", "") if root is not None else ""
    package = parse_xml(archive.read(path))
    title = child(package, "metadata", "title")
    if title is not None:
        markdown.heading(1, title.text or "")
    chapters = [name for name in _chapters(package, path) if name in archive]
    for number, name in enumerate(chapters, 1):
        write_html(markdown, archive.read(name))
        file.progress(number, len(chapters))
    return markdown.done()


def _chapters(package: Element, path: str) -> Iterator[str]:
    manifest, spine = child(package, "manifest"), child(package, "spine")
    targets = {item.get("id"): item.get("href", "") for item in (manifest if manifest is not None else ())}
    for reference in spine if spine is not None else ():
        target = targets.get(reference.get("idref"))
        if local(reference.tag) == "itemref" and target:
            yield normpath(join("/", path.rpartition("/")[0], unquote(target))).lstrip("/")
