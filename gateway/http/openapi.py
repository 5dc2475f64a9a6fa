"""The OpenAPI document: errors as they really are, and the token that may be sent."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.http.error_forms import PROBLEM_TYPE
from gateway.http.problems import Problem

DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "The token is not valid, or its account is closed (it is never treated as absent), or one is needed.",
    403: "The account is banned, the gateway does not serve the role, or only people who sign in may ask for this.",
    404: "No route has this path, or nothing that the caller may see has this id.",
    405: "The path has other methods; the header Allow names them.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "Fields are wrong; `errors` says which, and what is allowed.",
    429: "The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again.",
    431: "The headers are too large.",
    500: "Something unexpected; the log has it under the request id.",
    503: "A dependency does not answer; the header Retry-After says when to try again.",
}
HEADERS = {
    401: {"WWW-Authenticate": "The challenge of RFC 6750."},
    405: {"Allow": "The methods there are."},
    429: {
        "Retry-After": "Seconds.",
        "RateLimit-Policy": "The limits (draft-ietf-httpapi-ratelimit-headers).",
        "RateLimit": "What is left of them.",
    },
    503: {"Retry-After": "Seconds."},
}
# Of any request, before a route is asked.
OF_ANY_REQUEST = (400, 404, 405, 408, 413, 431, 500)
SCHEME = "token"
# None is asked for; either nothing or a token; a token.
NO_TOKEN: dict[str, Any] = {"security": []}
OPTIONAL_TOKEN: dict[str, Any] = {"security": [{}, {SCHEME: []}]}
REQUIRED_TOKEN: dict[str, Any] = {"security": [{SCHEME: []}]}


class Example(NamedTuple):
    """What may be sent to an operation, None where it takes no body, and what it answers then."""

    request: Any
    response: Any


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers these statuses with a problem, besides those that any request may get."""
    return {status: _response(status) for status in sorted((*OF_ANY_REQUEST, *statuses))}


def install(
    app: FastAPI,
    *,
    schemas: Callable[[], Mapping[str, Any]] = dict,
    examples: Mapping[str, Example] = MappingProxyType({}),
) -> None:
    """Have `app` describe itself with problems and the token; made once, at the first request for it.

    `schemas` are those that routes refer to besides their models, `examples` of an operation each.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, schemas())
            _require_what_is_always_written(app.openapi_schema)
            _show(examples, app.openapi_schema)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _response(status: int) -> dict[str, Any]:
    headers = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.get(status, {}).items()
    }
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": DESCRIPTIONS[status], "content": content, "headers": headers}


def _document(app: FastAPI, more: Mapping[str, Any]) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        servers=app.servers,
    )
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= {**more, **schema.pop("$defs", {})}
    schemas["Problem"] = schema
    components["securitySchemes"] = {
        SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A Supabase access token. Without one the caller is a visitor and sees what is public.",
        }
    }
    return document


def operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of an OpenAPI document."""
    for path in document["paths"].values():
        yield from path.values()


def _require_what_is_always_written(document: Mapping[str, Any]) -> None:
    """An answer has all its fields, those that have a default too; a request need not have these."""
    schemas = document["components"]["schemas"]
    asked = _referred([each.get("requestBody") for each in operations(document)], schemas)
    successes = [
        each for operation in operations(document) for status, each in operation["responses"].items() if status < "3"
    ]
    for name in _referred(successes, schemas) - asked:
        if "properties" in schemas[name]:
            schemas[name]["required"] = list(schemas[name]["properties"])


def _referred(part: Any, schemas: Mapping[str, Any], found: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names of the schemas that a part of a document refers to, directly or not."""
    if isinstance(part, list):
        for each in part:
            found = _referred(each, schemas, found)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found = _referred(schemas[name], schemas, found | {name})
        found = _referred(list(part.values()), schemas, found)
    return found


def _show(examples: Mapping[str, Example], document: Mapping[str, Any]) -> None:
    for operation in operations(document):
        example = examples.get(operation["operationId"])
        if example is not None:
            contents = [(example.request, operation["requestBody"]["content"])] if example.request else []
            success = next(each for status, each in operation["responses"].items() if status.startswith("2"))
            for value, content in (*contents, (example.response, success["content"])):
                next(iter(content.values()))["example"] = value
