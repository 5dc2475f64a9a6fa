"""What PostgreSQL refuses, as a status: the same ones that the Data API answers."""

from django.db import DatabaseError
from rest_framework.response import Response
from rest_framework.views import exception_handler

STATUS = {"42501": 403, "23503": 409, "23505": 409, "23514": 400, "22P02": 400}


def handler(error, context):
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    state = getattr(cause, "sqlstate", None) or ""
    status = int(state[2:]) if state.startswith("PT") else STATUS.get(state)
    if status is None:
        return exception_handler(error, context)
    return Response({"detail": cause.diag.message_primary}, status=status)
