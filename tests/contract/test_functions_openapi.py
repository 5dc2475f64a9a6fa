"""The OpenAPI document of the Edge Functions: current, and of the same requests and answers as the gateway's."""

import json
import random
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ValidationError

from gateway.answers.schemas import AnswerRequest, AnswerResponse
from gateway.answers.words import scores
from gateway.local.bootstrap import deno_command
from gateway.local.paths import REPOSITORY
from gateway.recommendations.schemas import RecommendationsRequest, RecommendationsResponse
from gateway.search.schemas import SearchRequest, SearchResponse
from tests.support.filters import PASSING, REFUSED

FUNCTIONS = REPOSITORY / "supabase" / "functions"
DOCUMENT: dict[str, Any] = json.loads((REPOSITORY / "docs" / "edge-functions.openapi.json").read_text(encoding="utf-8"))
REQUESTS: dict[str, tuple[str, type[BaseModel]]] = {
    "answers": ("AnswersQuestion", AnswerRequest),
    "search": ("SearchQuestion", SearchRequest),
    "recommend": ("RecommendWish", RecommendationsRequest),
}
ANSWERS: dict[str, tuple[str, type[BaseModel]]] = {
    "answers": ("AnswersAnswer", AnswerResponse),
    "search": ("SearchAnswer", SearchResponse),
    "recommend": ("RecommendAnswer", RecommendationsResponse),
}
# A word about a field may differ; so may its pattern, which Zod states in code where characters count, not units.
WORDS = {"title", "description", "examples", "pattern"}
USUAL: tuple[tuple[str, Any], ...] = (("minItems", 0), ("additionalProperties", {}), ("additionalProperties", True))
HERE = Path(__file__).parent
UUIDS = (str(uuid.UUID(int=5)), str(uuid.UUID(int=6)).upper())


