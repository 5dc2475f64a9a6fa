"""The key cache: rotation, outages, and forged key ids that must not become traffic."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest

from gateway.auth.jwks import (
    FRESH_S,
    MAX_ASKED,
    MAX_ID,
    MIN_INTERVAL_AFTER_FAILURE_S,
    MIN_INTERVAL_S,
    STALE_S,
    JwksCache,
    JwksFetchError,
    signing_keys,
)
from gateway.errors import AuthKeysUnavailableError
from gateway.resilience import Policy
from tests.support.clock import Clock
from tests.support.tokens import ISSUER, Project, SigningKey

pytestmark = pytest.mark.anyio
URL = f"{ISSUER}/.well-known/jwks.json"
POLICY = Policy("auth_keys", 2.0)


@pytest.fixture
def project() -> Project:
    return Project(SigningKey("first"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def cache(project: Project, clock: Clock) -> AsyncIterator[JwksCache]:
    async with httpx2.AsyncClient(transport=project.transport) as client:
        cache = JwksCache(URL, client, POLICY, clock=clock)
        yield cache
        await cache.close()


async def test_keys_are_fetched_once_for_everybody_who_waits(cache: JwksCache, project: Project) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(cache.key, "first")
    assert await cache.key("first") is not None
    assert project.fetches() == 1


async def test_a_rotated_key_is_found_and_the_old_one_is_gone(cache: JwksCache, project: Project, clock: Clock) -> None:
    assert await cache.key("first") is not None
    project.keys = [SigningKey("second")]
    clock.advance(MIN_INTERVAL_S)
    assert await cache.key("second") is not None
    assert await cache.key("first") is None


async def test_unknown_ids_do_not_become_traffic(cache: JwksCache, project: Project, clock: Clock) -> None:
    assert await cache.key("forged") is None
    clock.advance(MIN_INTERVAL_S / 2)
    for number in range(50):
        with pytest.raises(AuthKeysUnavailableError, match="not known yet"):
            await cache.key(f"forged-{number}")
    assert await cache.key("forged") is None  # it was asked about before, and stays what it is
    assert project.fetches() == 1
    clock.advance(MIN_INTERVAL_S / 2)
    for number in range(50):
        assert await cache.key(f"forged-{number}") is None
    assert project.fetches() == 2


async def test_an_unknown_id_is_settled_by_whoever_has_the_keys_fetched(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    """By the status, or by a stream of forged ids that comes first each time."""
    await cache.refresh()
    clock.advance(0.1)
    with pytest.raises(AuthKeysUnavailableError, match="not known yet"):
        await cache.key("revoked")
    await cache.refresh()
    clock.advance(0.1)
    assert await cache.key("revoked") is None
    assert project.fetches() == 2


async def test_what_is_remembered_of_forged_ids_is_bounded(cache: JwksCache, project: Project) -> None:
    for number in range(MAX_ASKED + 10):
        await cache.key(f"forged-{number}")
    assert len(cache._asked) == MAX_ASKED
    before = project.fetches()
    assert await cache.key("x" * (MAX_ID + 1)) is None  # not of this project, whatever the list says
    assert (len(cache._asked), project.fetches()) == (MAX_ASKED, before)


async def test_what_is_remembered_of_removed_keys_is_bounded(cache: JwksCache, project: Project, clock: Clock) -> None:
    for change in range(7):
        project.keys = [replace(project.key, key_id=f"{change}-{number}") for number in range(MAX_ASKED // 4)]
        clock.advance(MIN_INTERVAL_S)
        assert await cache.key(f"{change}-0") is not None
        assert len(cache._asked) <= MAX_ASKED
    assert await cache.key("5-0") is None


async def test_an_id_that_is_too_long_is_of_no_project(cache: JwksCache, project: Project) -> None:
    """However warm the cache is, and whatever the list says."""
    project.keys = [SigningKey("first"), SigningKey("x" * (MAX_ID + 1))]
    for _ in range(2):
        assert await cache.key("x" * (MAX_ID + 1)) is None
        assert await cache.key("first") is not None


async def test_a_key_that_came_after_the_last_fetch_is_not_called_forged(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    assert await cache.key("forged") is None
    project.keys = [SigningKey("second")]
    clock.advance(MIN_INTERVAL_S / 2)
    with pytest.raises(AuthKeysUnavailableError, match="not known yet"):
        await cache.key("second")
    clock.advance(MIN_INTERVAL_S / 2)
    assert await cache.key("second") is not None


async def test_who_joins_a_fetch_that_had_begun_is_not_told_that_the_key_is_missing(
    project: Project, clock: Clock
) -> None:
    """The list on its way may be older than the token."""
    gate = anyio.Event()

    async def answer(_request: httpx2.Request) -> httpx2.Response:
        await gate.wait()
        return httpx2.Response(200, json={"keys": [key.public() for key in project.keys]})

    async def ask(cache: JwksCache) -> None:
        with pytest.raises(AuthKeysUnavailableError, match="not known yet"):
            await cache.key("second")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client, anyio.create_task_group() as tasks:
        cache = JwksCache(URL, client, POLICY, clock=clock)
        cache.refresh.start()
        await anyio.wait_all_tasks_blocked()
        clock.advance(0.1)
        tasks.start_soon(ask, cache)
        await anyio.wait_all_tasks_blocked()
        gate.set()


async def test_what_is_known_to_be_missing_stays_so_during_an_outage(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    assert await cache.key("forged") is None
    project.is_down = True
    clock.advance(MIN_INTERVAL_S)
    assert await cache.key("forged") is None
    with pytest.raises(AuthKeysUnavailableError, match="cannot be fetched"):
        await cache.key("second")


async def test_what_was_missing_a_day_ago_is_not_known_to_be_missing(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    assert await cache.key("forged") is None
    project.is_down = True
    clock.advance(STALE_S)
    with pytest.raises(AuthKeysUnavailableError, match="cannot be fetched"):
        await cache.key("forged")


async def test_an_old_key_is_served_while_a_fresh_list_is_fetched_behind_the_scenes(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    await cache.key("first")
    project.keys.append(SigningKey("second"))
    clock.advance(FRESH_S)
    assert await cache.key("first") is not None
    assert project.fetches() == 1  # nobody waited for the second
    await cache.refresh()
    assert project.fetches() == 2
    assert await cache.key("second") is not None


async def test_an_outage_is_ridden_out_with_the_keys_at_hand_for_a_day(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    await cache.key("first")
    project.is_down = True
    clock.advance(STALE_S - 1)
    assert await cache.key("first") is not None
    clock.advance(1 + MIN_INTERVAL_AFTER_FAILURE_S)
    with pytest.raises(AuthKeysUnavailableError):
        await cache.key("first")


async def test_without_any_key_an_outage_is_said_and_healed(cache: JwksCache, project: Project, clock: Clock) -> None:
    project.is_down = True
    for _ in range(10):
        with pytest.raises(AuthKeysUnavailableError):
            await cache.key("first")
    assert project.fetches() == 1
    project.is_down = False
    clock.advance(MIN_INTERVAL_AFTER_FAILURE_S)
    assert await cache.key("first") is not None


async def test_during_an_outage_an_unknown_key_is_not_called_forged(
    cache: JwksCache, project: Project, clock: Clock
) -> None:
    await cache.key("first")
    project.is_down = True
    clock.advance(MIN_INTERVAL_S)
    with pytest.raises(AuthKeysUnavailableError):
        await cache.key("second")


@pytest.mark.parametrize(
    "response",
    [
        httpx2.Response(500),
        httpx2.Response(302, headers={"Location": "http://elsewhere.test"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, json={"keys": "none"}),
        httpx2.Response(200, json={"keys": [{"kty": "EC", "crv": "P-256", "kid": "first", "x": "?", "y": "?"}]}),
        httpx2.Response(200, text=" " * 200_000),
        httpx2.Response(200, text="[" * 99_000),
    ],
)
async def test_an_answer_that_is_no_key_list_is_an_outage(response: httpx2.Response) -> None:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _request: response)) as client:
        with pytest.raises(AuthKeysUnavailableError):
            await JwksCache(URL, client, POLICY).key("first")


async def test_only_signature_keys_that_can_be_read_count() -> None:
    good = SigningKey("good").public()
    others = [
        {**good, "kid": "enc", "use": "enc"},
        {**good, "kid": "other algorithm", "alg": "ES384"},
        {**good, "kid": "bad", "x": "?"},
        {**good, "kid": "off the curve", "x": good["y"], "y": good["x"]},
        {**good, "kid": "not text", "x": 7},
        {**good, "kid": "no point", "crv": ["P-256"]},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"},
        {"kty": "RSA", "kid": "no modulus"},
        "x",
    ]
    assert list(signing_keys({"keys": [*others, good]})) == ["good"]
    nothing: list[Any] = [None, {"keys": []}, {"keys": others}]
    for none in nothing:
        with pytest.raises(JwksFetchError):
            signing_keys(none)


async def test_a_list_without_a_key_signs_nobody_out(cache: JwksCache, project: Project, clock: Clock) -> None:
    await cache.key("first")
    project.keys = []
    clock.advance(FRESH_S)
    with pytest.raises(JwksFetchError, match="no signature key"):
        await cache.refresh()
    assert await cache.key("first") is not None
