"""What PostgreSQL refuses has the status that the Data API answers."""

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError

STATUS = {"42501": 403, "23503": 409, "23505": 409, "23514": 400, "22P02": 400}


def install(app):
    @app.exception_handler(DBAPIError)
    async def of_database(request, error):
        state = getattr(error.orig, "sqlstate", None) or ""
        status = int(state[2:]) if state.startswith("PT") else STATUS.get(state)
        if status is None:
            raise error
        return JSONResponse({"detail": error.orig.diag.message_primary}, status)


def refuse(field, why):
    """Answer 422 that names a field."""
    raise RequestValidationError([{"loc": ("body", field), "msg": why, "type": "value_error"}])


def found(row, what):
    """The row; 404 where there is none that the caller sees."""
    if row is None:
        raise HTTPException(404, f"There is no such {what}.")
    return row


def changed(result):
    """403 where nothing was changed: a row that a policy hides is changed by nobody, and nothing says so."""
    if not result.rowcount:
        raise HTTPException(403, "You may not change it.")
