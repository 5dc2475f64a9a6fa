"""Spans that are recorded, in a third of the time that the SDK takes for its own.

The SDK's spans may be written to by several threads: they lock, check, copy and count. These belong to one task, and
resilience/spans.py alone writes to them. Sampler, ids, resource, processor and exporter are the SDK's. The sampler is
asked where this process enters a trace; whatever is within follows.
"""

import time
from collections.abc import Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

SCOPE = InstrumentationScope("tidegate", "")


class Recorder:
    """Makes the spans of the gateway or the worker."""

    def __init__(self, provider: TracerProvider, processor: SpanProcessor) -> None:
        """Ask the sampler of `provider`, and hand each span that has ended to `processor`."""
        self._sampler, self._ids, self.resource = provider.sampler, provider.id_generator, provider.resource
        self.processor = processor

    def start_span(self, name: str, *, kind: SpanKind, attributes: Mapping[str, Any]) -> trace.Span | None:
        """A span that has begun, within the one at hand; None within one of this process that is not recorded."""
        above = trace.get_current_span()
        parent = above.get_span_context()
        if type(above) is Recorded:
            context = SpanContext(
                parent.trace_id, self._ids.generate_span_id(), False, parent.trace_flags, parent.trace_state
            )
            return Recorded(self, name, context, parent, kind=kind, attributes=attributes)
        if parent.is_valid and not parent.is_remote:
            return None
        return self._enter(name, parent if parent.is_valid else None, kind, attributes)

    def _enter(
        self, name: str, parent: SpanContext | None, kind: SpanKind, attributes: Mapping[str, Any]
    ) -> trace.Span:
        """The first span of this process in a trace, of which the sampler decides whether it is recorded."""
        if parent is None:
            trace_id, is_random = self._ids.generate_trace_id(), self._ids.is_trace_id_random()
        else:
            trace_id, is_random = parent.trace_id, parent.trace_flags.random_trace_id
        sampled = self._sampler.should_sample(None, trace_id, name, kind, attributes)
        is_sampled = sampled.decision is Decision.RECORD_AND_SAMPLE
        flags = is_sampled * TraceFlags.SAMPLED | is_random * TraceFlags.RANDOM_TRACE_ID
        context = SpanContext(trace_id, self._ids.generate_span_id(), False, TraceFlags(flags), sampled.trace_state)
        if is_sampled:
            return Recorded(self, name, context, parent, kind=kind, attributes=sampled.attributes)
        return trace.NonRecordingSpan(context)


class Recorded(ReadableSpan, trace.Span):
    """One span."""

    def __init__(
        self,
        recorder: Recorder,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        *,
        kind: SpanKind,
        attributes: Mapping[str, Any],
    ) -> None:
        """It begins now."""
        self._made, self._kept, self._processor = context, dict(attributes), recorder.processor
        super().__init__(
            name, context, parent, recorder.resource, self._kept, kind=kind,
            start_time=time.time_ns(), instrumentation_scope=SCOPE,
        )  # fmt: skip

    def get_span_context(self) -> SpanContext:
        """Its ids."""
        return self._made

    def is_recording(self) -> bool:
        """Whether it has not ended."""
        return self._end_time is None

    def update_name(self, name: str) -> None:
        """Call it something else."""
        self._name = name

    def set_attribute(self, key: str, value: Any) -> None:
        """Keep one more, or change it."""
        self._kept[key] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Keep more, or change them."""
        self._kept.update(attributes)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Whether it went well."""
        self._status = status if isinstance(status, Status) else Status(status, description)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """It belongs to another one as well."""
        self._links = (*self._links, Link(context, attributes))

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Not kept: its words may be a caller's."""

    def record_exception(self, exception: BaseException, *_: Any, **__: Any) -> None:
        """Not kept: its words may be a caller's."""

    def end(self, end_time: int | None = None) -> None:
        """It is over."""
        self._end_time = end_time or time.time_ns()
        self._processor.on_end(self)
