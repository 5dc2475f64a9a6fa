"""An OpenTelemetry collector of this machine: takes spans over HTTP, and keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.support.local_server import Handler, LocalServer
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class KeptSpan:
    """A span, and the service that made it."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began_ns: int
    ended_ns: int
    attributes: dict[str, Any]
    linked: frozenset[str]
    """Traces of the spans that it links to."""


class FakeCollector(LocalServer):
    """Keeps every request as its bytes, unpacked."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        super().__init__(self._handler())

    @property
    def environment(self) -> dict[str, str]:
        """Variables that send spans here, soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.root, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    @property
    def spans(self) -> list[KeptSpan]:
        """All that came."""
        return [span for request in list(self.requests) for span in _spans(request)]

    def wait_for(self, name: str, trace_id: str) -> list[KeptSpan]:
        """The spans of a trace, once it has one of this name."""

        def of_trace() -> list[KeptSpan]:
            return [span for span in self.spans if span.trace_id == trace_id]

        wait_until(lambda: name in {span.name for span in of_trace()}, f"the span {name}")
        return of_trace()

    def wait_for_any(self, name: str, linked: str | None = None) -> KeptSpan:
        """A span of this name, and linked to this trace, once there is one."""

        def found() -> list[KeptSpan]:
            return [span for span in self.spans if span.name == name and (linked is None or linked in span.linked)]

        return wait_until(found, f"a {name}")[0]

    def _handler(self) -> type[Handler]:
        requests = self.requests

        class Takes(Handler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces", self.path
                requests.append(self.body())
                self.answer(b"", headers={"Content-Type": "application/x-protobuf"})

        return Takes


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return [_plain(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, str(kind))


def _spans(request: bytes) -> Iterator[KeptSpan]:
    for of_resource in ExportTraceServiceRequest.FromString(request).resource_spans:
        resource = {pair.key: pair.value.string_value for pair in of_resource.resource.attributes}
        for of_scope in of_resource.scope_spans:
            for span in of_scope.spans:
                yield KeptSpan(
                    resource["service.name"],
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    {pair.key: _plain(pair.value) for pair in span.attributes},
                    frozenset(link.trace_id.hex() for link in span.links),
                )
