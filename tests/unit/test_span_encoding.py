"""The bytes of spans: those of OpenTelemetry's own encoder, and the parts of a search."""

from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from gateway.observability.exporting import encode, parts
from gateway.observability.recording import Recorder
from gateway.resilience.spans import MOMENTS, W3C

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def ended(**attributes: Any) -> list[ReadableSpan]:
    """Spans of a request, of all kinds, of the gateway and of two libraries."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    processor = SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    ours, theirs = provider.get_tracer("ours"), provider.get_tracer("fastapi", "1", schema_url="https://s.test/1")
    request = theirs.start_span("POST /v1/search", W3C.extract({"traceparent": PARENT}), SpanKind.SERVER)
    inside = set_span_in_context(request)
    for kind in SpanKind:
        ours.start_span("database", inside, kind, attributes=attributes).end()
    failed = ours.start_span("failed", inside)
    failed.set_status(Status(StatusCode.ERROR, "because"))
    failed.add_event("an event", {"of": "it"})
    failed.end()
    ours.start_span("linked", W3C.extract({"traceparent": PARENT, "tracestate": "a=b"})).end()
    linked = ours.start_span("linked", inside)
    linked.add_link(request.get_span_context(), {"why": 1})
    linked.end()
    request.end()
    recorded = Recorder(provider, processor).start_span("x" * 200, kind=SpanKind.CLIENT, attributes=attributes)
    assert recorded is not None
    recorded.end()
    return list(exporter.get_finished_spans())


def read(encoded: bytes) -> dict[str, tuple[str, bytes, Any]]:
    """By span id: the scope, the resource and the span."""
    return {
        span.span_id.hex(): (
            of_scope.scope.name + of_scope.schema_url,
            of_resource.resource.SerializeToString(deterministic=True),
            span,
        )
        for of_resource in ExportTraceServiceRequest.FromString(encoded).resource_spans
        for of_scope in of_resource.scope_spans
        for span in map(without_empty_status, of_scope.spans)
    }


def without_empty_status(span: Span) -> Span:
    """One that says nothing may be there or not."""
    if not span.status.code:
        span.ClearField("status")
    return span


def test_spans_are_encoded_as_opentelemetry_does() -> None:
    spans = ended(text="it's", number=3, same=True, real=1.0, whole=1, many=("a", "b"), none=())
    usual = read(encode_spans(spans).SerializeToString())
    assert read(encode(spans)) == usual
    assert len(usual) == len(spans) == len(SpanKind) + 5


def test_moments_become_the_parts_of_a_search() -> None:
    moments = (10, 20, 30, 40, 50, 60)
    spans = ended(**{MOMENTS: moments, "text": "it's"})
    usual = read(encode_spans(spans).SerializeToString())
    found = read(encode(spans))
    assert set(usual) < set(found)
    (one, *_) = [span for span in spans if span.name == "database"]
    assert one.context is not None
    made = [span for _, _, span in found.values() if span.parent_span_id == one.context.span_id.to_bytes(8, "big")]
    told = [(span.name, span.start_time_unix_nano, span.end_time_unix_nano) for span in made]
    assert told == list(parts(moments))
    assert {span.trace_id for span in made} == {one.context.trace_id.to_bytes(16, "big")}
    assert [pair.key for _, _, span in found.values() if span.name == "database" for pair in span.attributes] == [
        "text"
    ] * len(SpanKind)


def test_a_part_that_was_not_done_has_no_span() -> None:
    assert list(parts((10, 20, 0, 40, 50, 60))) == [
        ("plan", 10, 20),
        ("words", 20, 40),
        ("fusion", 40, 50),
        ("snippets", 50, 60),
    ]


def test_parts_are_done_once_more_where_operators_gave_way() -> None:
    names = [name for name, _, _ in parts((10, 20, 0, 0, 0, 60, 0, 70, 80, 90))]
    assert names == ["plan", "plan", "words", "fusion", "snippets"]
