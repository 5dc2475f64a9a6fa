"""A line to a server that carries the beginning of each request at once, and the rest never."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer


@contextmanager
def slow_line(target_port: int, first: int) -> Iterator[int]:
    """The port of a line that passes `first` bytes of what each client says, and everything that the server says."""

    class Handler(BaseRequestHandler):
        """Carries one connection, until both ends have closed it."""

        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", target_port)) as target:
                back = threading.Thread(target=_carry, args=(target, self.request))
                back.start()
                left = first
                while data := self.request.recv(65536):
                    target.sendall(data[:left])
                    left = max(0, left - len(data))
                back.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def _carry(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_RDWR)
