"""How texts of the environment become values."""

import json
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from limits import parse_many
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    return value.rstrip("/")


def _comma_separated(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _none_when_empty(value: Any) -> Any:
    return None if value == "" else value


def _lower_case(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def read_json(value: Any) -> Any:
    """What a text says that is JSON; nothing where it is empty."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ValueError(f"must be JSON ({error})") from error


def _rate(value: str) -> str:
    try:
        items = parse_many(value) if value.strip() else []
    except ValueError as error:
        raise ValueError(f'must be a rate such as "40 per 5 second" ({error})') from error
    if any(item.amount < 1 for item in items):
        raise ValueError("must allow something; empty, it allows any number")
    return value


def _networks(value: list[str]) -> list[str]:
    for text in value:
        try:
            ip_network(text, strict=False)
        except ValueError as error:
            raise ValueError("must be addresses or networks such as 10.0.0.0/8") from error
    return value


def _origins(value: list[str]) -> list[str]:
    """Origins as browsers write them: of an address with a slash at its end, what stands before."""
    origins = [text.rstrip("/").lower() for text in value]
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (not parts.scheme or not parts.hostname or parts.path or parts.query):
            raise ValueError("must be origins such as https://shop.example, without a path, or *")
    return origins


def sentence(problem: Any) -> str:
    """What pydantic says of one value, with the value's name."""
    name = ".".join(str(part) for part in problem["loc"])
    return f"{name.upper()} is not valid: {problem['msg'].removeprefix('Value error, ')}."


HttpUrl = Annotated[str, AfterValidator(_http_url)]
CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_comma_separated)]
Origins = Annotated[CommaSeparated, AfterValidator(_origins)]
Algorithms = Annotated[
    list[Literal["ES256", "RS256", "HS256"]], NoDecode, BeforeValidator(_comma_separated), Field(min_length=1)
]
Networks = Annotated[CommaSeparated, AfterValidator(_networks)]
Rate = Annotated[str, AfterValidator(_rate)]
Empty = BeforeValidator(_none_when_empty)
LowerCase = BeforeValidator(_lower_case)
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
JsonObject = Annotated[dict[str, Any], NoDecode, BeforeValidator(read_json)]
PolicyChanges = Annotated[dict[str, dict[str, Number]], NoDecode, BeforeValidator(read_json)]
