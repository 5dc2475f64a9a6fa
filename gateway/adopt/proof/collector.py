"""A collector of this machine: counts the spans and the events that an application sends."""

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.adopt.proof.serving import HOST

UNPACK: Mapping[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


class Collector:
    """What came."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.spans: list[str] = []
        self.events = 0
        self.arrived = threading.Condition()
        self.port = 0

    @property
    def environment(self) -> dict[str, str]:
        """Variables that send everything here, soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{HOST}:{self.port}",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "SENTRY_DSN": f"http://proof@{HOST}:{self.port}/1",
        }

    def take(self, path: str, body: bytes) -> None:
        """Keep what of a request counts."""
        with self.arrived:
            if path == "/v1/traces":
                request = ExportTraceServiceRequest.FromString(body)
                scopes = [scope for resource in request.resource_spans for scope in resource.scope_spans]
                self.spans += [span.name for scope in scopes for span in scope.spans]
            elif path.endswith("/envelope/"):
                self.events += body.count(b'"type":"event"')
            self.arrived.notify_all()

    def wait(self, within_s: float) -> bool:
        """Whether a span and an event are here, within some seconds."""
        with self.arrived:
            return self.arrived.wait_for(lambda: bool(self.spans and self.events), within_s)


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    while size := int(stream.readline(), 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens within the block."""
    collector = Collector()

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            is_chunked = self.headers.get("Transfer-Encoding") == "chunked"
            body = b"".join(_chunks(self.rfile)) if is_chunked else self.rfile.read(int(self.headers["Content-Length"]))
            collector.take(
                self.path.partition("?")[0], UNPACK.get(self.headers.get("Content-Encoding", ""), bytes)(body)
            )
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Takes)
    server.daemon_threads = True
    collector.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
