"""What stands on a sheet beside its cells: comments and text boxes."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import Archive
from gateway.ingestion.extraction import Markdown, one_line
from gateway.ingestion.relations import relations
from gateway.ingestion.xml import local, parse_xml


def write_notes(markdown: Markdown, archive: Archive, part: str) -> None:
    """Write the comments and text boxes of the sheet in a part of the archive. UnreadableError."""
    for kind, target in relations(archive, part).values():
        if target in archive and kind.endswith("/comments"):
            for comment in _named(parse_xml(archive.read(target)), "comment"):
                if text := one_line(_text(comment)):
                    markdown.paragraph(f"Comment on {comment.get('ref', '')}: {text}")
        elif target in archive and kind.endswith("/drawing"):
            for box in _named(parse_xml(archive.read(target)), "txBody"):
                markdown.paragraph(" ".join(_text(paragraph) for paragraph in _named(box, "p")))


def _named(element: Element, name: str) -> Iterator[Element]:
    return (each for each in element.iter() if local(each.tag) == name)


def _text(element: Element) -> str:
    return "".join(each.text or "" for each in _named(element, "t"))
