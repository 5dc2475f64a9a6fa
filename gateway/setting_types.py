"""How texts of the environment become values."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
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


HttpUrl = Annotated[str, AfterValidator(_http_url)]
CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_comma_separated)]
Empty = BeforeValidator(_none_when_empty)
LowerCase = BeforeValidator(_lower_case)
