"""`GET /healthz` on a port of its own: 200 while the application's port takes connections, else 503."""

import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway.adopt.injected.options import Options

ANSWERS_WITHIN_S = 1.0


def serve_health(options: Options) -> None:
    """Answer from now on, where a port is set; where another process of the application has it, that one answers."""
    if options.health_port is None or options.port is None:
        return
    try:
        server = ThreadingHTTPServer(("", options.health_port), _handler(options.port))
    except OSError:
        return
    server.daemon_threads = True
    # A process that this one forks has the port as well, and no thread that answers.
    os.register_at_fork(after_in_child=server.socket.close)
    threading.Thread(target=server.serve_forever, name="tidegate-health", daemon=True).start()


def is_listening(port: int) -> bool:
    """Whether this machine takes connections on `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWERS_WITHIN_S):
            return True
    except OSError:
        return False


def _handler(port: int) -> type[BaseHTTPRequestHandler]:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_known = self.path == "/healthz"
            is_well = is_known and is_listening(port)
            body = b'{"status": "ok"}' if is_well else b'{"status": "unavailable"}' if is_known else b"{}"
            self.send_response(200 if is_well else 503 if is_known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: it is asked every few seconds."""

    return Health
