"""An existing application as raw bytes: it keeps what it was sent, and answers what a test writes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Asked:
    """One connection, of which the head of the request was read."""

    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.partition(b"\r\n")[0].decode()

    def values(self, name: str) -> list[str]:
        """Those of a header."""
        lines = [line.partition(": ") for line in self.head.decode("latin-1").split("\r\n")[1:]]
        return [value for found, _, value in lines if found.lower() == name]

    def value(self, name: str) -> str:
        """That of a header that stands once."""
        (value,) = self.values(name)
        return value

    async def chunk(self) -> bytes:
        """The next chunk of its body."""
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return data

    async def left(self) -> None:
        """Return when the gateway has ended the connection; what it still sends is dropped."""
        while await self.reader.read(65_536):
            pass

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Answering = Callable[[Asked], Awaitable[None]]


@dataclass
class FakeApplication:
    """A server on a free port. `answering` may be replaced between requests."""

    answering: Answering
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = Asked(await reader.readuntil(b"\r\n\r\n"), reader, writer)
            self.asked.append(asked)
            await self.answering(asked)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the gateway has given up, which a test sees on its own side
        finally:
            writer.close()


def saying(data: bytes) -> Answering:
    """Answers every request with these bytes, and ends the connection."""

    async def answer(asked: Asked) -> None:
        await asked.write(data)

    return answer


@asynccontextmanager
async def fake_application(data: bytes = OK) -> AsyncIterator[FakeApplication]:
    application = FakeApplication(saying(data))
    server = await asyncio.start_server(application._answer, "127.0.0.1", 0)
    application.port = server.sockets[0].getsockname()[1]
    try:
        yield application
    finally:
        server.close()
