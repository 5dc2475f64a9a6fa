"""What is known of recommendations, in its file."""

import asyncio
import random
from pathlib import Path

import pytest

from gateway.auth.caller import ANONYMOUS
from gateway.recommendations.schemas import RecommendationsRequest, RecommendationsResponse
from gateway.recommendations.stale_answers import StaleRecommendations

pytestmark = pytest.mark.anyio


def _request(number: int) -> RecommendationsRequest:
    return RecommendationsRequest(category=f"category-{number}")


def _answer(number: int) -> RecommendationsResponse:
    return RecommendationsResponse(recommendations=[], source=None, degraded=False, degradations=[], took_ms=number)


async def test_what_came_last_is_in_the_file_whoever_was_writing(tmp_path: Path) -> None:
    """A gateway that stops while it writes: the thread goes on, and had put the older list over the newer."""
    moments = random.Random(7)
    file = tmp_path / "known.json"
    for stop in range(60):
        known = StaleRecommendations(file)
        for number in range(200):
            known.put(_request(number), ANONYMOUS, _answer(number))
        writing = asyncio.create_task(known.save())
        for _ in range(moments.randrange(4)):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        known.put(_request(1_000), ANONYMOUS, _answer(stop))
        await known.save()
        again = StaleRecommendations(file)
        await again.load()
        found = again.get(_request(1_000), ANONYMOUS)
        assert found is not None
        assert found.took_ms == stop
        assert again.get(_request(199), ANONYMOUS) is not None
