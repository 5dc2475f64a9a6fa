"""A gateway that is served over real sockets, and clients that write to them what they like."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from gateway.app.__main__ import server_config
from gateway.app.container import Services
from gateway.http.server_protocol import BoundedProtocol
from gateway.http.streaming import StreamingProtocol
from tests.support.gateway_app import NOWHERE, is_connected, make_app, make_settings
from tests.support.tokens import Project
from tests.support.waiting import PATIENCE_S, until_true

SEARCH = b"POST /v1/search HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
BODY = b'{"query": "a berth", "mode": "keyword"}'
DEADLINE_S = PATIENCE_S


@dataclass(frozen=True)
class Answer:
    """Of one request."""

    status: int
    headers: dict[str, str]
    body: Any


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read(self) -> Answer:
        async with asyncio.timeout(DEADLINE_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            lines = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
            headers = {name.lower(): value for name, _, value in lines}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head.split()[1]), headers, json.loads(body) if body else None)

    async def ask(self, request: bytes) -> Answer:
        await self.send(request)
        return await self.read()

    async def read_all(self) -> bytes:
        """Everything until the gateway ends the connection."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def is_closed(self) -> bool:
        async with asyncio.timeout(DEADLINE_S):
            try:
                while await self.reader.read(65_536):
                    pass
            except ConnectionError:
                return True
        return True


class World:
    """A served gateway."""

    def __init__(self, port: int, services: Services, project: Project, server: uvicorn.Server) -> None:
        self.port, self.services, self.project, self._server = port, services, project, server
        self._clients: list[Client] = []

    async def connect(self, address: str = "127.0.0.1") -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0)))
        self._clients.append(client)
        return client

    @property
    def connections(self) -> int:
        """How many the gateway has open."""
        return len(self._server.server_state.connections)

    def close(self) -> None:
        for client in self._clients:
            client.writer.close()


def search(*headers: bytes, body: bytes = BODY) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return SEARCH + lines + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@asynccontextmanager
async def served(database_url: str = NOWHERE, **changes: Any) -> AsyncIterator[World]:
    project = Project()
    # No window turns while a test counts: they are days of the machine's own clock.
    changes = {"rate_limit": "5 per day", "rate_limit_address": "5 per day", **changes}
    app = make_app(project, database_url, **changes)
    request_s = changes.get("upload_timeout_s", PATIENCE_S)
    usual = StreamingProtocol if "upstreams" in changes else BoundedProtocol
    protocol = type("Quick", (usual,), {"linger_s": 0.1, "request_s": request_s})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(server_config(app, make_settings(database_url, **changes), protocol))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        world = World(listener.getsockname()[1], app.state.services, project, server)
        try:
            await until_true(lambda: server.started or serving.done(), "the gateway having started")
            await is_connected(world.services)
            yield world
        finally:
            world.close()
            server.should_exit = True
            await serving


def bearer(world: World, person: str) -> bytes:
    return b"Authorization: Bearer " + world.project.key.token(person).encode()


def assert_limited(answer: Answer, *words: str) -> None:
    assert answer.status == 429, answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    assert re.fullmatch(r'"[a-z0-9-]+";q=\d+;(w=\d+|qu="concurrent-requests").*', answer.headers["ratelimit-policy"])
    assert re.match(r'"[a-z0-9-]+";r=0;t=\d+', answer.headers["ratelimit"])
    assert answer.body["request_id"] == answer.headers["x-request-id"]
    for word in words:
        assert word in answer.body["detail"]
