"""An existing application that the gateway stands in front of: one request at a time, streamed both ways.

Each connection is used once. So what an application sends beyond the end of its answer is never read as the answer to
somebody else, and no request is lost to a connection that the application has just closed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from gateway.clients.http import name_the_trace, new_client
from gateway.clients.upstream_answer import (
    Answer,
    Header,
    UpstreamAnswerError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.clients.upstream_body import Body, ClientLeftError, without_the_client
from gateway.errors import BadRequestError, GatewayError, UnavailableError
from gateway.resilience import AttemptTimeoutError, DependencyError, Policy, ResiliencePipeline, allow
from gateway.resilience.errors import reason_of
from gateway.resilience.pipeline import RESERVE_S

logger = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
CLOSE: Header = (b"connection", b"close")


@dataclass(frozen=True)
class Question:
    """One request to an application: its target as it stands in the request line, and its headers as they are sent."""

    method: str
    target: bytes
    headers: list[Header]
    body: AsyncIterator[bytes] | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent twice."""
        return self.body is None and self.method in IDEMPOTENT


class UpstreamClient:
    """Asks one application."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        policy: Policy,
        idle_s: float,
        health: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Ask the application called `name` at `url`, as `policy` says. `health` is a path that says if it works."""
        self.name = name
        self.url = httpx2.URL(url)
        self._idle_s = idle_s
        self._health = health
        self.pipeline = ResiliencePipeline(
            policy,
            _is_failure,
            time_limit=without_the_client,
            heartbeat=None if health is None else self.probe,
        )
        self._client = new_client(
            transport=transport,
            timeout=httpx2.Timeout(None, connect=policy.timeout_s),  # attempts and pieces have limits of their own
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            event_hooks={"request": [name_the_trace]},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # callers have theirs, the gateway none
        )

    async def open(self, question: Question) -> Answer:
        """The answer, of which the headers are here; to be closed. ClientLeftError, BadRequestError, UnavailableError.

        What may be sent twice is tried again within the same time where no answer began.
        """
        within_s = self.pipeline.policy.timeout_s + RESERVE_S if question.body is None else float("inf")
        try:
            with allow(within_s):
                return await self.pipeline.call(lambda: self._ask(question), may_repeat=question.may_repeat)
        except AttemptTimeoutError as error:
            raise UpstreamTimeoutError(f"The application {self.name} did not begin to answer in time.") from error
        except DependencyError as error:
            raise UpstreamUnavailableError(f"The application {self.name} is left alone: {error.reason}") from error

    async def probe(self) -> str:
        """Ask the path of its health, or only connect; the sentence for the status. UpstreamUnavailableError."""
        if self._health is None:
            return await self._connect()
        try:
            answer = await self._client.get(f"{str(self.url).rstrip('/')}{self._health}", headers=[CLOSE])
        except httpx2.HTTPError as error:
            raise UpstreamUnavailableError(f"It does not answer: {type(error).__name__}.") from error
        if not answer.is_success:
            raise UpstreamUnavailableError(f"It answered {answer.status_code} for its health.")
        return "It is well."

    async def _connect(self) -> str:
        port = self.url.port or (443 if self.url.scheme == "https" else 80)
        try:
            _, writer = await asyncio.open_connection(self.url.host, port)
        except OSError as error:
            raise UpstreamUnavailableError("It takes no connection.") from error
        writer.close()
        return "It takes connections."

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, question: Question) -> Answer:
        body = Body(question.body, is_plain=self.url.scheme == "http")
        is_socket = any(name == b"upgrade" for name, _ in question.headers)
        request = httpx2.Request(
            question.method,
            self.url,
            headers=[*question.headers, *([] if is_socket else [CLOSE])],
            stream=body,
            extensions={"target": question.target, **body.extensions},
        )
        try:
            answer = await self._client.send(request, stream=True)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            logger.warning("%s: no connection: %s", self.name, reason_of(error))
            raise UpstreamUnavailableError(f"The application {self.name} does not answer.") from error
        except (httpx2.LocalProtocolError, httpx2.InvalidURL) as error:
            raise BadRequestError(
                "The request cannot be passed on: its headers or its body are not as HTTP has them."
            ) from error
        except httpx2.HTTPError as error:
            logger.warning("%s: no answer: %s", self.name, reason_of(error))
            words = f"The application {self.name} gave no answer that can be read."
            raise UpstreamAnswerError(words, had_body=body.has_begun) from error
        fault = _fault(answer)
        if fault is not None:
            await answer.aclose()
            raise UpstreamAnswerError(f"The answer of {self.name} {fault}.")
        return Answer(self.name, answer, self._idle_s)


def _fault(answer: httpx2.Response) -> str | None:
    """What makes an answer none, though its lines can be read."""
    if "transfer-encoding" in answer.headers and "content-length" in answer.headers:
        return "has two lengths"
    return None if answer.status_code == 101 or 200 <= answer.status_code < 600 else "has no status of HTTP"


def _is_failure(error: BaseException) -> bool | None:
    """Whether it is the application's: what a client sends must not open the breaker for the others."""
    if isinstance(error, UpstreamAnswerError) and error.had_body:
        return None
    if isinstance(error, GatewayError) and not isinstance(error, UnavailableError):
        return None
    return None if isinstance(error, ClientLeftError) else True
