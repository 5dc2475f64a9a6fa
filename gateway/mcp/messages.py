"""Whether a body is one message of JSON-RPC 2.0, told before the library reads it.

The library would answer in the words of its own code, or not at all.
"""

import json
from typing import Any

from gateway.http.error_forms import INVALID_REQUEST

PARSE_ERROR, INVALID_PARAMS = -32700, -32602
ONE_MESSAGE = 'Send one message of JSON-RPC 2.0: an object with "jsonrpc": "2.0", a "method" and an "id".'


def refused(body: bytes) -> dict[str, Any] | None:
    """The answer to a body that is no message; None for one that is for the library."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return _error(None, PARSE_ERROR, f"The body is not JSON in UTF-8. {ONE_MESSAGE}")
    if isinstance(message, list):
        return _error(None, INVALID_REQUEST, f"Batches are not read. {ONE_MESSAGE}")
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return _error(None, INVALID_REQUEST, ONE_MESSAGE)
    message_id = message.get("id")
    if "id" in message and not (isinstance(message_id, str) or type(message_id) is int):
        return _error(None, INVALID_REQUEST, "The id of a message is a text or a whole number.")
    return _refused_parts(message, message_id)


def _refused_parts(message: dict[str, Any], message_id: str | int | None) -> dict[str, Any] | None:
    if "method" not in message and ("result" in message or "error" in message):
        return None  # an answer to a request of the server, which makes none
    if not isinstance(message.get("method"), str):
        return _error(message_id, INVALID_REQUEST, f'"method" is not a text. {ONE_MESSAGE}')
    params = message.get("params", {})
    if not isinstance(params, dict):
        return _error(message_id, INVALID_PARAMS, '"params" is not an object.')
    if message["method"] == "tools/call" and not isinstance(params.get("arguments") or {}, dict):
        return _error(message_id, INVALID_PARAMS, '"arguments" of a tool is not an object of names and values.')
    return None


def _error(message_id: str | int | None, code: int, words: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message_id, "error": {"code": code, "message": words}}
