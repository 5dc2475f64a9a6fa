"""The client that blocks."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeVar, Unpack, cast
from uuid import UUID

import httpx2

from tidegate_client import requests
from tidegate_client.errors import problem_of
from tidegate_client.events import AnswerEvent, EventReader
from tidegate_client.models import (
    AnswerResponse,
    DocumentState,
    EmbeddingsResponse,
    Message,
    RecommendationsResponse,
    SearchResponse,
    StatusResponse,
)
from tidegate_client.requests import AnswerOptions, DocumentOptions, File, Request, SearchOptions
from tidegate_client.retries import Retries, retry_after_s
from tidegate_client.waiting import TIMEOUT_S, WAIT_S, next_pause_s, outcome

Answer = TypeVar("Answer")


class Tidegate:
    """A client of one gateway; close it, or use it in a `with` statement."""

    def __init__(
        self,
        url: str,
        token: Callable[[], str | None] = lambda: None,
        *,
        retries: Retries | None = None,
        timeout_s: float = TIMEOUT_S,
        http: httpx2.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the gateway at `url` as the person whose access token `token` gives before each request.

        None for a visitor. `http` is a client of your own, which you close.
        """
        self._url = url.rstrip("/")
        self._token = token
        self._retries = retries or Retries()
        self._sleep = sleep
        self._http = http or httpx2.Client(timeout=timeout_s)
        self._is_ours = http is None

    def __enter__(self) -> Self:
        """The client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        if self._is_ours:
            self._http.close()

    def search(self, query: str, **options: Unpack[SearchOptions]) -> SearchResponse:
        """What the caller may read, best first."""
        return self._ask(requests.search(query, options))

    def answer(self, question: str | Sequence[Message], **options: Unpack[AnswerOptions]) -> AnswerResponse:
        """An answer with citations, to a question or to a conversation that ends with one."""
        return self._ask(requests.answer(question, options))

    def stream_answer(
        self, question: str | Sequence[Message], **options: Unpack[AnswerOptions]
    ) -> Iterator[AnswerEvent]:
        """The same piece by piece. AnswerBrokenOffError where it ends too early."""
        response = self._send(requests.answer(question, options, stream=True), stream=True)
        reader = EventReader()
        try:
            for piece in response.iter_bytes():
                yield from reader.feed(piece)
        finally:
            response.close()
        reader.end()

    def embed(self, texts: str | Sequence[str]) -> EmbeddingsResponse:
        """Vectors of texts, by the model that search uses; for people who are signed in."""
        return self._ask(requests.embed(texts))

    def recommend(
        self, *, like: str | UUID | None = None, category: str | None = None, limit: int | None = None
    ) -> RecommendationsResponse:
        """Products for the caller, like a product, or of a category."""
        return self._ask(requests.recommend(like, category, limit))

    def add_document(self, *files: File, **columns: Unpack[DocumentOptions]) -> DocumentState:
        """Add a document with its files, which are read and embedded afterwards."""
        return self._ask(requests.add_document(files, columns))

    def get_document(self, document_id: str | UUID) -> DocumentState:
        """How far a document and its files are."""
        return self._ask(requests.get_document(document_id))

    def wait_for_document(self, document_id: str | UUID, *, timeout_s: float = WAIT_S) -> DocumentState:
        """Return once search finds all of it. DocumentFailedError, TimeoutError."""
        deadline, pause_s = time.monotonic() + timeout_s, 0.0
        while (state := outcome(self.get_document(document_id))) is None:
            pause_s = next_pause_s(pause_s, deadline - time.monotonic())
            self._sleep(pause_s)
        return state

    def get_status(self) -> StatusResponse:
        """What does not work as usual, and the caller's documents that failed."""
        return self._ask(requests.get_status())

    def _ask(self, request: Request[Answer]) -> Answer:
        return cast(Answer, self._send(request).json())

    def _send(self, request: Request[Any], *, stream: bool = False) -> httpx2.Response:
        """The answer, after as many attempts as are wanted. GatewayProblemError."""
        attempt, waited_s = 1, 0.0
        while True:
            response = self._http.send(self._built(request), stream=stream)
            if response.is_success:
                return response
            content, asked_s = response.read(), retry_after_s(response.headers)
            response.close()
            wait_s = (
                self._retries.wait_s(asked_s, attempt, waited_s) if response.status_code in request.retried else None
            )
            if wait_s is None:
                raise problem_of(response.status_code, content, asked_s)
            self._sleep(wait_s)
            attempt, waited_s = attempt + 1, waited_s + wait_s

    def _built(self, request: Request[Any]) -> httpx2.Request:
        token = self._token()
        return self._http.build_request(
            request.method,
            f"{self._url}{request.path}",
            json=request.json,
            params=request.params,
            data=request.data,
            files=request.files,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
