"""The HTTP client that the gateway shares: calls that are given up take nothing from those that follow."""

import asyncio
import random
from contextlib import suppress

import httpx2
import pytest

from gateway.clients.http import MAX_CONNECTIONS, create_client

pytestmark = pytest.mark.anyio
PROMPT, SLOW_S = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0.05
ROUNDS = 20


class Server:
    """Answers after a while, or at once."""

    def __init__(self, seed: int) -> None:
        self.is_slow = True
        self._random = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if self.is_slow:
                    await asyncio.sleep(self._random.choice((0, SLOW_S / 10, SLOW_S)))
                writer.write(PROMPT)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # given up
        finally:
            writer.close()


@pytest.mark.parametrize("seed", range(3))
async def test_calls_that_are_given_up_leave_the_connections_to_others(seed: int) -> None:
    """Given up at any moment: while they wait for a connection, while it is made, while the answer is on its way."""
    patience = random.Random(seed)
    world = Server(seed)
    server = await asyncio.start_server(world.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def impatient(client: httpx2.AsyncClient) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.random() * SLOW_S):
                await client.get(url)

    async with create_client() as client:
        for _ in range(ROUNDS):
            await asyncio.gather(*(impatient(client) for _ in range(3 * MAX_CONNECTIONS)))
        world.is_slow = False
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(client.get(url) for _ in range(2 * MAX_CONNECTIONS)))
        assert [answer.status_code for answer in answers] == [200] * len(answers)
    server.close()
