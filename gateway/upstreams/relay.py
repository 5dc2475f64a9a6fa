"""One request to an application, and its answer, piece by piece. Memory is bounded: who reads slowly is waited for."""

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.types import Message, Receive, Send

from gateway.clients.upstream import Question
from gateway.clients.upstream_answer import Answer, UpstreamAnswerError, UpstreamUnavailableError
from gateway.clients.upstream_body import ClientLeftError
from gateway.resilience.fallback import degraded
from gateway.resilience.request_metrics import CLIENT_DISCONNECTS
from gateway.upstreams.answer_headers import Return
from gateway.upstreams.application import Application
from gateway.upstreams.headers import Header
from gateway.upstreams.stale_answers import MAX_BODY, StaleAnswer, may_keep

logger = logging.getLogger(__name__)

FAILED = (500, 502, 503, 504)
"""RFC 5861, 4: answers in place of which a stale one may be given."""
INSTEAD = "a stale answer"


async def sent_by(receive: Receive) -> AsyncIterator[bytes]:
    """The body of a request, as its client sends it. ClientLeftError."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        if message.get("body"):
            yield message["body"]
        more = message.get("more_body", False)


class Relay:
    """Answers one request."""

    def __init__(self, application: Application, question: Question, back: Return, key: bytes) -> None:
        """Put `question` to `application`. `key` is what its answer is kept under for this caller."""
        self._application = application
        self._question = question
        self._back = back
        self._key = key

    async def answer(self, receive: Receive, send: Send) -> None:
        """Send the application's answer, or a stale one; UnavailableError."""
        if self._question.body is None:
            await receive()  # from here on the client's leaving ends the work
        try:
            answer = await self._application.client.open(self._question)
        except ClientLeftError:
            CLIENT_DISCONNECTS.inc()
            return
        except UpstreamUnavailableError as error:
            stale = self._stale()
            if stale is None:
                raise
            await self._send_stale(stale, error.kind, send)
            return
        try:
            stale = self._stale() if answer.status in FAILED else None
            if stale is not None:
                await self._send_stale(stale, f"status-{answer.status}", send)
            else:
                await self.pass_on(answer, send)
        finally:
            await answer.aclose()

    async def pass_on(self, answer: Answer, send: Send, *, close: bool = False) -> None:
        """Send an answer whose headers are here. With `close` it is the last one of its connection."""
        headers = self._back.headers(answer.headers, answer.status)
        if close:
            headers.append((b"connection", b"close"))
        await send(start_of(answer.status, headers))
        kept = bytearray() if self._is_kept(answer.status, headers) else None
        try:
            async with aclosing(answer.pieces()) as pieces:
                async for piece in pieces:
                    if kept is not None:
                        kept += piece
                        kept = kept if len(kept) <= MAX_BODY else None
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except UpstreamAnswerError as error:
            # Without its end: the server closes the connection, so that half an answer does not look whole.
            logger.warning("%s", error.detail)
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if kept is not None and self._application.stale is not None:
            self._application.stale.put(self._key, headers, bytes(kept))

    def _is_kept(self, status: int, headers: list[Header]) -> bool:
        return self._application.stale is not None and self._may_be_stale and status == 200 and may_keep(headers)

    @property
    def _may_be_stale(self) -> bool:
        return self._question.method == "GET" and self._question.body is None

    def _stale(self) -> StaleAnswer | None:
        if self._application.stale is None or not self._may_be_stale:
            return None
        return self._application.stale.get(self._key)

    async def _send_stale(self, stale: StaleAnswer, reason: str, send: Send) -> None:
        """Send an answer of a while ago, which says so (RFC 9111, 5.1; RFC 9211)."""
        degraded(self._application.client.pipeline.policy.name, reason, INSTEAD)
        age = round(stale.age_s)
        headers = [(name, value) for name, value in stale.headers if name not in (b"age", b"cache-status")]
        headers += [
            (b"age", b"%d" % age),
            (b"cache-status", f"tidegate; hit; ttl=-{age}; detail={reason}".encode()),
        ]
        await send(start_of(200, headers))
        await send({"type": "http.response.body", "body": stale.body, "more_body": False})


def start_of(status: int, headers: list[Header]) -> Message:
    """The beginning of an answer."""
    return {"type": "http.response.start", "status": status, "headers": headers}
