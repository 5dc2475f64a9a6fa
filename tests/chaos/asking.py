"""One request while things break, and what came of it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.answers.forms import BrokenOffError
from tests.answers.world import check
from tests.chaos.mcp import ToolError, problem_of
from tests.chaos.models import SECOND_WRITES
from tests.chaos.rights import Reading, age_in
from tests.chaos.routes import Route
from tests.chaos.world import World


@dataclass(frozen=True)
class Answer:
    """Of one request: when it was sent, how long it took, and what came."""

    at: float
    took_s: float
    status: int
    degraded: bool = False
    why: str = ""
    """What a problem is called."""
    keeps_documents: bool = False
    """Whether it holds documents that were found before."""
    used: tuple[str, ...] = ()
    """What it says was used instead of what was down."""
    wrong: tuple[str, ...] = ()
    """What must not be of an answer that is given."""

    @property
    def is_full(self) -> bool:
        """Whether nothing is missing."""
        return self.status == 200 and not self.degraded

    @property
    def kind(self) -> str:
        """In a word."""
        return "degraded" if self.degraded and self.status == 200 else str(self.status or "none that can be read")


async def ask(world: World, client: httpx2.AsyncClient, route: Route, readings: list[Reading]) -> Answer | None:
    """What came; None when a revoked token was refused. What the metrics say is added to `readings`."""
    at = time.monotonic()
    headers = dict(route.headers_of(world))
    status, told = 0, dict[str, Any]()
    try:
        response = await _sent(world, client, route, headers)
        if response.status_code != 200:
            told = {"why": problem_of(response)["type"]}
        elif route.degrades:
            told = _told(route, response)
        elif route.path == "/metrics":
            readings.append(Reading(at, time.monotonic(), age_in(response.text)))
        status = response.status_code
    except BrokenOffError as error:
        status, told = 503, {"why": str(error)}
    except ToolError as error:
        status, told = error.status, {"why": error.why}
    except (httpx2.HTTPError, ValueError, KeyError, AssertionError) as error:
        told = {"why": repr(error)}  # status 0 stands for no answer that can be read
    if status == 401 and headers.get("Authorization", "").removeprefix("Bearer ") in world.revoked:
        return None
    return Answer(at, time.monotonic() - at, status, **told)


async def _sent(world: World, client: httpx2.AsyncClient, route: Route, headers: Mapping[str, str]) -> httpx2.Response:
    if route.body is not None:
        return await client.post(route.path, json=route.body(), headers=headers)
    root = world.stack.operations_url if route.is_of_operations else ""
    return await client.get(f"{root}{route.path_of(world)}", headers=headers)


def _told(route: Route, response: httpx2.Response) -> dict[str, Any]:
    """What a good answer says of itself."""
    answer = route.form(response)
    return {
        "degraded": answer["degraded"],
        "keeps_documents": answer.get("age_seconds") is not None and _holds_documents(answer),
        "used": tuple(each["used"] for each in answer["degradations"]),
        "wrong": tuple(faults_of(answer)) if route.is_written else (),
    }


def _holds_documents(answer: Mapping[str, Any]) -> bool:
    parts = (each for name in ("results", "passages", "citations") for each in answer.get(name, ()))
    return any(each["kind"] == "document" for each in parts)


def faults_of(answer: dict[str, Any]) -> Iterator[str]:
    """What is wrong with an answer: a citation that is none, or something used instead that it does not tell of."""
    used = {each["used"] for each in answer["degradations"]}
    if "passages" in answer:  # chats have citations alone
        try:
            check(answer)
        except AssertionError as error:
            yield f"it does not hold together: {error}"
    if not answer["grounded"]:
        if not used:
            yield "nothing was found"
    elif answer["kind"] == "quoted" and "quotations" not in used:
        yield "it does not say that no model wrote it"
    if SECOND_WRITES in answer["answer"] and "the second model" not in used:
        yield "it does not say that the second model wrote it"
