"""Errors as JSON. What PostgreSQL refuses has the status that the Data API answers."""

from flask import abort, jsonify, make_response
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

STATUS = {"42501": 403, "23503": 409, "23505": 409, "23514": 400, "22P02": 400}


def install(app):
    @app.errorhandler(HTTPException)
    def of_http(error):
        return jsonify(detail=error.description), error.code

    @app.errorhandler(ValidationError)
    def of_validation(error):
        return jsonify({".".join(map(str, each["loc"])): each["msg"] for each in error.errors()}), 422

    @app.errorhandler(DBAPIError)
    def of_database(error):
        state = getattr(error.orig, "sqlstate", None) or ""
        status = int(state[2:]) if state.startswith("PT") else STATUS.get(state)
        if status is None:
            raise error
        return jsonify(detail=error.orig.diag.message_primary), status


def refuse(field, why):
    """Answer 422 that names a field."""
    abort(make_response(jsonify({field: why}), 422))
