"""Asks a running gateway, as a person, and keeps what was sent and when it came."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from gateway.evaluation.questions import Question

TIMEOUT_S = 120.0
PATIENCE_S = 300.0
"""How long one question waits for its turn, where the gateway says when to ask again."""
TURNS = (429, 503)
SignIn = Callable[[], str | None]


class AskingError(Exception):
    """The gateway cannot be asked, or refuses; the message is for people."""


@dataclass
class Answer:
    """An answer, put together from its events."""

    text: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    found: list[dict[str, Any]] = field(default_factory=list)
    """The passages that the search found."""
    passages: list[dict[str, Any]] = field(default_factory=list)
    """Those of them that the answer was made from: none where nothing answers."""
    rest: dict[str, Any] = field(default_factory=dict)
    """The other fields."""
    first_event_s: float = 0.0
    end_s: float = 0.0

    def take(self, name: str, data: dict[str, Any]) -> None:
        """Add an event. AskingError for one that says that the answer broke off."""
        match name:
            case "search":
                self.found = self.found or data["passages"]
                self.passages = data["passages"]
            case "delta":
                self.text += data["text"]
            case "citation":
                self.citations.append(data)
            case "done":
                self.rest = data
            case "error":
                raise AskingError(f"The answer broke off: {data['detail']}")


class Asker:
    """One person. Use it in a `with` block."""

    def __init__(
        self,
        gateway_url: str,
        sign_in: SignIn,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Ask the gateway at this address with the token that `sign_in` gives; without one as nobody."""
        self._client = httpx2.Client(base_url=gateway_url, timeout=TIMEOUT_S, trust_env=False, transport=transport)
        self._sign_in = sign_in
        self._token = sign_in()
        self._sleep = sleep
        self._clock = clock

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close its connections."""
        self._client.close()

    def ask(self, question: Question) -> Answer:
        """The answer. AskingError."""
        waited, has_signed_in = 0.0, False
        while True:
            try:
                answer = self._asked(question)
            except httpx2.HTTPError as error:
                raise AskingError(f"The gateway does not answer: {str(error) or type(error).__name__}") from error
            if isinstance(answer, Answer):
                return answer
            if answer.status_code == 401 and not has_signed_in:
                self._token, has_signed_in = self._sign_in(), True
            elif answer.status_code in TURNS and waited < PATIENCE_S:
                pause = float(answer.headers.get("retry-after", "1"))
                self._sleep(pause)
                waited += max(pause, 0.1)
            else:
                raise AskingError(_refusal(question, answer))

    def _asked(self, question: Question) -> Answer | httpx2.Response:
        """The answer, or the response of the gateway that is none."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        started = self._clock()
        with self._client.stream("POST", "/v1/answers", json=question.body(), headers=headers) as response:
            if response.status_code != 200:
                response.read()
                return response
            answer = Answer()
            for name, data in events(response.iter_lines()):
                answer.first_event_s = answer.first_event_s or self._clock() - started
                answer.take(name, data)
            answer.end_s = self._clock() - started
        if not answer.rest:
            raise AskingError("The answer broke off.")
        return answer


def events(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream: their names and data. Comments are left out."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def password_sign_in(supabase_url: str, publishable_key: str, email: str, password: str) -> SignIn:
    """Signs in by e-mail and password, each time that a token is needed. AskingError."""

    def sign_in() -> str:
        try:
            response = httpx2.post(
                f"{supabase_url.rstrip('/')}/auth/v1/token",
                params={"grant_type": "password"},
                headers={"apikey": publishable_key},
                json={"email": email, "password": password},
                timeout=30,
                trust_env=False,
            )
        except httpx2.HTTPError as error:
            raise AskingError(f"{supabase_url} does not answer: {str(error) or type(error).__name__}") from error
        if response.status_code != 200:
            raise AskingError(f"{email} cannot sign in: {response.text[:500]}")
        return str(response.json()["access_token"])

    return sign_in


def _refusal(question: Question, response: httpx2.Response) -> str:
    try:
        problem = response.json()
        told = [problem["detail"], *(f"{each['pointer']}: {each['detail']}" for each in problem.get("errors", []))]
    except (ValueError, KeyError, TypeError):
        told = [response.text[:200]]
    place = f"line {question.line}: " if question.line else ""
    return f"{place}the gateway answers {response.status_code}. {' '.join(told)}"
