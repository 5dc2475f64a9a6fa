"""Calls of the MCP server's tools, whose errors are results."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx2

from gateway.errors import GatewayError, InternalError

_ids = count(1)


class ToolError(Exception):
    """A tool gave an error: the status that a route would have, and what a problem is called."""

    def __init__(self, text: str) -> None:
        """Of the text of the result, which begins with the title of the error."""
        super().__init__(text)
        title = text.partition(": ")[0]
        error = next((each for each in _errors() if each.title == title), InternalError)
        self.status, self.why = error.status, f"urn:tidegate:problem:{error.kind}"


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    """The message that calls a tool."""
    parameters = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": next(_ids), "method": "tools/call", "params": parameters}


def result_of(response: httpx2.Response) -> dict[str, Any]:
    """What the tool gave. ToolError; KeyError for an answer that is no result."""
    result = response.json()["result"]
    (text,) = result["content"]
    if result.get("isError"):
        raise ToolError(text["text"])
    content: dict[str, Any] = result["structuredContent"]
    assert json.loads(text["text"]) == content
    return content


def problem_of(response: httpx2.Response) -> dict[str, Any]:
    """The problem that an error is, also where it comes as an error of JSON-RPC. KeyError for an error that is none."""
    body: dict[str, Any] = response.json()
    problem: dict[str, Any] = body["error"]["data"] if "jsonrpc" in body else body
    return problem


def _errors(kind: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _errors(each)
