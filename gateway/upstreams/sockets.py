"""WebSockets: once the application has switched protocols, bytes go through as they are, in both directions."""

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Send

from gateway.clients.upstream import Question
from gateway.clients.upstream_answer import Socket
from gateway.upstreams.answer_headers import Return
from gateway.upstreams.application import Application
from gateway.upstreams.headers import WEBSOCKET, Header
from gateway.upstreams.relay import Relay, start_of

SWITCH: list[Header] = [(b"connection", b"Upgrade"), (b"upgrade", WEBSOCKET)]


async def connect(application: Application, question: Question, back: Return, receive: Receive, send: Send) -> None:
    """Open a WebSocket, and return when either end has closed it, or nothing came for a while; UnavailableError."""
    asked = Question(question.method, question.target, [*question.headers, *SWITCH])
    answer = await application.client.open(asked)
    try:
        if answer.status != 101:
            await Relay(application, asked, back, b"").pass_on(answer, send, close=True)
            return
        await send(start_of(101, [*back.headers(answer.headers, 101), *SWITCH]))
        await _carry(answer.socket, answer.idle_s, receive, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        await answer.aclose()


async def _carry(socket: Socket, idle_s: float, receive: Receive, send: Send) -> None:
    """Bytes of both ends to the other one, until one of them ends or both are silent for `idle_s` seconds."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(idle_s) as limit:

            def alive() -> None:
                limit.reschedule(loop.time() + idle_s)

            ways = [
                asyncio.create_task(_to_the_application(socket, receive, alive)),
                asyncio.create_task(_to_the_client(socket, send, alive)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
    except TimeoutError:
        return


async def _to_the_application(socket: Socket, receive: Receive, alive: Callable[[], None]) -> None:
    while (message := await receive())["type"] != "http.disconnect":
        alive()
        await socket.write(message.get("body", b""))


async def _to_the_client(socket: Socket, send: Send, alive: Callable[[], None]) -> None:
    while data := await socket.read():
        alive()
        await send({"type": "http.response.body", "body": data, "more_body": True})
