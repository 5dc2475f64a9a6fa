"""Answers that caches between the gateway and a visitor may keep. All others say no-store (admission.py)."""

import hashlib
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The answer is the one of If-None-Match.", "headers": {"ETag": {"schema": {"type": "string"}}}}
}
"""Of routes that use `cacheable`, for their `responses`."""


def cacheable(request: Request, response: Response, answer: BaseModel, *, but: set[str]) -> Response | None:
    """Let caches keep `answer` for PUBLIC_CACHE_S; the response to send in place of it where the client has it already.

    Only for a request without a token, or one caller's answer would reach another. The tag is weak: it stands for the
    answer without the fields `but`, which differ each time.
    """
    seconds: int = request.app.state.public_cache_s
    if seconds == 0 or "authorization" in request.headers:
        return None
    digest = hashlib.sha256(answer.model_dump_json(exclude=but).encode()).hexdigest()[:32]
    tag = f'W/"{digest}"'
    headers = {"Cache-Control": f"public, max-age={seconds}", "ETag": tag, "Vary": "Authorization"}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return None


def _has(given: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; weak comparison of RFC 9110, 8.8.3.2."""
    tags = {each.strip().removeprefix("W/") for each in given.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags
