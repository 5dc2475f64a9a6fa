"""What is told of the call of a language model: a span as OpenTelemetry's conventions have it, numbers, and no word."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from gateway.clients.chat import ChatError, ChatModel
from gateway.clients.chat_text import ChatText
from gateway.resilience import Policy, spans
from gateway.resilience.metrics import REGISTRY
from tests.answers.double import MODEL, Double, event

pytestmark = pytest.mark.anyio

NAME = "llm_of_spans"
WORDS = "Silver is in the bank"


@pytest.fixture
def double() -> Iterator[Double]:
    with Double().running() as double:
        yield double


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(spans, "tracer", provider.get_tracer("tidegate"))
    return exporter


async def write(double: Double) -> str:
    model = ChatModel(double.url, MODEL, policy=Policy(NAME, timeout_s=60.0))
    try:
        return "".join([piece async for piece in model.write([{"role": "user", "content": WORDS}], ChatText())])
    finally:
        await model.aclose()


def call_of(made: InMemorySpanExporter) -> tuple[ReadableSpan, dict[str, Any]]:
    """The span of the call, and its attributes; that of its one attempt is inside."""
    attempt, call = made.get_finished_spans()
    assert (attempt.name, call.name, call.kind) == (NAME, f"chat {MODEL}", SpanKind.CLIENT)
    assert attempt.parent is not None
    assert attempt.parent == call.context
    for span in (attempt, call):
        assert not any(word in span.to_json() for word in WORDS.split() if len(word) > 3)
    return call, dict(call.attributes or {})


def number(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"dependency": NAME, **labels}) or 0.0


def counted() -> list[float]:
    """Tokens read and written, and first pieces."""
    return [
        number("tidegate_llm_tokens_total", kind="input"),
        number("tidegate_llm_tokens_total", kind="output"),
        number("tidegate_llm_first_token_seconds_count"),
    ]


async def test_a_call_has_a_span_of_the_conventions(double: Double, made: InMemorySpanExporter) -> None:
    named = {"model": f"{MODEL}-2026", "choices": []}
    double.write = lambda _prompt: iter([f"data: {json.dumps(named)}\n\n".encode(), *map(event, WORDS.split(" "))])
    before = counted()
    assert await write(double) == WORDS.replace(" ", "")
    call, attributes = call_of(made)
    first_s = attributes.pop("gen_ai.response.time_to_first_chunk")
    assert call.start_time is not None
    assert call.end_time is not None
    assert 0 < first_s <= (call.end_time - call.start_time) / 1e9
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": MODEL,
        "gen_ai.request.stream": True,
        "gen_ai.response.model": f"{MODEL}-2026",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 300,
        "gen_ai.usage.output_tokens": 20,
        "server.address": "127.0.0.1",
        "server.port": int(double.root.rpartition(":")[2]),
    }
    assert [after - earlier for after, earlier in zip(counted(), before, strict=True)] == [300, 20, 1]


async def test_a_call_that_fails_tells_its_kind_alone(double: Double, made: InMemorySpanExporter) -> None:
    # An endpoint that is out of order, and repeats what it was asked.
    failed = {"model": f"I read: {WORDS}", "choices": [], "error": {"message": WORDS}}
    named = {"model": f"I read: {WORDS}", "choices": []}
    double.write = lambda _prompt: iter([f"data: {json.dumps(each)}\n\n".encode() for each in (named, failed)])
    before = counted()
    with pytest.raises(ChatError):
        await write(double)
    call, attributes = call_of(made)
    assert call.status.status_code is StatusCode.ERROR
    assert call.status.description is None
    assert attributes["error.type"] == "ChatError"
    assert not {name for name in attributes if name.startswith(("gen_ai.response", "gen_ai.usage"))}
    assert counted() == before
