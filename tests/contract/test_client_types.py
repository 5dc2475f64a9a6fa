"""The types of the clients are those of the gateway's OpenAPI document."""

from typing import get_type_hints

from tests.support.client_types import PYTHON, TYPESCRIPT, document, python_types, typescript_types
from tidegate_client.requests import AnswerOptions, DocumentOptions, SearchOptions


def test_the_types_of_the_python_client_are_current() -> None:
    assert PYTHON.read_text(encoding="utf-8") == python_types(), "run make types"


def test_the_types_of_the_typescript_client_are_current() -> None:
    assert TYPESCRIPT.read_text(encoding="utf-8") == typescript_types(), "run make types"


def test_every_option_can_be_given() -> None:
    schemas = document()["components"]["schemas"]
    for options, schema, apart in (
        (SearchOptions, "SearchRequest", {"query"}),
        (AnswerOptions, "AnswerRequest", {"question", "messages", "stream"}),
        (DocumentOptions, "NewDocument", {"files"}),
    ):
        given = {"in" if name == "kinds" else name for name in get_type_hints(options)}
        assert given == set(schemas[schema]["properties"]) - apart
