"""A language model behind OpenAI's `POST {url}/chat/completions`, which writes a text piece by piece."""

import asyncio
import codecs
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2

from gateway.clients.chat_text import FINISH_REASONS, ChatText, ChatUsage, model_call
from gateway.clients.http import new_client
from gateway.resilience import Policy, ResiliencePipeline
from gateway.resilience.errors import reason_of

logger = logging.getLogger(__name__)

MAX_LINE = 65_536
"""Characters of one line of the stream."""
MAX_TEXT = 12_000
"""Characters of one text: an answer has some hundred words."""
NOT_ALLOWED = "It was not allowed to answer."
THOUGHTS = ("reasoning_content", "reasoning")
"""Fields of a delta that show that a model is at work; what it thinks is not read."""
EVENT = "data:"
DONE = "[DONE]"


class ChatError(Exception):
    """The model did not write a text. `reason` is a sentence for people, the message is for the log."""

    def __init__(self, reason: str, message: str = "") -> None:
        """Say both."""
        super().__init__(message or reason)
        self.reason = reason


@dataclass(frozen=True)
class ChatLimits:
    """How long one may wait for the first piece, and between two."""

    first_s: float = 5.0
    stall_s: float = 3.0


class ChatModel:
    """An endpoint and one of its models."""

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        policy: Policy,
        limits: ChatLimits | None = None,
        parameters: Mapping[str, Any] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Use the API at `url` (without `/chat/completions`), as `policy` says; `parameters` go with each request."""
        self.name = policy.name
        self.pipeline = ResiliencePipeline(policy)
        self._model = model
        self._url = url.rstrip("/")
        self.limits = limits or ChatLimits()
        self._parameters = dict(parameters or {})
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = new_client(headers=headers, timeout=policy.timeout_s, transport=transport)

    async def write(self, messages: Sequence[Mapping[str, str]], text: ChatText) -> AsyncGenerator[str, None]:
        """The pieces of the model's text, as they come; `text` has the rest of it at the end.

        DependencyError and ChatError, before the first piece or after any. Whoever stops taking ends the call.
        """
        queue: asyncio.Queue[str | None] = asyncio.Queue()

        async def read() -> None:
            async with aclosing(self._read(messages, text)) as pieces:
                async for piece in pieces:
                    queue.put_nowait(piece)

        async def ask() -> None:
            try:
                with model_call(self.name, self._url, self._model, text):
                    await self.pipeline.call(read)
            finally:
                queue.put_nowait(None)

        asking = asyncio.create_task(ask())
        try:
            while (piece := await queue.get()) is not None:
                yield piece
            await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def probe(self) -> str:
        """Ask for its list of models, which costs nothing; the sentence for the status. ChatError."""
        try:
            response = await self._client.get(f"{self._url}/models")
        except httpx2.HTTPError as error:
            raise ChatError("It does not answer.", f"it does not answer: {reason_of(error)}") from error
        # Some have no such list: that they say so shows that they are there.
        if response.is_server_error or response.status_code in (401, 403):
            raise ChatError(f"It answered {response.status_code}.")
        return f"It writes answers with {self._model}."

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _read(self, messages: Sequence[Mapping[str, str]], text: ChatText) -> AsyncGenerator[str, None]:
        body = {
            "model": self._model,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            **self._parameters,
        }
        length, started = 0, time.perf_counter()
        limit_s = self.limits.first_s
        async with aclosing(self._events(body)) as events:
            while True:
                try:
                    async with asyncio.timeout(limit_s):
                        piece = await _next_piece(events, text)
                except TimeoutError as error:
                    what = "It wrote nothing" if length == 0 else "It stopped writing"
                    raise ChatError(f"{what} for {limit_s:g} s.") from error
                if piece is None:
                    break
                if length == 0:
                    text.first_s = time.perf_counter() - started
                length += len(piece)
                if length > MAX_TEXT:
                    raise ChatError("It did not come to an end.", f"more than {MAX_TEXT} characters")
                limit_s = self.limits.stall_s
                if piece:
                    yield piece
        if length == 0:
            raise ChatError("It wrote nothing.")

    async def _events(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any] | None, None]:
        """The JSON of each event of the answer."""
        try:
            async with self._client.stream("POST", f"{self._url}/chat/completions", json=body) as response:
                if not response.is_success:
                    raise ChatError("It refused or failed.", f"it answered {response.status_code}")
                kind = response.headers.get("content-type", "").partition(";")[0].strip()
                if kind != "text/event-stream":
                    raise ChatError("Its answer is not in the form of a stream of events.", f"it sent {kind[:80]!r}")
                async for line in _lines(response):
                    if line.startswith(EVENT) and (data := line.removeprefix(EVENT).strip()):
                        yield None if data == DONE else _json(data)
        except httpx2.HTTPError as error:
            raise ChatError("The connection to it failed.", reason_of(error)) from error


async def _next_piece(events: AsyncIterator[dict[str, Any] | None], text: ChatText) -> str | None:
    """The next text of the stream, empty for a thought; None at its end, which must be announced. ChatError."""
    async for event in events:
        if event is None:
            return None
        usage = event.get("usage")
        if isinstance(usage, dict):
            text.usage = ChatUsage(*(_count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")))
        if isinstance(event.get("model"), str):
            text.model = event["model"]
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            continue
        reason = choice.get("finish_reason")
        if reason in FINISH_REASONS and not text.is_cut:
            text.finish_reason = reason
        if reason == "content_filter":
            raise ChatError(NOT_ALLOWED)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            continue
        piece = delta.get("content")
        if isinstance(piece, str) and piece:
            return piece
        if any(delta.get(name) for name in THOUGHTS):
            return ""
    if text.finish_reason:
        return None
    raise ChatError("It broke off.", "the stream ended without [DONE]")


async def _lines(response: httpx2.Response) -> AsyncIterator[str]:
    """Lines of the answer; ChatError for bytes that are not UTF-8 and for a line without end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = ""
    async for chunk in response.aiter_bytes():
        try:
            rest += decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise ChatError("Its answer is not text.", "bytes that are not UTF-8") from error
        *lines, rest = rest.split("\n")
        for line in lines:
            yield line
        if len(rest) > MAX_LINE:
            raise ChatError("Its answer is not in the form of a stream of events.", "a line without end")
    yield rest


def _json(data: str) -> dict[str, Any]:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ChatError("Its answer is not in the form of a stream of events.", "an event that is no JSON") from error
    if not isinstance(event, dict):
        raise ChatError("Its answer is not in the form of a stream of events.", "an event that is no object")
    if "error" in event:
        raise ChatError("It refused or failed.", "an error in its stream")
    return event


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 31 else 0
