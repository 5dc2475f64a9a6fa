"""Ends connections of a flood before anything is made for them."""

from asyncio import BaseTransport, Protocol
from typing import Any, ClassVar, cast

from uvicorn.protocols.utils import get_remote_addr

from gateway.http.connection import CountedConnection
from gateway.resilience.request_metrics import CONNECTIONS_REFUSED


class ConnectionGate(Protocol):
    """Stands in for a new connection; replaced by `protocol` unless its address opens far too many."""

    protocol: ClassVar[type[CountedConnection]]

    def __init__(self, **arguments: Any) -> None:
        """As uvicorn makes one per connection."""
        self._arguments = arguments

    def connection_made(self, transport: BaseTransport) -> None:
        """Hand the connection on, or end it."""
        made = cast(Any, transport)
        connections = self.protocol.open_connections
        if connections is not None:
            client = get_remote_addr(made)
            if connections.are_a_flood(client[0] if client else None):
                CONNECTIONS_REFUSED.inc()
                made.abort()
                return
        connection = self.protocol(**self._arguments)
        made.set_protocol(connection)
        connection.connection_made(made)


def gate_of(protocol: type[CountedConnection]) -> type[ConnectionGate]:
    """The class that uvicorn is to make for each connection, in place of `protocol`."""
    return type("ConnectionGate", (ConnectionGate,), {"protocol": protocol})
