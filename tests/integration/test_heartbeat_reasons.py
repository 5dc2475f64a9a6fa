"""Why a database's heartbeat is not answered is told apart in the metrics, on which alerts go by."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import psycopg
import pytest

from gateway.database.heartbeat import Heartbeat
from gateway.database.sqlstates import REASONS, SILENT_S
from gateway.resilience.request_metrics import HEARTBEAT_FAILURES
from tests.support import Database
from tests.support.ports import free_port
from tests.support.proxy import Proxy
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio
BEAT_S = "gateway.database.heartbeat.BEAT_S"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever answers is waited for."""
    monkeypatch.setattr(BEAT_S, PATIENCE_S)


@pytest.fixture(scope="module")
async def door(database: Database) -> AsyncIterator[Proxy]:
    async with Proxy(database.port).running() as door:
        yield door


def heartbeat(database: Database, port: int, clock: Callable[[], float] = lambda: 0.0) -> Heartbeat:
    """One for which no time passes, unless `clock` says so."""
    url = f"postgresql://tidegate_gateway@127.0.0.1:{port}/{database.name}"
    return Heartbeat(url, "database", clock=clock)


async def reason_of(beat: Heartbeat) -> list[str]:
    """The reasons that one more beat is counted for."""

    def counted() -> dict[str, float]:
        return {reason: HEARTBEAT_FAILURES.labels("database", reason)._value.get() for reason in REASONS}

    before = counted()
    with suppress(psycopg.Error, TimeoutError):
        await beat()
    return [reason for reason, count in counted().items() if count > before[reason]]


async def test_a_heartbeat_without_an_answer_is_counted_by_its_reason(
    database: Database, door: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = heartbeat(database, door.port)
    assert await reason_of(beat) == []
    door.freeze()
    with monkeypatch.context() as hasty:
        hasty.setattr(BEAT_S, 0.1)
        assert await reason_of(beat) == ["no_answer"]
    door.heal()
    assert await reason_of(beat) == []
    door.refuse()
    assert await reason_of(beat) == ["lost"]
    door.heal()
    door.cuts = True
    assert await reason_of(beat) == ["lost"]
    door.heal()
    await beat.close()
    nobody = heartbeat(database, free_port())
    assert await reason_of(nobody) == ["refused"]
    await nobody.close()


async def test_a_connection_that_is_lost_after_a_long_silence_had_no_answer(database: Database, door: Proxy) -> None:
    beat = heartbeat(database, door.port, itertools.count(0.0, SILENT_S).__next__)
    door.cuts = True
    assert await reason_of(beat) == ["no_answer"]
    door.heal()
    await beat.close()
    nobody = heartbeat(database, free_port(), itertools.count(0.0, SILENT_S).__next__)
    assert await reason_of(nobody) == ["refused"]
    await nobody.close()


async def test_a_server_without_a_connection_left_says_so(database: Database, door: Proxy) -> None:
    beat = heartbeat(database, door.port)
    with database.connect("supabase_admin") as admin:
        admin.execute("alter role tidegate_gateway connection limit 0")
        try:
            assert await reason_of(beat) == ["out_of_connections"]
        finally:
            admin.execute("alter role tidegate_gateway connection limit -1")
    await beat.close()
