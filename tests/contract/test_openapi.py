"""The gateway against its own OpenAPI document: generated requests, good and bad, on a real process.

The same requests every time. Schemathesis checks that what the schema allows is accepted and what it forbids is
refused, and that every status, header, media type and body is documented.
"""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from gateway.http.load_shedding import ANSWERS
from gateway.search.metadata_filter import check_metadata
from tests.support import Process, Stack
from tests.support.gateway_app import make_app
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 20261122,
        "request-timeout": PATIENCE_S,
        "generation": {"deterministic": True, "max-examples": 50, "database": "none"},
        # A text that is too long may be more than a body may have.
        "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "403", "413", "415", "422"]}},
    }
)
OF_ANY_REQUEST = {"400", "404", "405", "408", "413", "431", "500"}
STATUSES = {
    ("/v1/search", "post"): {"200", "401", "403", "415", "422", "429", "503"},
    ("/v1/answers", "post"): {"200", "401", "403", "415", "422", "429", "503"},
    ("/v1/chat/completions", "post"): {"200", "401", "403", "415", "422", "429", "503"},
    ("/v1/models", "get"): {"200", "401", "403", "429", "503"},
    ("/v1/models/tidegate", "get"): {"200", "401", "403", "429", "503"},
    ("/v1/embeddings", "post"): {"200", "401", "403", "415", "422", "429", "503"},
    ("/v1/recommendations", "get"): {"200", "304", "401", "403", "422", "429"},
    ("/v1/documents", "post"): {"202", "401", "403", "422", "429", "503"},
    ("/v1/documents/{document_id}", "get"): {"200", "401", "403", "422", "429", "503"},
    ("/.well-known/oauth-protected-resource", "get"): {"200", "429"},
    ("/.well-known/oauth-protected-resource/mcp", "get"): {"200", "429"},
    ("/v1/status", "get"): {"200", "401", "403", "429"},
    ("/health/live", "get"): {"200"},
    ("/health/ready", "get"): {"200", "503"},
}


@pytest.fixture(scope="module")
def base_url(stack: Stack, api: Process) -> str:
    """A gateway on a migrated database, with the Data API beside it."""
    # A connection for each request, as Schemathesis has it, is more than one address may open in a second.
    stack.start_gateway(CONNECTIONS_PER_ADDRESS="4096")
    return stack.gateway_url


@pytest.fixture(scope="module")
def document(base_url: str) -> dict[str, Any]:
    response = httpx2.get(f"{base_url}/openapi.json", timeout=60, trust_env=False)
    document: dict[str, Any] = response.json()
    return document


# Made while tests are collected, since each operation is a test; it is what the process serves, asserted below.
schema = schemathesis.openapi.from_dict(make_app(Project()).openapi(), config=CONFIG)


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_the_gateway_is_as_it_says(case: schemathesis.Case[Any], base_url: str) -> None:
    response = case.call(base_url=base_url)
    asks = case.operation.path if case.method.upper() == "POST" else ""
    if asks == "/v1/chat/completions" or has_a_grammar(case.body):
        # What a conversation must be for a question to be found in it, or a filter to be one, no JSON Schema says.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
    elif contradicts_itself(case.body) or (asks == "/v1/answers" and is_no_question(case.body)):
        # No JSON Schema says that one field must not be above another, or that a filter wants a kind.
        assert response.status_code in {400, 401, 413, 415, 422}
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
    else:
        case.validate_response(response)


def contradicts_itself(body: Any) -> bool:
    """Whether this search asks for what nothing can be."""
    if not isinstance(body, Mapping) or not isinstance(filters := body.get("filters"), Mapping):
        return False
    low, high = filters.get("price_min"), filters.get("price_max")
    of_products = any(filters.get(name) is not None for name in ("category", "price_min", "price_max", "in_stock"))
    return (
        (isinstance(low, int | float) and isinstance(high, int | float) and low > high)
        or (of_products and body.get("in") == ["documents"])
        or (
            any(filters.get(name) is not None for name in ("organization_ids", "document_ids"))
            and body.get("in") == ["products"]
        )
    )


def has_a_grammar(body: Any) -> bool:
    """Whether filters say what no JSON Schema tells from nonsense: a day of the calendar, a language, an operator."""
    if not isinstance(body, Mapping) or not isinstance(filters := body.get("filters"), Mapping):
        return False
    times = ("created_after", "created_before", "updated_after", "updated_before")
    if any(filters.get(name) is not None for name in ("languages", *times)):
        return True
    try:
        check_metadata(filters.get("metadata") or {})
    except (ValueError, AttributeError):
        return True
    return False


def is_no_question(body: Any) -> bool:
    """Whether it is neither a question nor a conversation that ends with one, or names organizations twice."""
    if not isinstance(body, Mapping):
        return False
    filters, messages = body.get("filters"), body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    is_asked = isinstance(last, Mapping) and last.get("role") == "user"
    organizations = filters.get("organization_ids") if isinstance(filters, Mapping) else None
    organization = body.get("organization_id")
    return (
        (body.get("question") is None) == (messages is None)
        or (messages is not None and not is_asked)
        or (organization is not None and (organizations is not None or body.get("in") == ["products"]))
    )


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document == schema.raw_schema
    operations = {(path, method): op for path, ops in document["paths"].items() for method, op in ops.items()}
    assert {key: set(op["responses"]) - OF_ANY_REQUEST for key, op in operations.items()} == STATUSES
    for key, operation in operations.items():
        assert set(operation["responses"]) >= OF_ANY_REQUEST
        assert operation["summary"]
        assert operation["description"]
        for status, response in operation["responses"].items():
            of_success = "text/plain" if operation["operationId"] == "metrics" else "application/json"
            events = ["text/event-stream"] if key[0] in ANSWERS else []
            expected = [of_success, *events] if status in ("200", "202") else ["application/problem+json"]
            assert sorted(response.get("content", [])) == ([] if status == "304" else expected)
    assert operations["/v1/search", "post"]["security"] == [{}, {"token": []}]
    assert operations["/v1/answers", "post"]["security"] == [{}, {"token": []}]
    assert operations["/v1/chat/completions", "post"]["security"] == [{}, {"token": []}]
    assert operations["/v1/embeddings", "post"]["security"] == [{"token": []}]
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_document_can_be_read_by_people(base_url: str) -> None:
    page = httpx2.get(f"{base_url}/docs", timeout=60, trust_env=False)
    assert page.status_code == 200
    assert "openapi.json" in page.text
