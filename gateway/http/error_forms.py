"""The forms of an error: a problem, also as clients of OpenAI's API and of the Model Context Protocol read it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

PROBLEM_TYPE, JSON_TYPE = "application/problem+json", "application/json"
MCP = "/mcp"
OPENAI_PATHS = ("/v1/chat/completions", "/v1/embeddings", "/v1/models")
# What OpenAI's API calls them.
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
INVALID_REQUEST, INTERNAL_ERROR = -32600, -32603
"""Codes of JSON-RPC."""


class Form(StrEnum):
    """Who reads it."""

    PROBLEM = "problem"
    OPENAI = "openai"
    MCP = "mcp"


def form_of(path: str) -> Form:
    """The form that clients of this path know."""
    if path == MCP:
        return Form.MCP
    is_openai = any(path == known or path.startswith(f"{known}/") for known in OPENAI_PATHS)
    return Form.OPENAI if is_openai else Form.PROBLEM


def in_form(form: Form, problem: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The body of an error, and its media type."""
    if form is Form.OPENAI:
        return {**problem, "error": _of_openai(problem)}, PROBLEM_TYPE
    if form is Form.MCP:
        return {"jsonrpc": "2.0", "id": None, "error": _of_json_rpc(problem)}, JSON_TYPE
    return problem, PROBLEM_TYPE


def _of_openai(problem: Mapping[str, Any]) -> dict[str, Any]:
    status = problem["status"]
    fields = problem.get("errors", [])
    return {
        "message": _words(problem),
        "type": _OPENAI_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
        "param": fields[0]["pointer"].removeprefix("#/").replace("/", ".") if fields else None,
        "code": problem["type"].rpartition(":")[2],
    }


def _of_json_rpc(problem: Mapping[str, Any]) -> dict[str, Any]:
    code = INVALID_REQUEST if problem["status"] < 500 else INTERNAL_ERROR
    return {"code": code, "message": f"{problem['title']}: {_words(problem)}", "data": problem}


def _words(problem: Mapping[str, Any]) -> str:
    """What is wrong; of several fields each."""
    fields = problem.get("errors", [])
    more = [f"{field['pointer']}: {field['detail']}" for field in fields] if len(fields) > 1 else []
    return "\n".join([problem["detail"], *more])
