"""`tidegate-worker` runs the worker; with `retry` it retries what failed, with `check` it says what it would use."""

import argparse
import asyncio
import sys
from collections.abc import Callable

from gateway.config.destinations import destinations
from gateway.config.loading import load_settings_or_exit, refuse
from gateway.config.settings import Settings
from gateway.database.connection import DatabaseError
from gateway.embeddings import EmbedderUnavailable
from gateway.observability.logs import configure_logging
from gateway.observability.reports import flush_reports, report_errors
from gateway.observability.tracing import start_tracing, stop_tracing
from gateway.resilience import metrics
from gateway.worker.process import WorkerProcess, retry_failed


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="tidegate-worker", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["run", "retry", "check"], default="run")
    arguments = parser.parse_args()
    settings = load_settings_or_exit("worker")
    if arguments.command == "check":
        sys.stdout.write("The settings are good. The worker would use:\n")
        sys.stdout.writelines(f"  {line}\n" for line in destinations(settings, "worker"))
        return
    configure_logging(settings, "worker")
    if arguments.command == "run":
        run(settings)
        return
    try:
        count = asyncio.run(retry_failed(settings))
    except DatabaseError as error:
        refuse(f"The database does not answer: {error}")
    sys.stdout.write(f"{count} failed texts will be tried again.\n")


def run(settings: Settings) -> None:
    """Work until a signal to stop, and show the numbers meanwhile where a port is set."""
    try:
        report_errors(settings, "worker")
        start_tracing(settings, "worker")
    except ValueError as error:
        refuse(f"The worker cannot start:\n  - {error}")
    stop_metrics = _serve_metrics(settings.worker_metrics_host, settings.worker_metrics_port)
    try:
        asyncio.run(WorkerProcess(settings).run())
    except EmbedderUnavailable as error:
        refuse(f"The worker cannot start: {error}")
    finally:
        stop_metrics()
        stop_tracing()
        flush_reports()


def _serve_metrics(host: str, port: int | None) -> Callable[[], None]:
    if port is None:
        return lambda: None
    try:
        return metrics.serve(host, port)
    except (OSError, UnicodeError) as error:
        refuse(
            f"The worker cannot show its numbers on {host} port {port} ({error}): set WORKER_METRICS_PORT or "
            "WORKER_METRICS_HOST."
        )


if __name__ == "__main__":
    main()
