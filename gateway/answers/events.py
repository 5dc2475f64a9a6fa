"""What happens while an answer is made, and how it is sent as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.answers.schemas import AnswerResponse, Citation, UsedPassage
from gateway.errors import GatewayError
from gateway.resilience.fallback import Degradation

HEARTBEAT_S = 10.0
"""Proxies end connections on which nothing comes; the shortest usual limit is 30 s."""
MEDIA_TYPE = "text/event-stream"


class SearchEvent(BaseModel):
    """The search is done; a second one, without passages, takes them back where none answers."""

    question: str = Field(description="What was searched for.")
    passages: list[UsedPassage] = Field(description="What the answer is made from, best first.")
    complete: bool = Field(description="Whether the search was complete.")


class DeltaEvent(BaseModel):
    """More of the answer's text."""

    text: str = Field(description="What follows the text before it.")


class DoneEvent(BaseModel):
    """The answer is whole."""

    answer: AnswerResponse


class ErrorEvent(BaseModel):
    """The answer broke off."""

    detail: str = Field(description="Why, in words.")


Event = SearchEvent | DeltaEvent | Citation | Degradation | DoneEvent
Events = AsyncGenerator[Event, None]
NAMES: dict[type[BaseModel], str] = {
    SearchEvent: "search",
    DeltaEvent: "delta",
    Citation: "citation",
    Degradation: "degradation",
    DoneEvent: "done",
}
SENT_BEFORE = {"answer", "citations", "passages"}
"""Of an answer, what its end does not repeat."""
SCHEMA_NAMES = {**{name: kind.__name__ for kind, name in NAMES.items()}, "done": "AnswerEnd", "error": "ErrorEvent"}
HEARTBEAT = b": still at work\n\n"
UNEXPECTED = "Something went wrong. It has been logged under the request id."


def written(event: Event) -> bytes:
    """An event as it is sent; at the end all of the answer but what was sent before."""
    if isinstance(event, DoneEvent):
        data = event.answer.model_dump_json(exclude=SENT_BEFORE)
    else:
        data = event.model_dump_json()
    return f"event: {NAMES[type(event)]}\ndata: {data}\n\n".encode()


def error_event(detail: str) -> bytes:
    """The event of an error midway."""
    return f"event: error\ndata: {ErrorEvent(detail=detail).model_dump_json()}\n\n".encode()


class EventStream(Response):
    """Sends events as they come, and a comment now and then while none does.

    The work is done in a task of its own, which ends with the response, also when the client leaves.
    """

    def __init__(
        self,
        first: Event,
        rest: Events,
        *,
        written: Callable[[Event], bytes] = written,
        error: Callable[[str], bytes] = error_event,
        end: bytes = b"",
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Send `first`, which is there already, so that what fails before it is an error of its own; then `rest`.

        Each is sent as it is `written`; where it breaks off `error` is told why, else `end` is sent.
        """
        super().__init__(headers={"X-Accel-Buffering": "no"}, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._first = first
        self._rest = rest
        self._written = written
        self._error = error
        self._end = end
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything; an exception that nobody expected ends the connection, after an event that says so."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def work() -> None:
            try:
                async with aclosing(self._rest) as events:
                    async for event in events:
                        queue.put_nowait(self._written(event))
            finally:
                queue.put_nowait(None)

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await _send(send, self._written(self._first))
        working = asyncio.create_task(work())
        try:
            while (content := await self._next(queue)) is not None:
                if content:
                    await _send(send, content)
            await working
        except GatewayError as error:
            await _send(send, self._error(error.detail), more=False)
            return
        except Exception:
            await _send(send, self._error(UNEXPECTED))
            raise
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        await _send(send, self._end, more=False)

    async def _next(self, queue: "asyncio.Queue[bytes | None]") -> bytes | None:
        try:
            async with asyncio.timeout(self._heartbeat_s):
                return await queue.get()
        except TimeoutError:
            return HEARTBEAT


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
