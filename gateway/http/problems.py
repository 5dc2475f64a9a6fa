"""Every error as application/problem+json (RFC 9457), rendered in one place.

Nothing of the input is repeated at length: a field's name is cut, its value is never shown. Nothing of an unexpected
exception is shown at all; the log has it under the request id.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.exceptions import HTTPException

from gateway.errors import (
    BadRequestError,
    FieldProblem,
    GatewayError,
    InternalError,
    InvalidInputError,
    MethodNotAllowedError,
    NotFoundError,
    UnsupportedMediaTypeError,
)
from gateway.http.error_forms import Form, form_of, in_form

logger = logging.getLogger(__name__)

MAX_FIELDS = 20
MAX_POINTER = 120
MAX_INSTANCE = 200
# How pydantic's messages begin, whatever the type.
SUBJECT = re.compile(r"^(Input|String|List|Value) should")
# Words for codes of pydantic whose own are about Python, or leave out what to do.
WORDS = {
    "string_unicode": "It should be a valid string; this one holds half of a surrogate pair.",
    "extra_forbidden": "There is no such field; leave it out.",
    "missing": "This field is required.",
    "model_attributes_type": "It should be a JSON object.",
    "model_type": "It should be a JSON object.",
    "uuid_type": "It should be a UUID as text.",
}
# Codes of pydantic that mean: the body itself was not read as an object.
NOT_AN_OBJECT = frozenset({"model_attributes_type", "model_type", "missing"})


EXAMPLE: dict[str, JsonValue] = {
    "type": "urn:tidegate:problem:invalid-input",
    "title": "The input is not valid",
    "status": 422,
    "detail": "1 field is not valid.",
    "instance": "/v1/search",
    "request_id": "5f0c8a8b7c0d4b5e",
    "errors": [{"pointer": "#/limit", "detail": "It should be less than or equal to 100.", "code": "less_than_equal"}],
}


class ProblemField(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer into the body as a URI fragment, or the name of a parameter.")
    detail: str = Field(description="What is wrong with it, and what is allowed.")
    code: str = Field(description="The same for programs.")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [EXAMPLE]})

    type: str = Field(description="What kind of error: a stable URN.")
    title: str = Field(description="The kind in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong this time, and what to do.")
    instance: str = Field(description="The path that was asked.")
    request_id: str = Field(description="Also in the header X-Request-Id and in the gateway's log.")
    errors: list[ProblemField] | None = Field(default=None, description="The wrong fields, at most 20.")


def install(app: FastAPI) -> None:
    """Have `app` answer every error as a problem."""

    async def handle(request: Request, error: Exception) -> Response:
        answer = as_gateway_error(error, request)
        request.state.problem = answer.kind
        return problem_response(request.scope, answer)

    for kind in (GatewayError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, handle)


def as_gateway_error(error: Exception, request: Request | None = None) -> GatewayError:
    """The error to tell the caller, of any exception; unexpected ones become an InternalError."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, RequestValidationError):
        return _of_validation(_without_unions(error.errors(), error.body), request)
    if isinstance(error, HTTPException):
        return _of_http(error, request)
    return InternalError("It has been logged under the request id. Try again later.")


def problem_response(scope: Mapping[str, Any], error: GatewayError, form: Form | None = None) -> Response:
    """`error` as a response to the request of this ASGI scope, in the form that clients of its path know."""
    body: dict[str, Any] = {
        "type": f"urn:tidegate:problem:{error.kind}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": quote(str(scope.get("path", "")), safe="/:@!$&'()*+,;=~-._")[:MAX_INSTANCE],
        "request_id": str(scope.get("state", {}).get("request_id", "")),
    }
    if error.fields:
        body["errors"] = [{"pointer": f.pointer, "detail": f.detail, "code": f.code} for f in error.fields]
    # Escaped to ASCII: a lone surrogate in a field's name cannot be encoded.
    formed, media_type = in_form(form or form_of(str(scope.get("path", ""))), body)
    content = json.dumps(formed).encode("ascii")
    headers = {"Cache-Control": "no-store", **error.headers}
    return Response(content, error.status, headers=headers, media_type=media_type)


