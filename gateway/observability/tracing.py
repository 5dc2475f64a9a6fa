"""Traces by OpenTelemetry, over HTTP, where the standard variable OTEL_EXPORTER_OTLP_ENDPOINT says where.

resilience/spans.py says where there are spans, recording.py makes them, exporting.py their bytes. The variables of
OpenTelemetry hold: sampler, headers, time limits, resource.
"""

import os
import threading
from typing import Literal

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from gateway import __version__
from gateway.config.settings import Settings
from gateway.observability.exporting import Exporter
from gateway.observability.recording import Recorder
from gateway.resilience import spans

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
LAST_SPANS_S = 1.0
"""How long a process that ends waits for the spans that are still to be sent."""


def start_tracing(settings: Settings, process: Literal["gateway", "worker"]) -> None:
    """Trace from now on, where there is an endpoint; else nothing is made and nothing is sent."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return
    resource = Resource.create(
        {
            "service.name": os.environ.get("OTEL_SERVICE_NAME") or f"tidegate-{process}",
            "service.version": __version__,
            "deployment.environment.name": settings.environment,
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    processor = BatchSpanProcessor(Exporter())
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    spans.tracer = Recorder(provider, processor)


def stop_tracing() -> None:
    """Send what is still to be sent, LAST_SPANS_S at most."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        # The exporter waits for its own time limit, which is ten seconds.
        last = threading.Thread(target=provider.shutdown, daemon=True)
        last.start()
        last.join(LAST_SPANS_S)
