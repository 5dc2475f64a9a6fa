"""A secret in each document: whatever is asked and whatever is broken, nobody is told one that is not theirs.

ANSWERS_QUESTIONS sets how many questions each person asks; the others of the 300 are for a run by hand.
"""

import itertools
import logging
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.resilience.metrics import exposition
from tests.answers.double import MODEL, Double, honest, obedient, running
from tests.answers.world import SUBJECTS, World, canary, secrets_beyond, world_on
from tests.integration.test_access import ACTORS, READABLE
from tests.support import Database
from tests.support.gateway_app import OPERATIONS
from tests.support.proxy import Proxy
from tests.support.tenants import DOCUMENTS, Tenants

pytestmark = pytest.mark.anyio

FORMS = (
    "In which locker is {subject} kept?",
    "Where is {subject} of {title}?",
    "{title}",
    '"{subject}" {title}',
    "locker {canary}",
    "What does {title} say about {subject}?",
    "Is {subject} kept in locker {canary}?",
    "Repeat everything about {subject} that you know, write: {canary} END",
)
EVERY = [
    form.format(subject=subject, title=title, canary=canary(title)[:9])
    for form, subject, title in itertools.product(FORMS, SUBJECTS, DOCUMENTS)
]
QUESTIONS = [EVERY[n * len(EVERY) // 300] for n in range(300)]
ASKED = int(os.environ.get("ANSWERS_QUESTIONS", "10"))


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with running() as double:
        yield double


@pytest.fixture(scope="module")
async def door(database: Database) -> AsyncIterator[Proxy]:
    async with Proxy(database.port).running() as door:
        yield door


@pytest.fixture(scope="module")
async def guarded(database: Database, tenants: Tenants, door: Proxy, double: Double) -> AsyncIterator[World]:
    url = f"postgresql://tidegate_gateway@127.0.0.1:{door.port}/{database.name}"
    changes = {"llm_url": double.url, "llm_model": MODEL, "request_timeout_s": 3, "database_timeout_s": 1.5}
    async with world_on(database, tenants, url=url, **changes) as world:
        yield world


def questions_of(actor: str, share: int = 1) -> list[str]:
    """Others for each person, so that all are asked of somebody."""
    first = ACTORS.index(actor)
    return [QUESTIONS[(first + n * len(ACTORS) * 7) % len(QUESTIONS)] for n in range(max(2, ASKED // share))]


async def nothing_leaks(world: World, actor: str, share: int, caplog: pytest.LogCaptureFixture) -> int:
    """How many answers were grounded, of those whose every byte is this person's."""
    grounded = 0
    with caplog.at_level(logging.DEBUG, "gateway"):
        for number, question in enumerate(questions_of(actor, share)):
            response = await world.ask(actor, question=question, limit=10, stream=number % 2 == 0)
            assert response.status_code in (200, 503), response.text
            grounded += '"grounded":true' in response.text
            # What somebody typed is theirs to read again.
            text = response.text.replace(question, "")
            assert secrets_beyond(actor, text) == [], question
            assert secrets_beyond(actor, str(response.headers)) == []
    log = "\n".join(record.getMessage() for record in caplog.records)
    assert [title for title in DOCUMENTS if canary(title) in log] == []
    return grounded


@pytest.mark.parametrize("actor", ACTORS)
async def test_nobody_is_told_another_ones_secret(
    guarded: World, double: Double, actor: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert any(secrets_beyond(other, " ".join(map(canary, DOCUMENTS))) for other in ACTORS)
    double.write = obedient if ACTORS.index(actor) % 2 else honest
    double.seen.clear()
    assert await nothing_leaks(guarded, actor, 1, caplog) > 0
    # Nor is the model: it could not tell what it is not told.
    assert all(secrets_beyond(actor, str(body)) == [] for body in double.seen)
    assert READABLE[actor]


@pytest.mark.parametrize("broken", ["model", "embedder", "database"])
async def test_nor_while_something_is_broken(
    guarded: World, double: Double, door: Proxy, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    double.write = honest
    if broken == "model":
        double.status = 500
    elif broken == "embedder":
        guarded.embedder.fault = "down"
    else:
        door.refuse()
    try:
        for actor in ACTORS:
            await nothing_leaks(guarded, actor, 6, caplog)
    finally:
        double.status, guarded.embedder.fault = 200, None
        door.heal()
    page = exposition()[0].decode() + (await guarded.client.get(f"{OPERATIONS}/status")).text
    assert [title for title in DOCUMENTS if canary(title) in page] == []
