"""The OpenAPI document: errors as they really are, and the token that may be sent."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.http.error_forms import PROBLEM_TYPE
from gateway.http.problems import Problem

DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "The token is not valid, or its account is closed (it is never treated as absent), or one is needed.",
    403: "The account is banned, the gateway does not serve the role, or only people who sign in may ask for this.",
    404: "No route has this path.",
    405: "The path has other methods; the header Allow names them.",
    408: "The request did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "Fields are wrong; `errors` says which, and what is allowed.",
    429: "The caller asks more than it may; the header RateLimit says what is left, Retry-After when to try again.",
    431: "The headers are too large.",
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
OF_ANY_REQUEST = (400, 404, 405, 408, 413, 431)
SCHEME = "token"
# Either nothing or a token.
OPTIONAL_TOKEN: dict[str, Any] = {"security": [{}, {SCHEME: []}]}
REQUIRED_TOKEN: dict[str, Any] = {"security": [{SCHEME: []}]}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers these statuses with a problem, besides those that any request may get."""
    return {status: _response(status) for status in sorted((*OF_ANY_REQUEST, *statuses))}


def install(app: FastAPI) -> None:
    """Have `app` describe itself with problems and the token; made once, at the first request for it."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _response(status: int) -> dict[str, Any]:
    headers = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.get(status, {}).items()
    }
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": DESCRIPTIONS[status], "content": content, "headers": headers}


def _document(app: FastAPI) -> dict[str, Any]:
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
    schemas |= schema.pop("$defs", {})
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