def of_invalid_arguments(error: ValidationError, arguments: Mapping[str, Any]) -> GatewayError:
    """The error for arguments that are wrong, of whichever body they are a part."""
    errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
    return _of_validation(_without_unions(errors, arguments), None)


def _of_http(error: HTTPException, request: Request | None) -> GatewayError:
    headers = dict(error.headers or {})
    if error.status_code == 404:
        return NotFoundError("No route has this path. See /docs for those there are.")
    if error.status_code == 405:
        allowed = headers.get("Allow") or headers.get("allow") or "another one"
        return MethodNotAllowedError(f"Use {allowed}.", headers=headers)
    if error.status_code == 400:
        coding = request.headers.get("content-encoding", "identity") if request is not None else "identity"
        if coding.strip().lower() != "identity":
            return UnsupportedMediaTypeError("Send the body as it is: no Content-Encoding is decoded.")
        return BadRequestError(
            "The body is not JSON in UTF-8, is nested too deeply, or holds a number of thousands of digits."
        )
    logger.error("unexpected HTTP exception: %r", error)
    return InternalError("It has been logged under the request id. Try again later.")


def _of_validation(errors: Sequence[Mapping[str, Any]], request: Request | None) -> GatewayError:
    first = errors[0]
    position = first["loc"][-1]
    if first["type"] == "json_invalid" and isinstance(position, int):  # else a field of a form is to be JSON
        return BadRequestError(f"The body is not JSON ({first['ctx']['error']}, character {position}).")
    if first["loc"] == ("body",) and first["type"] in NOT_AN_OBJECT and not _is_json(request):
        return UnsupportedMediaTypeError("Send a JSON object with the header Content-Type: application/json.")
    fields = [_field(error) for error in errors[:MAX_FIELDS]]
    if len(errors) == 1:
        return InvalidInputError(f"{fields[0].pointer}: {fields[0].detail}", fields=fields)
    more = f", {MAX_FIELDS} of them" if len(errors) > MAX_FIELDS else ""
    return InvalidInputError(f"{len(errors)} fields are not as they must be; errors lists them{more}.", fields=fields)


def _without_unions(errors: Sequence[Mapping[str, Any]], body: Any) -> list[Mapping[str, Any]]:
    """The errors at the fields of the body: pydantic names which type of a union it tried.

    Of a list that may be a text as well, what is wrong in it says more than that it is no text.
    """
    if not isinstance(body, dict):
        return list(errors)
    found = [{**each, "loc": _field_path(each, body)} for each in errors]
    paths = [each["loc"] for each in found]
    return [
        each
        for each in found
        if not (each["type"].endswith("_type") and any(_is_within(path, each["loc"]) for path in paths))
    ]


def _field_path(error: Mapping[str, Any], body: Any) -> tuple[str | int, ...]:
    first, *rest = error["loc"]
    if first != "body":
        return (first, *rest)
    path: list[str | int] = [first]
    for number, part in enumerate(rest, 1):
        is_missing = error["type"] == "missing" and number == len(rest)
        if isinstance(body, Mapping) and (part in body or is_missing):
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int) and part < len(body):
            body = body[part]
        elif isinstance(body, (Mapping, list, str, int, float)) or body is None:
            continue
        path.append(part)
    return tuple(path)


def _is_within(path: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _is_json(request: Request | None) -> bool:
    content_type = request.headers.get("content-type", "") if request is not None else ""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _field(error: Mapping[str, Any]) -> FieldProblem:
    place, *path = error["loc"]
    pointer = _pointer(path) if place == "body" else ".".join(str(part) for part in path)
    return FieldProblem(_cut(pointer), _words(error), str(error["type"]))


def _words(error: Mapping[str, Any]) -> str:
    if (error["type"], *error["loc"]) == ("missing", "body"):
        return WORDS["model_type"]
    return WORDS.get(error["type"]) or _sentence(str(error["msg"]))


def _sentence(message: str) -> str:
    text = SUBJECT.sub("It should", message.removeprefix("Value error, "), count=1)
    text = text.partition(" after validation, not ")[0]
    return text if text.endswith(".") else f"{text}."


def _pointer(path: Iterable[str | int]) -> str:
    """RFC 6901, section 6: a JSON pointer as a URI fragment, readable where it can be."""
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _cut(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= MAX_POINTER else clean[: MAX_POINTER - 1] + "…"
