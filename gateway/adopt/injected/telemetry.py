"""Traces, metrics and logs by OpenTelemetry, over HTTP, where its standard variables name a collector.

Its own variables hold: endpoint, headers, sampler, resource, and `none` as an exporter. An application that has set a
tracer provider keeps it.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import wrapt
from opentelemetry import metrics, trace

from gateway.adopt.injected.options import Options

LAST_WORDS_S = 2.0
GROUP = "opentelemetry_instrumentor"
# The module whose import tells that a library is used, where it is not the instrumentation's name.
MODULES = {"aiohttp-client": "aiohttp", "urllib3": "urllib3", "sqlalchemy": "sqlalchemy"}
DJANGO, DJANGO_MODULE = "django", "django.core.handlers.base"
LEFT_OUT = frozenset({"urllib", "urllib3", "wsgi", "asgi", "logging", "threading", "system_metrics"})
"""Those that others stand on: their spans would be there twice."""


def instrument(options: Options) -> None:
    """Have what is imported from now on make spans, as far as an instrumentation is installed for it."""
    if not options.traces:
        return
    unwanted = set(os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").replace(" ", "").split(","))
    for point in entry_points(group=GROUP):
        if point.name in LEFT_OUT | unwanted:
            continue
        if point.name == DJANGO:
            # Its middleware is added to the settings, which are there once a handler loads its middleware.
            wrapt.register_post_import_hook(_when_middleware_is_loaded(point), DJANGO_MODULE)
        else:
            wrapt.register_post_import_hook(_when_imported(point), MODULES.get(point.name, point.name))


def _when_imported(point: EntryPoint) -> Callable[[Any], None]:
    return lambda _: _load(point)


def _when_middleware_is_loaded(point: EntryPoint) -> Callable[[Any], None]:
    def load_middleware(wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        _load(point)
        return wrapped(*args, **kwargs)

    def when_imported(module: Any) -> None:
        wrapt.wrap_function_wrapper(module, "BaseHandler.load_middleware", load_middleware)

    return when_imported


def _load(point: EntryPoint) -> None:
    try:
        instrumentor = point.load()()
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument()
    except Exception:
        logging.getLogger(__name__).exception("The instrumentation %s is left out.", point.name)


def start_telemetry(options: Options) -> None:
    """Send spans, metrics and logs from now on."""
    if not options.traces or type(trace.get_tracer_provider()).__name__ != "ProxyTracerProvider":
        return
    started = []
    if _wanted("OTEL_TRACES_EXPORTER"):
        started.append(_start_traces())
    if _wanted("OTEL_METRICS_EXPORTER"):
        started.append(_start_metrics())
    if os.environ.get("OTEL_LOGS_EXPORTER") == "otlp":
        started.append(_start_logs())
    atexit.register(lambda: _stop(started))


def _stop(started: list[Callable[[], Any]]) -> None:
    """Send what is left, LAST_WORDS_S at most: the exporters' own limit is ten seconds each."""
    until = time.monotonic() + LAST_WORDS_S
    threads = [threading.Thread(target=shutdown, daemon=True) for shutdown in started]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _wanted(variable: str) -> bool:
    return os.environ.get(variable, "otlp") != "none"


def _start_traces() -> Callable[[], Any]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _start_metrics() -> Callable[[], Any]:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415

    provider = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], shutdown_on_exit=False)
    metrics.set_meter_provider(provider)
    return provider.shutdown


def _start_logs() -> Callable[[], Any]:
    from opentelemetry._logs import set_logger_provider  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: PLC0415
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler  # noqa: PLC0415
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: PLC0415

    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(provider)
    logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))
    return provider.shutdown
