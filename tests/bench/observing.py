"""The ways in which a gateway in this process can be observed, each with its parts taken out of the application."""

import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from gateway.database import pool
from gateway.http import observation
from gateway.observability.exporting import Exporter
from gateway.observability.logs import JsonFormatter
from gateway.observability.recording import Recorder
from gateway.resilience import metrics, request_metrics, spans
from tests.support.fake_collector import FakeCollector

NOTHING = "nothing noted"
COUNTED = "metrics, and no call of tracing"
DELIVERED = "as delivered"
LOGGED = "logged as JSON"
TRACED = "traced"


@dataclass(frozen=True)
class Way:
    """How searches are observed within the block that `begin` makes, and the way of which it is a step further."""

    begin: Callable[[], AbstractContextManager[Any]]
    than: str | None


async def _bare(middleware: Any, *message: Any) -> None:
    await middleware.app(*message)


@contextmanager
def nothing_noted() -> Iterator[None]:
    """Nothing is noted of a request."""
    with (
        not_traced(),
        mock.patch.object(observation.ObservationMiddleware, "__call__", _bare),
        mock.patch.object(metrics.Meter, "attempted", lambda *_: None),
    ):
        yield


@contextmanager
def not_traced() -> Iterator[None]:
    """Nothing asks whether there are traces."""
    none = nullcontext()
    with (
        mock.patch.object(metrics, "span", lambda *_, **__: none),
        mock.patch.object(pool, "span", lambda *_, **__: none),
        mock.patch.object(pool, "trace_parameters", lambda: {"trace": None, "traced": False}),
        mock.patch.object(observation, "_span", lambda _: none),
        mock.patch.object(observation, "following", lambda _: none),
        mock.patch.object(observation, "tell_request", lambda *_: None),
        mock.patch.object(request_metrics, "trace_id", lambda **_: None),
    ):
        yield


@contextmanager
def logged() -> Iterator[None]:
    """Every request has its line."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        handler, logger = logging.StreamHandler(nowhere), logging.getLogger("gateway.access")
        handler.setFormatter(JsonFormatter("gateway"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)


def _collect(ready: Any) -> None:
    with FakeCollector().running() as collector:
        ready.put(collector.environment["OTEL_EXPORTER_OTLP_ENDPOINT"])
        while True:
            time.sleep(3600)


@contextmanager
def ways() -> Iterator[Mapping[str, Way]]:
    """All of them, by name, with a collector in a process of its own."""
    ready: Any = multiprocessing.Queue()
    collector = multiprocessing.Process(target=_collect, args=(ready,), daemon=True)
    collector.start()
    provider = TracerProvider(shutdown_on_exit=False)
    processor = BatchSpanProcessor(Exporter(f"{ready.get(timeout=60)}/v1/traces"))
    provider.add_span_processor(processor)
    recorder = Recorder(provider, processor)

    @contextmanager
    def traced() -> Iterator[None]:
        with mock.patch.object(spans, "tracer", recorder):
            yield
        processor.force_flush()

    try:
        yield {
            NOTHING: Way(nothing_noted, None),
            COUNTED: Way(not_traced, NOTHING),
            DELIVERED: Way(nullcontext, COUNTED),
            LOGGED: Way(logged, DELIVERED),
            TRACED: Way(traced, DELIVERED),
        }
    finally:
        provider.shutdown()
        collector.terminate()
        collector.join()
