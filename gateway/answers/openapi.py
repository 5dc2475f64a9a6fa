"""The events of an answer as the OpenAPI document describes them."""

from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.answers.events import SCHEMA_NAMES, SENT_BEFORE, DeltaEvent, ErrorEvent, SearchEvent
from gateway.answers.schemas import AnswerResponse

PREFIX = "#/components/schemas/"


def _event(name: str, schema: str) -> dict[str, Any]:
    # OpenAPI 3.1 has no word for JSON within a text but these two of JSON Schema.
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": f"{PREFIX}{schema}"}}
    return {
        "type": "object",
        "title": f"{name} event",
        "required": ["event", "data"],
        "properties": {"event": {"const": name}, "data": data},
    }


EVENT_SCHEMA: dict[str, Any] = {
    "description": "One server-sent event; what stands in `data` is JSON.",
    "oneOf": [_event(name, schema) for name, schema in SCHEMA_NAMES.items()],
}


def event_schemas() -> dict[str, Any]:
    """Schemas of what is in `data`, by name; those that an answer has anyway are among them."""
    models = (SearchEvent, DeltaEvent, ErrorEvent, AnswerResponse)
    _, document = models_json_schema([(model, "serialization") for model in models], ref_template=f"{PREFIX}{{model}}")
    schemas: dict[str, Any] = document["$defs"]
    return {**schemas, "AnswerEnd": _end_of(schemas["AnswerResponse"])}


def _end_of(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what the events before said."""
    return {
        **answer,
        "title": "AnswerEnd",
        "description": "The rest of an answer: all but its text, citations and passages, which were sent before.",
        "properties": {name: each for name, each in answer["properties"].items() if name not in SENT_BEFORE},
        "required": [name for name in answer["required"] if name not in SENT_BEFORE],
    }
