"""Spans of the gateway against the SDK's: the same in all that is sent, and recorded where the sampler says so."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import SpanKind

from gateway.observability.recording import Recorder
from gateway.resilience import spans

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Counting(IdGenerator):
    """The same ids in each run."""

    def __init__(self) -> None:
        self.last = 0

    def generate_trace_id(self) -> int:
        """The next."""
        self.last += 1
        return self.last

    generate_span_id = generate_trace_id


def recording(
    sampler: Sampler, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, by_sdk: bool = False
) -> list[ReadableSpan]:
    """What is recorded of a request that asks twice, of which the second fails."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler, id_generator=Counting(), shutdown_on_exit=False)
    processor = SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("tidegate") if by_sdk else Recorder(provider, processor)
    monkeypatch.setattr(spans, "tracer", tracer)
    with spans.following(headers), spans.span("POST", SpanKind.SERVER, http__request__method="POST"):
        with spans.span("search_as", db__operation__name="search_as"), spans.span("database", SpanKind.CLIENT):
            spans.annotate(rows=3, names=("a", "b"))
            spans.link([PARENT, PARENT, None])
        with pytest.raises(LookupError), spans.span("data_api", SpanKind.CLIENT):
            raise LookupError
        spans.tell_request("POST", "/v1/search", 503, "unavailable")
    return list(exporter.get_finished_spans())


def told(span: ReadableSpan) -> tuple[Any, ...]:
    """All that is sent of it but its times."""
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.start_time <= span.end_time
    return (
        span.name, span.context, span.parent, span.kind, dict(span.attributes or {}), span.events, span.resource,
        [(link.context, dict(link.attributes or {})) for link in span.links],
        span.status.status_code, span.status.description, span.instrumentation_scope,
    )  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [{}, {"traceparent": PARENT}, {"traceparent": PARENT[:-1] + "3", "tracestate": "a=b"}],
    ids=["of nobody", "of a client", "of a client with a state"],
)
def test_spans_are_what_the_sdk_makes(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    ours = recording(DEFAULT_ON, headers, monkeypatch)
    theirs = recording(DEFAULT_ON, headers, monkeypatch, by_sdk=True)
    assert [told(span) for span in ours] == [told(span) for span in theirs]
    assert [span.name for span in ours] == ["database", "search_as", "data_api", "POST /v1/search"]


class Once(ParentBased):
    """Notes what it is asked about."""

    def __init__(self, root: Sampler) -> None:
        super().__init__(root)
        self.asked: list[str] = []

    def should_sample(self, *arguments: Any, **named: Any) -> Any:
        """The usual answer."""
        self.asked.append(arguments[2])
        return super().should_sample(*arguments, **named)


@pytest.fixture
def nothing_at_hand() -> Iterator[None]:
    """No span from elsewhere."""
    token = context.attach(context.Context())
    yield
    context.detach(token)


@pytest.mark.usefixtures("nothing_at_hand")
@pytest.mark.parametrize(
    ("root", "headers", "recorded"),
    [
        (DEFAULT_ON, {}, 4),
        (ALWAYS_OFF, {}, 0),
        (TraceIdRatioBased(1e-9), {}, 4),  # the smallest of ids
        (DEFAULT_ON, {"traceparent": PARENT[:-1] + "0"}, 0),
        (ALWAYS_OFF, {"traceparent": PARENT}, 4),
    ],
)
def test_the_sampler_decides_once_for_a_request(
    root: Sampler, headers: dict[str, str], recorded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampler = Once(root)
    found = recording(sampler, headers, monkeypatch)
    assert (len(found), sampler.asked) == (recorded, ["POST"])


@pytest.mark.usefixtures("nothing_at_hand")
def test_what_is_not_recorded_still_has_one_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = TracerProvider(ALWAYS_OFF, shutdown_on_exit=False)
    processor = SimpleSpanProcessor(InMemorySpanExporter())
    monkeypatch.setattr(spans, "tracer", Recorder(provider, processor))
    with spans.span("POST"):
        outside = spans.trace_id()
        with spans.span("database"):
            assert spans.trace_id() == outside
            assert spans.trace_parameters() == {"trace": outside, "traced": False}
            assert spans.trace_id(is_recorded=True) is None
        assert not trace.get_current_span().is_recording()
    assert outside is not None


def test_nothing_is_made_where_nothing_is_traced() -> None:
    assert spans.tracer is None
    assert spans.span("POST", SpanKind.SERVER) is spans.NOTHING
