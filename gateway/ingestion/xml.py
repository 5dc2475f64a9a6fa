"""XML as a tree, without entities of its own, references to other files, or bottomless nesting."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from gateway.ingestion.archive import DAMAGED
from gateway.ingestion.errors import UnreadableError

# Readers walk down a tree by recursion.
DEEPEST = 150
MOST_ELEMENTS = 5_000_000
ENTITIES = "The file declares XML entities, as no program that writes documents does. It is not read."


def parse_xml(data: bytes) -> Element:
    """The root of a document; tags and attributes as `{namespace}name`. UnreadableError."""
    builder = TreeBuilder()
    depth = count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > DEEPEST or count > MOST_ELEMENTS:
            raise UnreadableError(f"The file is nested more than {DEEPEST} levels deep, as no document is.")
        builder.start(_named(tag), {_named(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(tag))

    def refuse(*_declaration: object) -> int:
        raise UnreadableError(ENTITIES)

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError, ValueError, LookupError) as error:
        raise UnreadableError(DAMAGED.format(f"its XML is not well-formed ({error})")) from error


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
