"""`tidegate-gateway`: the HTTP server. Exits with 2 and a text when settings or database forbid it.

`tidegate-gateway --check` says what is wrong with the settings, or what it would connect to, and does nothing else.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import uvicorn
import uvloop
from fastapi import FastAPI

from gateway import __version__
from gateway.admission.connections import Connections, Uploads
from gateway.app.application import check_database, create_app, create_operations
from gateway.app.container import Services
from gateway.app.draining import DrainingServer
from gateway.config.destinations import destinations
from gateway.config.loading import load_settings_or_exit, refuse
from gateway.config.settings import Settings
from gateway.errors import DatabaseUnsafeError
from gateway.http.connection_gate import gate_of
from gateway.http.server_protocol import BoundedProtocol
from gateway.http.streaming import StreamingProtocol
from gateway.observability.logs import configure_logging
from gateway.observability.reports import flush_reports, report_errors
from gateway.observability.tracing import start_tracing, stop_tracing

logger = logging.getLogger("gateway")

OWN_FILES = 256  # of connections to the database and other servers, and of the process itself


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="tidegate-gateway", description="Serve HTTP; settings: the environment.")
    parser.add_argument("--check", action="store_true", help="check the settings, connect to nothing, and exit")
    arguments = parser.parse_args()
    settings = load_settings_or_exit("gateway")
    if arguments.check:
        check(settings)
        return
    configure_logging(settings, "gateway")
    try:
        report_errors(settings, "gateway")
        start_tracing(settings, "gateway")
        app = create_app(settings)
    except ValueError as error:
        refuse(f"The gateway cannot start:\n  - {error}")
    listener = listen(settings.gateway_host, settings.gateway_port, "GATEWAY")
    operations = listen(settings.operations_host, operations_port(settings), "OPERATIONS")
    try:
        uvloop.run(serve(app, settings, listener, operations))
    except DatabaseUnsafeError as error:
        findings = "\n".join(f"  - {finding}" for finding in error.findings)
        refuse(f"The gateway refuses to serve this database:\n{findings}")
    finally:
        stop_tracing()
        flush_reports()


def check(settings: Settings) -> None:
    """Print what the gateway would connect to. Exits with 2 when it could not be made."""
    try:
        create_app(settings)
    except ValueError as error:
        refuse(f"The gateway cannot start:\n  - {error}")
    sys.stdout.write("The settings are good. The gateway would use:\n")
    sys.stdout.writelines(f"  {line}\n" for line in destinations(settings, "gateway"))


def operations_port(settings: Settings) -> int:
    """The port of /metrics and /status."""
    return settings.operations_port or min(settings.gateway_port + 1, 65535)


def listen(host: str, port: int, whose: str) -> socket.socket:
    """A socket on this address; ends the process when it is taken."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        refuse(f"The gateway cannot listen on {host} port {port} ({error.strerror}): set {whose}_PORT or {whose}_HOST.")


async def serve(app: FastAPI, settings: Settings, listener: socket.socket, operations: socket.socket) -> None:
    """Check the database if it answers, then serve on both sockets; DatabaseUnsafeError."""
    services: Services = app.state.services
    await services.database.open()
    try:
        await check_database(services)
    except DatabaseUnsafeError:
        await services.close()
        raise
    _describe(settings)
    # What is there now stays: collections, which hold up every request, need not look at it again.
    gc.collect()
    gc.freeze()
    server = DrainingServer(server_config(app, settings), services.status, settings.drain_s)
    # uvicorn stops gracefully and then raises the signal again for handlers that stood before: none may end the process
    # by it, or a clean stop would look like a crash.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    watched = _Quiet(operations_config(services))
    watching = asyncio.create_task(watched.serve(sockets=[operations]))
    try:
        await server.serve(sockets=[listener])
    finally:
        watched.should_exit = True
        await watching


class _Quiet(uvicorn.Server):
    """A server beside another one, which alone listens to signals."""

    def install_signal_handlers(self) -> None:
        """None."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield


def operations_config(services: Services) -> uvicorn.Config:
    """How the details and numbers are served."""
    return uvicorn.Config(
        create_operations(services),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=64,
        timeout_graceful_shutdown=1,
    )


def server_config(app: FastAPI, settings: Settings, protocol: type[BoundedProtocol] | None = None) -> uvicorn.Config:
    """How uvicorn serves `app`, whose admission the connections ask as well."""
    services: Services = app.state.services
    usual = StreamingProtocol if settings.upstreams else BoundedProtocol
    parts = {
        "admission": services.admission,
        "open_connections": Connections(
            services.admission.addresses,
            most=min(settings.max_connections, most_connections()),
            per_address=settings.connections_per_address,
        ),
        "was_ready": staticmethod(services.status.was_ready),
        "uploads": Uploads(
            most_bytes=1_000_000 * settings.upload_memory_mb,
            share=settings.caller_share,
            longest=max(settings.max_body_bytes, settings.max_upload_bytes),
        ),
        "max_body_bytes": settings.max_body_bytes,
        "max_upload_bytes": settings.max_upload_bytes,
        "cors_origins": settings.cors_origins,
        "public_path": settings.root_path.encode(),
    }
    if protocol is None:
        parts["request_s"] = settings.upload_timeout_s
    return uvicorn.Config(
        app,
        http=gate_of(type(usual.__name__, (protocol or usual,), parts)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES says whose are believed
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.shutdown_grace_s,
    )


def most_connections() -> int:
    """As many as this process may have files open, but for its own; the limit is raised to what it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return max(16, soft - OWN_FILES) if soft != resource.RLIM_INFINITY else 1_000_000


def _describe(settings: Settings) -> None:
    url = urlsplit(settings.gateway_database_url.get_secret_value() if settings.gateway_database_url else "")
    logger.info(
        "tidegate %s (%s) on http://%s:%d, operations on http://%s:%d: "
        "database %s%s, Supabase %s, tokens %s, embedder %s",
        __version__,
        settings.environment,
        settings.gateway_host,
        settings.gateway_port,
        settings.operations_host,
        operations_port(settings),
        url.netloc.rpartition("@")[2],
        url.path,
        settings.supabase_url,
        ", ".join(settings.auth_algorithms),
        settings.embedder,
    )


if __name__ == "__main__":
    main()
