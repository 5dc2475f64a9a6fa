"""XML as a tree, or element by element; without entities of its own, other files, or bottomless nesting."""

from collections.abc import Callable
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from gateway.ingestion.archive import DAMAGED
from gateway.ingestion.errors import UnreadableError

# Readers walk down a tree by recursion.
DEEPEST = 150
MAX_ELEMENTS = 5_000_000
MALFORMED = (expat.ExpatError, AssertionError, ValueError, LookupError)
NOT_WELL_FORMED = DAMAGED.format("its XML is not well-formed ({})")
ENTITIES = "The file declares XML entities, as no program that writes documents does. It is not read."


def parse_xml(data: bytes) -> Element:
    """The root of a document; tags and attributes as `{namespace}name`. UnreadableError."""
    builder = TreeBuilder()
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > DEEPEST or count > MAX_ELEMENTS:
            raise UnreadableError(f"The file is nested more than {DEEPEST} levels deep, as no document is.")
        builder.start(_named(tag), {_named(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(tag))

    parser = _parser(start)
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
        return builder.close()
    except MALFORMED as error:
        raise UnreadableError(NOT_WELL_FORMED.format(error)) from error


def scan_xml(
    data: bytes,
    start: Callable[[str, dict[str, str]], None],
    text: Callable[[str], None] | None = None,
) -> None:
    """Call `start` with the name, as `namespace}name`, and the attributes of each element, `text` with each text.

    UnreadableError.
    """
    try:
        parser = _parser(start)
        parser.CharacterDataHandler = text
        parser.Parse(data, True)
    except MALFORMED as error:
        raise UnreadableError(NOT_WELL_FORMED.format(error)) from error


def _parser(start: Callable[[str, dict[str, str]], None]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.UnparsedEntityDeclHandler = _refuse
    return parser


def _refuse(*_declaration: object) -> int:
    raise UnreadableError(ENTITIES)


def _named(name: str) -> str:
    return "{" + name if "}" in name else name


def local(name: object) -> str:
    """A tag's or attribute's name without its namespace."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """The attribute of this name in any namespace."""
    return next((value for key, value in element.items() if local(key) == name), None)


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of this name, of the first child of the next one, and so on."""
    for name in path:
        element = next((each for each in element if local(each.tag) == name), None) if element is not None else None
    return element