def run(script: Path, given: str = "") -> str:
    """What a script prints; AssertionError with its errors when it fails."""
    done = subprocess.run(deno_command(script), input=given, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_document_is_current() -> None:
    assert json.loads(run(FUNCTIONS / "openapi.ts")) == DOCUMENT, "run make docs"


def test_every_function_is_described() -> None:
    deployed = {f"/{path.parent.name}" for path in FUNCTIONS.glob("*/index.ts")}
    assert set(DOCUMENT["paths"]) == deployed


def alike(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """A JSON Schema as far as Pydantic and Zod can write the same: without references and words, null as a type."""
    if isinstance(schema, list):
        return [alike(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return alike({**definitions[schema["$ref"].rpartition("/")[2]], **without(schema, "$ref")}, definitions)
    if isinstance(schema.get("type"), list):
        return alike({**without(schema, "type"), "anyOf": [{"type": each} for each in schema["type"]]}, definitions)
    found = {name: alike(each, definitions) for name, each in without(schema, "properties", *WORDS).items()}
    if "properties" in schema:
        found["properties"] = {name: alike(each, definitions) for name, each in schema["properties"].items()}
    if "required" in found:
        found["required"] = sorted(found["required"])
    # A default of null is what is left out; that of filters is written in two ways.
    if found.get("default", "") is None or isinstance(found.get("default"), dict):
        del found["default"]
    return without(found, *(name for name, usual in USUAL if found.get(name) == usual))


def without(schema: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The rest of a schema."""
    return {name: each for name, each in schema.items() if name not in names}


def of_model(model: type[BaseModel], mode: Literal["validation", "serialization"]) -> Any:
    """The schema of one of the gateway's models."""
    schema = model.model_json_schema(mode=mode)
    return alike(without(schema, "$defs"), schema.get("$defs", {}))


@pytest.mark.parametrize("function", REQUESTS)
def test_a_function_takes_what_the_gateway_takes(function: str) -> None:
    name, model = REQUESTS[function]
    assert alike(DOCUMENT["components"]["schemas"][name], {}) == of_model(model, "validation")


@pytest.mark.parametrize("function", ANSWERS)
def test_a_function_answers_in_the_gateways_form(function: str) -> None:
    name, model = ANSWERS[function]
    described, of_gateway = alike(DOCUMENT["components"]["schemas"][name], {}), of_model(model, "serialization")
    if function == "search":
        # The reasons of a search are the gateway's alone.
        of_gateway["properties"]["explanation"] = described["properties"]["explanation"]
    assert described == as_answered(of_gateway)


def as_answered(schema: Any) -> Any:
    """The same of an answer: the gateway writes every field, and a client of today reads the answers of tomorrow."""
    if isinstance(schema, list):
        return [as_answered(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: as_answered(each) for name, each in without(schema, "properties", "default").items()}
    if "properties" in schema:
        found["properties"] = {name: as_answered(each) for name, each in schema["properties"].items()}
        found["required"] = sorted(schema["properties"])
    return without(found, *(["additionalProperties"] if found.get("additionalProperties") is False else []))


# For each field what is taken, what is on the edge of it, and what is not.
VALUES: dict[str, tuple[Any, ...]] = {
    "query": ("tent", " a ", "", " \u0085", "x" * 4_000, "🌊" * 4_001, "a\0", 5, None, '"a b" -c d*'),
    "mode": ("semantic", "keyword", "hybrid", "fast", None, 1),
    "in": (["documents"], ["products", "documents"], [], ["documents", "documents"], ["cats"], "documents", None),
    "limit": (1, 100, 0, 101, 10.0, 2.5, "3", True, None),
    "filters": ({}, None, 5, []),
    "effort": ("bounded", "exact", "most", None),
    "passages_per_result": (1, 10, 0, 11, 3.0, "1", None),
    "include": ([], ["content"], ["content", "neighbours"], ["content", "content"], ["cats"], None),
    "syntax": ("operators", "plain", "lucene", None),
    "prefix": (True, False, 1, "true", None),
    "explain": (True, False, 1, "true", None),
    "explain_ids": ([], list(UUIDS), [UUIDS[0], UUIDS[0]], ["x"], [str(uuid.UUID(int=i)) for i in range(21)], None),
    "unknown": (1,),
}
OF_FILTERS: dict[str, tuple[Any, ...]] = {
    "organization_ids": (list(UUIDS), [], ["x"], None, [UUIDS[0]] * 100, [UUIDS[0]] * 101),
    "category": ("light", "a-b", "", "A b", "-a", "a" * 63, "a" * 64, None, 5),
    "price_min": (0, 5.5, -1, 1e300, "5", None, True),
    "price_max": (0, 9_999_999_999.99, -0.01, 1e10, None, []),
    "in_stock": (True, False, 1, "yes", None),
    "document_ids": (list(UUIDS), [], ["x"], None),
    "languages": (["de"], ["pt-BR", "zh_Hant"], [], ["x"], ["de"] * 21, None),
    "created_after": ("2026-03-31", "2026-03-31T12:00:00Z", "2026-02-29", "31.3.2026", "", None, 5),
    "created_before": ("2026-03-31T12:00:00.5+02:00", "2024-02-29", "2026-03-31T24:00:00", "2026-03-31\n", None),
    "metadata": (
        *({}, {"a": [1, {"b": None}]}, {"a": "x" * 4_000}, {"a": "\0"}, {"a": "\\u0000"}, [], None),
        *(metadata for metadata, _ in PASSING.values()),
        *REFUSED,
    ),
    "unknown": (1,),
}


MESSAGES: tuple[Any, ...] = (
    [{"role": "user", "content": "tent"}],
    [{"role": "user", "content": "tent"}, {"role": "assistant", "content": "yes"}],
    [{"role": "user", "content": " "}],
    [{"role": "system", "content": "tent"}],
    [{"role": "user", "content": "tent", "name": "x"}],
    [{"role": "user", "content": "x" * 4_001}],
    [{"role": "assistant", "content": "🌊" * 12_000}, {"role": "user", "content": "x" * 4_000}],
    [{"role": "assistant", "content": "x" * 12_000}] * 2 + [{"role": "user", "content": "tent"}],
    [{"role": "user", "content": "tent"}] * 21,
    [],
    None,
)
OF_ANSWERS: dict[str, tuple[Any, ...]] = {
    **{name: VALUES[name] for name in ("in", "filters")},
    "limit": (1, 10, 11, 0, 5.0),
    "question": VALUES["query"],
    "messages": MESSAGES,
    "organization_id": (UUIDS[0], None, "x", 5),
    "stream": VALUES["explain"],
    "unknown": (1,),
}


def bodies(random_: random.Random, values: Mapping[str, tuple[Any, ...]], count: int) -> list[Any]:
    """Bodies with some fields, most of which are as they should be: the first value of a field is."""
    found: list[Any] = [None, [], "tent", 5, {}]
    asks = next(iter({"query", "question"} & values.keys()))
    while len(found) < count:
        body = {**({asks: "tent"} if random_.random() < 0.9 else {}), **chosen(random_, values)}
        if random_.random() < 0.5:
            body["filters"] = chosen(random_, OF_FILTERS)
        found.append(body)
    return found


def chosen(random_: random.Random, values: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """Some of the fields, one in three of them anything."""
    fields = random_.sample(list(values)[:-1], random_.randint(0, 4))
    fields += ["unknown"] if random_.random() < 0.02 else []
    return {name: random_.choice(values[name]) if random_.random() < 1 / 3 else values[name][0] for name in fields}


def takes(model: type[BaseModel], body: Any) -> bool:
    """Whether the gateway takes a body."""
    try:
        model.model_validate(body)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("function", "values"), [("search", VALUES), ("answers", OF_ANSWERS)])
def test_a_body_is_taken_by_both_or_by_neither(function: str, values: Mapping[str, tuple[Any, ...]]) -> None:
    asked, model = bodies(random.Random(20), values, 3_000), REQUESTS[function][1]
    by_gateway = [takes(model, body) for body in asked]
    by_function = json.loads(run(HERE / "verdicts.ts", json.dumps([(function, body) for body in asked])))
    different = [body for body, one, other in zip(asked, by_gateway, by_function, strict=True) if one != other]
    assert different == []
    assert 500 < sum(by_gateway) < 2_500


LATIN = ("mooring", "Boot", "Straße", "naïve", "ÇA", "e\u0301te\u0301", "don't", "kayak_2", "12.5", "Οδός", "ΟΔΟΣ")
OTHERS = ("हिन्दी", "ภาษาไทย", "日本語の", "한국어", "🌊")


def test_without_the_gateway_sentences_are_weighed_as_in_it() -> None:
    random_ = random.Random(21)
    asked = [(text_of(random_), [text_of(random_) for _ in range(random_.randint(1, 8))]) for _ in range(300)]
    for (question, texts), of_function in zip(
        asked, json.loads(run(HERE / "word_scores.ts", json.dumps(asked))), strict=True
    ):
        found, reachable = scores(question, texts)
        assert of_function["found"] == pytest.approx(found), (question, texts)
        assert of_function["reachable"] == pytest.approx(reachable)


def text_of(random_: random.Random) -> str:
    return " ".join(random_.choices((*LATIN, *OTHERS), k=random_.randint(1, 12)))
