"""Answers for when nothing can be searched: the caller's own last ones, while their rights are known."""

import pytest

from gateway.answers.schemas import AnswerRequest, AnswerResponse
from gateway.answers.stale_answers import StaleAnswers
from gateway.auth.caller import ANONYMOUS
from gateway.database.heartbeat import EndedRights
from gateway.database.rights import RIGHTS_S, Rights
from tests.answers.world import world_on
from tests.support import Database
from tests.support.clock import Clock
from tests.support.proxy import Proxy
from tests.support.tenants import Tenants

pytestmark = pytest.mark.anyio

QUESTION = "In which locker is the mooring kept?"


@pytest.mark.usefixtures("lasting_rights")
async def test_without_the_database_the_last_answer_is_given_again(database: Database, tenants: Tenants) -> None:
    async with Proxy(database.port).running() as door:
        url = f"postgresql://tidegate_gateway@127.0.0.1:{door.port}/{database.name}"
        async with world_on(database, tenants, url=url) as world:
            fresh = await world.answer("owner", question=QUESTION)
            door.refuse()
            stale = await world.answer("owner", question=QUESTION)
            assert (stale["answer"], stale["citations"]) == (fresh["answer"], fresh["citations"])
            assert stale["age_seconds"] is not None
            assert stale["degradations"][-1]["used"] == "a stale answer"
            streamed = await world.ask("owner", question=QUESTION, stream=True)
            assert streamed.text.count("event: citation") == len(fresh["citations"])
            for actor, question in (("viewer", QUESTION), ("owner", "Where is the lantern?"), ("anonymous", QUESTION)):
                for stream in (False, True):
                    response = await world.ask(actor, question=question, stream=stream)
                    assert response.status_code == 503, response.text
                    assert "retry-after" in response.headers


async def test_an_answer_ends_with_the_right_to_its_passages(database: Database, tenants: Tenants) -> None:
    async with world_on(database, tenants) as world:
        answer = AnswerResponse.model_validate(await world.answer(question=QUESTION))
    clock, request = Clock(), AnswerRequest(question=QUESTION)
    rights = Rights(clock=clock)
    known = StaleAnswers(rights=rights)

    def confirm(**ended: frozenset[object]) -> None:
        rights.learn(EndedRights(clock(), False, **{"people": frozenset(), "sources": frozenset(), **ended}))  # type: ignore[arg-type]  # ids

    confirm()
    clock.advance(1)
    known.put(request, ANONYMOUS, answer, known.now())
    assert known.get(request, ANONYMOUS) is not None
    assert known.get(AnswerRequest(question=QUESTION, stream=True), ANONYMOUS) is not None
    clock.advance(RIGHTS_S + 1)
    assert known.get(request, ANONYMOUS) is None
    confirm()
    assert known.get(request, ANONYMOUS) is not None
    asked_at = known.now()
    clock.advance(1)
    confirm(sources=frozenset({answer.passages[0].id}))
    assert known.get(request, ANONYMOUS) is None
    known.put(request, ANONYMOUS, answer, asked_at)
    assert known.get(request, ANONYMOUS) is None
