"""A TCP proxy in front of a server, whose behaviour tests choose while connections run through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Passes bytes both ways. `refuse` closes the door and every connection, `freeze` answers nothing any more.

    `delay_s` is how long everything that the server says takes; with `cuts` its answers end in the middle, and the
    connection with them. `target_port` may be changed: whoever connects then reaches another server.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.delay_s = 0.0
        self.cuts = False
        self._passing = asyncio.Event()
        self._passing.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Listen on a free port of the loopback interface."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.refuse()
            server.close()
            while self._tasks:  # one may come in yet that was accepted before
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def drop(self) -> None:
        """Cut every connection, as a restart does."""
        for writer in list(self._writers):
            writer.transport.abort()

    def refuse(self) -> None:
        """As if nobody listened."""
        self._refusing = True
        self.drop()

    def freeze(self) -> None:
        """As if the server were stopped by SIGSTOP."""
        self._passing.clear()

    def heal(self) -> None:
        """As if nothing had been."""
        self._refusing = False
        self.delay_s = 0.0
        self.cuts = False
        self._passing.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
        self._writers.add(writer)  # from here on, so that it is cut as well while the server is being reached
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        try:
            if writer.transport.is_closing():
                return
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            ends.add(target_writer)
            if writer.transport.is_closing():
                return
            self._writers.add(target_writer)
            await asyncio.gather(self._pump(reader, target_writer), self._pump(target_reader, writer, is_answer=True))
        except OSError:
            pass  # the client is cut, as the server itself would have refused it
        finally:
            self._writers -= ends
            for end in ends:
                end.transport.abort()
            await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._passing.wait()
                if is_answer and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if is_answer and self.cuts:
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    self.drop()
                    return
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # the other end was cut, which is what a test asked for
        finally:
            writer.close()
