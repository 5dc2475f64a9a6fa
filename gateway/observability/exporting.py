"""Spans on their way out, on the exporter's thread: the parts of a search are made here, and the bytes of all spans.

OpenTelemetry's encoder takes more time for a span than making it took. Here what most spans have in common has been
encoded before, and ids and times are put behind it: fields of a message may come in any order. Spans with what is rare
are left to OpenTelemetry's.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, cast

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Encoded
from opentelemetry.proto.trace.v1.trace_pb2 import SpanFlags
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanKind

from gateway.resilience.spans import MOMENTS

PARTS = ("plan", "meaning", "words", "fusion")
"""Of a search, as private.timed_answer tells when they ended; where operators gave way, all of them once more."""
LAST_PART = "snippets"
KEPT = 512

# Fields, as protocol buffers number and type them; where the type leaves the length open, it follows.
RESOURCE_SPANS = b"\x0a"
SPANS = b"\x12"
"""Of a scope; and the scopes of a resource."""
TRACE_ID, SPAN_ID, PARENT_ID = b"\x0a\x10", b"\x12\x08", b"\x22\x08"
STARTED, ENDED = b"\x39", b"\x41"
OWN = Struct("<2s16s2s8scQcQ")
"""What a span has for itself."""
LOCAL = SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK
REMOTE = LOCAL | SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK

_new_id = RandomIdGenerator().generate_span_id


class Exporter(OTLPSpanExporter):
    """OpenTelemetry's exporter, with another encoder."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans; called on a thread of its own."""
        if self._shutdown or not self._client.export(encode(spans)).success:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def encode(spans: Sequence[ReadableSpan]) -> bytes:
    """An ExportTraceServiceRequest of the spans, of one resource, and of the parts that some of them tell of."""
    by_scope = defaultdict(list)
    for span in spans:
        by_scope[span.instrumentation_scope].append(span)
    return b"".join(_of_scope(of_scope) for of_scope in by_scope.values())


def _of_scope(spans: Sequence[ReadableSpan]) -> bytes:
    """Its field resource_spans, with resource and scope as OpenTelemetry writes them."""
    (of_resource,) = encode_spans(spans[:1]).resource_spans
    (of_scope,) = of_resource.scope_spans
    del of_resource.scope_spans[:], of_scope.spans[:]
    encoded = [of_scope.SerializeToString()]
    for span in spans:
        encoded += map(_submessage, _encoded(span))
    return _submessage(of_resource.SerializeToString() + _submessage(b"".join(encoded)), RESOURCE_SPANS)


def _encoded(span: ReadableSpan) -> Iterator[bytes]:
    """The span, and the spans of its parts."""
    context, parent = span.context, span.parent
    if span.events or span.links or context.trace_state or not span.status.is_unset:
        yield encode_spans([span]).resource_spans[0].scope_spans[0].spans[0].SerializeToString()
        return
    attributes = dict(span.attributes or {})
    moments = attributes.pop(MOMENTS, ())
    trace_id, span_id = context.trace_id.to_bytes(16, "big"), context.span_id.to_bytes(8, "big")
    same = _same(span.name, span.kind.value, REMOTE if parent and parent.is_remote else LOCAL)
    own = OWN.pack(TRACE_ID, trace_id, SPAN_ID, span_id, STARTED, span.start_time, ENDED, span.end_time)
    above = b"" if parent is None else PARENT_ID + parent.span_id.to_bytes(8, "big")
    yield b"".join((same, own, above, *map(_attribute, attributes, attributes.values())))
    if not moments:
        return
    above = PARENT_ID + span_id
    for name, began_ns, ended_ns in parts(cast(Sequence[int], moments)):
        own = OWN.pack(TRACE_ID, trace_id, SPAN_ID, _new_id().to_bytes(8, "big"), STARTED, began_ns, ENDED, ended_ns)
        yield _same(name, SpanKind.INTERNAL.value, LOCAL) + own + above


def parts(moments: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    """The parts of a search by their moments: name, and nanoseconds of beginning and end."""
    began_ns = moments[0]
    names = (*PARTS * ((len(moments) - 2) // len(PARTS)), LAST_PART)
    for name, ended_ns in zip(names, moments[1:], strict=True):
        if ended_ns:
            yield name, began_ns, ended_ns
            began_ns = ended_ns


@lru_cache(KEPT)
def _same(name: str, kind: Any, flags: int) -> bytes:
    """What spans of one kind have in common; kinds are counted from 1 there, as 0 is none of them."""
    return bytes(Encoded(name=name, kind=kind + 1, flags=flags).SerializeToString())


@lru_cache(KEPT, typed=True)
def _attribute(key: str, value: Any) -> bytes:
    return bytes(Encoded(attributes=[KeyValue(key=key, value=_value(value))]).SerializeToString())


def _submessage(encoded: bytes, tag: bytes = SPANS) -> bytes:
    """A field that is a message."""
    return tag + _varint(len(encoded)) + encoded


@lru_cache(KEPT)
def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the eighth bit."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))


def _value(value: Any) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case str():
            return AnyValue(string_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case _:
            return AnyValue(array_value=ArrayValue(values=map(_value, value)))
