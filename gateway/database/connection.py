"""Single connections for the worker, which needs sessions of its own: one to listen, one to work on."""

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

__all__ = ["Connection", "DatabaseError", "DictRow", "connect", "is_about_the_rows", "is_transient"]

Connection = psycopg.AsyncConnection[DictRow]
DatabaseError = psycopg.Error

DEFAULTS: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # ms
}

# SQLSTATE classes and codes that say something about the rows of a statement, which would fail again on a healthy
# server. https://www.postgresql.org/docs/current/errcodes-appendix.html
ABOUT_THE_ROWS = (
    "22",  # data exception
    "23",  # integrity constraint violation
    "54",  # program limit exceeded: a text too long to index
    "57014",  # statement timeout: more rows than can be written in time
    "P0001",  # raised by a trigger
)
# Chance meetings with other transactions: the same again, at once.
TRANSIENT = ("40001", "40P01", "55P03")


async def connect(url: str, application_name: str) -> Connection:
    """Open a connection that commits each statement by itself; DatabaseError when it cannot be had."""
    conninfo = make_conninfo(url, **{"application_name": application_name, **DEFAULTS, **conninfo_to_dict(url)})
    # Nothing outlives a statement on the server's side, so a transaction pooler may stand in between.
    connection = await Connection.connect(conninfo, autocommit=True, prepare_threshold=None, row_factory=dict_row)
    try:
        await register_vector_async(connection)
    except psycopg.ProgrammingError as error:
        await connection.close()
        raise psycopg.OperationalError(f"the database has no vectors yet: {error}") from error
    return connection


def is_about_the_rows(error: DatabaseError) -> bool:
    """Whether the rows of the statement are to blame, and not the server or the connection."""
    return (error.sqlstate or "").startswith(ABOUT_THE_ROWS) or (
        # Refused by psycopg before it was sent.
        error.sqlstate is None and isinstance(error, psycopg.DataError)
    )


def is_transient(error: DatabaseError) -> bool:
    """Whether the transaction lost against another one and may be run again at once."""
    return (error.sqlstate or "").startswith(TRANSIENT)
