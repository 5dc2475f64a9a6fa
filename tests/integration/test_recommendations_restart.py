"""GET /v1/recommendations: what is known outlives the process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from gateway.recommendations.snapshot_file import FORMAT
from tests.support import Database
from tests.support.gateway_app import NOWHERE
from tests.support.recommending import NOTHING, STALE, People, gateway_of, named, opened
from tests.support.stack import Process, Stack
from tests.support.tokens import claims_for
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def people(stack: Stack, api: Process, database: Database) -> Iterator[People]:
    """A shop with people."""
    with opened(stack, database) as people:
        yield people


def test_a_gateway_that_starts_with_everything_down_still_knows(stack: Stack, people: People, tmp_path: Path) -> None:
    """A real process, killed and not stopped, and another one that never reaches anything."""
    file = tmp_path / "recommendations.json"
    first = stack.start_gateway(RECOMMENDATIONS_FILE=str(file))
    url = f"{stack.gateway_url}/v1/recommendations"
    wait_until(file.exists, "the file being written, though nobody asked")
    similar = httpx2.get(url, params={"like": str(people.shop.products["rope 0"])}, timeout=60, trust_env=False).json()
    wait_until(lambda: b"similar" in file.read_bytes(), "the answer being in the file")
    first.kill()
    assert file.stat().st_mode & 0o777 == 0o600
    stack.launch_gateway(
        RECOMMENDATIONS_FILE=str(file), GATEWAY_DATABASE_URL=NOWHERE, SUPABASE_URL="http://127.0.0.1:1"
    )

    def asked(**query: str) -> dict[str, Any] | None:
        try:
            response = httpx2.get(url, params=query, timeout=60, trust_env=False)
        except httpx2.ConnectError:
            return None
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    popular = wait_until(asked, "the gateway answering")
    assert popular is not None
    assert {degradation["used"] for degradation in popular["degradations"]} == {STALE}
    assert (popular["source"], named(popular)[0]) == ("popular", "rope 1")
    again = asked(like=str(people.shop.products["rope 0"]))
    assert again is not None
    assert again["recommendations"] == similar["recommendations"]
    assert again["age_seconds"] > 0


async def test_who_is_known_without_the_keys_is_shown_their_own_after_a_restart(
    stack: Stack, database: Database, people: People, tmp_path: Path
) -> None:
    secret = "a secret that is long enough for HS256 and then some"
    changes: dict[str, Any] = {
        "auth_algorithms": ["HS256"],
        "supabase_jwt_secret": secret,
        "recommendations_file": str(tmp_path / "known.json"),
    }
    claims = claims_for(people.ids["alice"], iss=f"{stack.supabase_url}/auth/v1")
    mine = People(people.shop, {"alice": jwt.encode(claims, secret, algorithm="HS256")}, people.ids)
    async with gateway_of(stack, database, mine, **changes) as gateway:
        before = named(await gateway.ask("alice"))
        # What it was told last is written when it stops.
    async with gateway_of(stack, database, mine, starts_closed=True, **changes) as gateway:
        answer = await gateway.ask("alice", used={STALE})
        assert (answer["source"], named(answer)) == ("personal", before)
        assert (await gateway.ask(used={STALE}))["source"] == "popular"


def _damages(whole: bytes) -> dict[str, bytes]:
    return {
        "cut": whole[: len(whole) // 2],
        "changed": whole.replace(b"rope", b"robe"),
        "empty": b"",
        "not text": bytes(range(256)),
        "another format": whole.replace(FORMAT.encode(), b"something else"),
        "a list": b"[]\n" + whole.partition(b"\n")[2],
        "deep": b"[" * 100_000 + b"\n" + whole.partition(b"\n")[2],
    }


async def test_a_damaged_file_is_as_if_there_were_none(
    stack: Stack, database: Database, people: People, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "known.json"
    async with gateway_of(stack, database, people, recommendations_file=str(file)) as gateway:
        await gateway.ask()
    for damage, damaged in _damages(file.read_bytes()).items():
        file.write_bytes(damaged)
        caplog.clear()
        async with gateway_of(stack, database, people, starts_closed=True, recommendations_file=str(file)) as gateway:
            assert "is not used" in caplog.text, damage
            await gateway.ask(used={NOTHING})
        file.write_bytes(damaged)
    async with gateway_of(stack, database, people, recommendations_file=str(file)) as gateway:
        await gateway.ask()
    assert json.loads(file.read_bytes().splitlines()[0])["format"] == FORMAT


async def test_a_file_that_cannot_be_written_harms_nobody(
    stack: Stack, database: Database, people: People, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gateway_of(stack, database, people, recommendations_file=str(tmp_path / "no" / "file")) as gateway:
        await gateway.ask()
    assert "cannot be written" in caplog.text
