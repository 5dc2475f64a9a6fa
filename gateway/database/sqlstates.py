"""SQLSTATE → error of the gateway: one table, read from the most to the least specific code.

Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html. Text of the database reaches the caller only
where the project's own functions wrote it for callers (PTxxx, P0001, check constraints).
"""

import logging

import psycopg
from psycopg_pool import PoolTimeout

from gateway.errors import (
    AccountBannedError,
    AccountClosedError,
    BadRequestError,
    ConflictError,
    DatabaseBusyError,
    DatabaseTimeoutError,
    DatabaseUnavailableError,
    ForbiddenError,
    GatewayError,
    InternalError,
    InvalidInputError,
    NotFoundError,
    ParameterRefusedError,
    SearchRefusedError,
)

logger = logging.getLogger(__name__)

TABLE: dict[str, tuple[type[GatewayError], str | None]] = {
    # code or class: (error, what to say; None = the database's own words)
    "08": (DatabaseUnavailableError, "The connection was lost. Try again."),  # connection exceptions
    "21": (InternalError, "The gateway has a bug in a query."),  # cardinality violation
    "22": (InvalidInputError, "A value cannot be used by the database."),  # data exceptions
    "22021": (InvalidInputError, "A text holds bytes that are not UTF-8."),
    "22023": (ParameterRefusedError, "The database refused a parameter of the gateway."),
    "22P05": (InvalidInputError, "A text holds the character NUL, which PostgreSQL cannot store."),
    "23502": (InvalidInputError, "A value is missing."),  # not null
    "23503": (ConflictError, "Something that is referred to does not exist."),  # foreign key
    "23505": (ConflictError, "It exists already."),  # unique
    "23514": (InvalidInputError, None),  # check: the project's triggers say what to change
    "25006": (DatabaseUnavailableError, "The database is read-only at the moment."),  # a failover is under way
    "28": (DatabaseUnavailableError, "The database refuses the gateway's login."),
    "3D": (DatabaseUnavailableError, "The gateway's database does not exist."),
    "40": (DatabaseUnavailableError, "Somebody else changed the same rows. Try again."),  # serialization, deadlock
    "42501": (ForbiddenError, "The database does not allow this to you."),  # insufficient privilege
    "42P01": (DatabaseUnavailableError, "The database lacks a table: its migrations are not applied."),
    "42883": (DatabaseUnavailableError, "The database lacks a function: its migrations are not applied."),
    "3F000": (DatabaseUnavailableError, "The database lacks a schema: its migrations are not applied."),
    "53": (DatabaseUnavailableError, "The database is out of connections, memory or disk."),
    "53300": (DatabaseBusyError, "The database has no connection left. Try again."),
    "55P03": (DatabaseBusyError, "Rows are locked by somebody else. Try again."),  # lock not available
    "57014": (DatabaseTimeoutError, "The query took too long and was given up."),  # statement timeout
    "57": (DatabaseUnavailableError, "The database is shutting down or starting. Try again."),
    "58": (DatabaseUnavailableError, "The database server has trouble with its system."),
    "P0001": (InvalidInputError, None),  # raise exception in the project's functions
    "PT400": (BadRequestError, None),  # PTxyz: a function asks for the status xyz, as PostgREST understands it
    "PT401": (AccountClosedError, None),
    "PT403": (AccountBannedError, None),
    "PT404": (NotFoundError, None),
    "PT409": (ConflictError, None),
    "PT422": (SearchRefusedError, None),
}


REASONS = ("no_answer", "out_of_connections", "refused", "lost")
# A connection that is refused before it is one has no SQLSTATE.
OUT_OF_CONNECTIONS = ("too many clients", "connection slots are reserved", "too many connections")
SILENT_S = 1.0
"""libpq says the same of a connection that was cut and of one on which nothing came for tcp_user_timeout (1.5 s)."""
# What says that the server, or the way to it, does not work; all else is about one statement, its time included.
OF_THE_SERVER = ("08", "25006", "28", "3D", "53", "57P", "58", "XX")


def is_the_servers(error: psycopg.Error) -> bool:
    """Whether the error is a failure of the server or of the connection to it."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(OF_THE_SERVER)


def failure_reason(error: BaseException, waited_s: float) -> str:
    """In a word, for the metrics, why a heartbeat was not answered for so long: one of REASONS."""
    if isinstance(error, TimeoutError | psycopg.errors.ConnectionTimeout):
        return "no_answer"
    said = f"{error}".lower()
    if getattr(error, "sqlstate", None) == "53300" or any(words in said for words in OUT_OF_CONNECTIONS):
        return "out_of_connections"
    if "refused" in said:
        return "refused"
    return "no_answer" if waited_s >= SILENT_S else "lost"


def to_gateway_error(error: psycopg.Error) -> GatewayError:
    """The error to answer with. What is no fault of the caller is logged, the database's words included."""
    sqlstate = error.sqlstate
    if sqlstate is None:
        answer = _without_sqlstate(error)
    else:
        kind, detail = (
            TABLE.get(sqlstate) or TABLE.get(sqlstate[:2]) or (InternalError, "The database refused a query.")
        )
        answer = kind(detail if detail is not None else _own_words(error))
    if answer.status >= 500:
        what = str(error).strip().replace("\n", " ")
        # Of what should never come it matters where it came from.
        unexpected = error if isinstance(answer, InternalError) else None
        logger.error("database: %s %s", sqlstate or type(error).__name__, what, exc_info=unexpected)
    return answer


def _without_sqlstate(error: psycopg.Error) -> GatewayError:
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailableError("No connection to the database could be had. Try again.")
    if isinstance(error, psycopg.DataError):
        # psycopg refuses before sending: NUL in a text, a number out of range.
        return InvalidInputError(
            "A value cannot be sent to the database: it holds the character NUL or is out of range."
        )
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return DatabaseUnavailableError("The connection to the database was lost. Try again.")
    return InternalError("The gateway has a bug in a query.")


def _own_words(error: psycopg.Error) -> str:
    words = [error.diag.message_primary, error.diag.message_hint]
    return ". ".join(word.rstrip(".") for word in words if word) + "."
