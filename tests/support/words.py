"""Passages that are searched by words: written as the worker writes them, gathered as its maintenance gathers them."""

import uuid
from typing import Any

import psycopg

from tests.support.callers import as_caller
from tests.support.databases import Database


def write(
    connection: psycopg.Connection[Any], author: uuid.UUID | None, title: str, content: str, **columns: Any
) -> uuid.UUID:
    """A document of one passage, its words not yet gathered."""
    columns = {"visibility": "public", "language": "en", "organization_id": None, **columns}
    row = connection.execute(
        "with document as ("
        " insert into public.documents (owner_id, title, content, visibility, language, organization_id)"
        " values (%s, %s, %s, %s::public.document_visibility, %s, %s) returning id, scope_id),"
        " chunk as (insert into public.chunks (document_id, scope_id, position, title, content, start_offset,"
        " end_offset, token_count, language, input_hash)"
        " select id, scope_id, 0, %s, %s, 0, 0, %s, %s, '' from document)"
        " select id from document",
        (
            author,
            title,
            content,
            columns["visibility"],
            columns["language"],
            columns["organization_id"],
            title,
            content,
            len(content.split()) + 2,
            columns["language"],
        ),
    ).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))


def gather(database: Database, rows: int = 1000, tolerated: int = 0) -> None:
    """Have the worker's maintenance gather the words of up to `rows` passages, and merge what there is to merge."""
    with database.connect("tidegate_worker") as worker:
        while rows > 0:
            row = worker.execute("select private.post_chunks(%s, %s)", (rows, tolerated)).fetchone()
            if row is None or not row[0]:
                break
            rows -= row[0]
        while (worker.execute("select private.merge_postings()").fetchone() or (False,))[0]:
            pass


def titles(
    connection: psycopg.Connection[Any],
    person: uuid.UUID | None,
    query: str,
    *,
    gives_way: bool = True,
    **arguments: Any,
) -> list[str]:
    """Titles that keyword search finds for the person, best first; unless `gives_way`, none by plain words instead."""
    names = "".join(f", {name} => %({name})s" for name in arguments)
    statement = f"select title from public.search(%(query)s, mode => 'keyword'{names}) s, unnest(s.results) r"
    if not gives_way:
        statement += " where s.syntax = 'operators'"
    with as_caller(connection, person):
        return [row[0] for row in connection.execute(statement.encode(), {"query": query, **arguments}).fetchall()]


def organization(admin: psycopg.Connection[Any]) -> uuid.UUID:
    """The organization that `populate` makes first."""
    row = admin.execute("select id from public.organizations where slug = 'harbour'").fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))
