"""Charts of Office files: the numbers that they show, which are kept beside the drawing, as a table."""

from collections.abc import Iterator
from itertools import zip_longest
from xml.etree.ElementTree import Element

from gateway.ingestion.archive import Archive
from gateway.ingestion.extraction import Markdown, one_line
from gateway.ingestion.relations import relations
from gateway.ingestion.xml import child, local, parse_xml

KIND = "/chart"
# Labels and numbers of a series, in bars, lines and pies, then in clouds of points.
LABELS, NUMBERS = ("cat", "xVal"), ("val", "yVal")
MAX_POINTS = 10_000


def write_charts(markdown: Markdown, archive: Archive, part: str) -> None:
    """Write the charts that a part refers to. UnreadableError."""
    for kind, target in relations(archive, part).values():
        if kind.endswith(KIND) and target in archive:
            _write(markdown, parse_xml(archive.read(target)))


def _write(markdown: Markdown, space: Element) -> None:
    chart = child(space, "chart")
    title = child(chart, "title")
    if title is not None:
        markdown.paragraph(_text(title))
    series = [each for each in (chart.iter() if chart is not None else ()) if local(each.tag) == "ser"]
    if not series:
        return
    names = [_name(each) or f"series {number}" for number, each in enumerate(series, 1)]
    labels = next((points for each in series if (points := list(_points(each, LABELS)))), [])
    columns = [labels, *(list(_points(each, NUMBERS)) for each in series)]
    markdown.table([["", *names], *zip_longest(*columns, fillvalue="")])


def _name(series: Element) -> str:
    name = child(series, "tx")
    return (
        one_line(" ".join(each.text or "" for each in name.iter() if local(each.tag) == "v"))
        if name is not None
        else ""
    )


def _points(series: Element, names: tuple[str, ...]) -> Iterator[str]:
    """The values in their places; one that is missing is empty."""
    found = next((part for name in names if (part := child(series, name)) is not None), None)
    texts: dict[int, str] = {}
    for point in found.iter() if found is not None else ():
        place = point.get("idx", "")
        value = child(point, "v")
        if local(point.tag) == "pt" and value is not None and place.isdecimal() and len(place) < 5:
            texts[int(place)] = value.text or ""
    return (texts.get(place, "") for place in range(min(max(texts, default=-1) + 1, MAX_POINTS)))


def _text(element: Element) -> str:
    return "".join(each.text or "" for each in element.iter() if local(each.tag) == "t")
