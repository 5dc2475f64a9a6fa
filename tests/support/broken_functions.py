"""Functions of the database with another body for a while: a bug, or a law that lets more through."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from tests.support.databases import Database


@contextmanager
def replaced(database: Database, name: str, statement: str) -> Iterator[None]:
    """The function as `statement` makes it, within the block."""
    with database.connect("supabase_admin") as admin:
        ((before,),) = admin.execute("select pg_get_functiondef(%s::regproc)", (name,)).fetchall()
        admin.execute(statement.encode())
        try:
            yield
        finally:
            admin.execute(before.encode())


@contextmanager
def broken(database: Database, name: str, sqlstate: str, told: str) -> Iterator[None]:
    """The function with a bug within the block: it raises an error that tells what it should not."""
    body = sql.SQL("begin raise exception using errcode = {}, message = {}, detail = {}; end")
    with database.connect("supabase_admin") as admin:
        ((arguments, result),) = admin.execute(
            "select pg_get_function_arguments(%(name)s::regproc), pg_get_function_result(%(name)s::regproc)",
            {"name": name},
        ).fetchall()
        statement = sql.SQL(
            "create or replace function {}({}) returns {} language plpgsql set search_path = pg_catalog, pg_temp as {}"
        ).format(sql.SQL(name), sql.SQL(arguments), sql.SQL(result), body.format(sqlstate, told, told).as_string(admin))
    with replaced(database, name, statement.as_string()):
        yield
