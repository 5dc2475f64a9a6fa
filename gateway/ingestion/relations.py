"""Parts of an Office file name each other by ids, which a part beside each explains."""

from posixpath import join, normpath

from gateway.ingestion.archive import Archive
from gateway.ingestion.xml import parse_xml


def relations(archive: Archive, name: str) -> dict[str, tuple[str, str]]:
    """Type and target of what a part refers to, by id."""
    folder, _, base = name.rpartition("/")
    path = f"{folder}/_rels/{base}.rels"
    if path not in archive:
        return {}
    return {
        each.get("Id", ""): (each.get("Type", ""), normpath(join("/", folder, each.get("Target", ""))).lstrip("/"))
        for each in parse_xml(archive.read(path))
    }
