"""Real processes report what nobody expected, and no text of a request or a row with it."""

import socket
from collections.abc import Iterator

import httpx2
import pytest
from psycopg import sql

from gateway.local.ports import HOST
from tests.support import Database
from tests.support.fake_sentry import FakeSentry
from tests.support.stack import Stack

SECRET = "jane.doe@example.org asks where the silver is"


def break_function(database: Database, name: str, sqlstate: str) -> None:
    """Give a function a bug whose error tells what a caller said."""
    body = sql.SQL("begin raise exception using errcode = {}, message = {}, detail = {}; end")
    with database.connect("supabase_admin") as admin:
        arguments, result = admin.execute(
            "select pg_get_function_arguments(%(name)s::regproc), pg_get_function_result(%(name)s::regproc)",
            {"name": name},
        ).fetchall()[0]
        admin.execute(
            sql.SQL(
                "create or replace function {}({}) returns {} language plpgsql"
                " set search_path = pg_catalog, pg_temp as {}"
            ).format(
                sql.SQL(name), sql.SQL(arguments), sql.SQL(result), body.format(sqlstate, SECRET, SECRET).as_string()
            )
        )


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    with FakeSentry().running() as sentry:
        yield sentry


@pytest.fixture
def broken(database: Database) -> None:
    break_function(database, "private.search_as", "ZZ001")


@pytest.fixture(autouse=True)
def stopping(stack: Stack) -> Iterator[None]:
    """No process of one test answers in another."""
    yield
    stack.stop()


def assert_says_nothing(sentry: FakeSentry) -> None:
    everything = b"".join(sentry.envelopes)
    assert not [word for word in SECRET.split() if len(word) > 4 and word.encode() in everything]


def search(stack: Stack) -> httpx2.Response:
    body = {"query": SECRET, "mode": "keyword"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=body, timeout=10, trust_env=False)


@pytest.mark.usefixtures("broken")
def test_the_gateway_reports_a_bug_and_says_nothing_of_the_request(stack: Stack, sentry: FakeSentry) -> None:
    gateway = stack.start_gateway(SENTRY_DSN=sentry.dsn, SENTRY_RELEASE="shop@7")
    for _ in range(20):
        assert search(stack).status_code in (500, 503)
    gateway.stop()  # what is still to be sent is sent before it ends
    events = sentry.wait_for(1)
    assert 1 <= len(events) <= 5, "of one kind in a minute"
    event = events[0]
    assert (event["release"], event["environment"], event["level"]) == ("shop@7", "development", "error")
    assert event["tags"] == {"process": "gateway", "sqlstate": "ZZ001"}
    assert event["logger"] == "gateway.database.sqlstates"
    assert "gateway.database.pool" in {
        frame["module"] for frame in event["exception"]["values"][-1]["stacktrace"]["frames"]
    }
    assert_says_nothing(sentry)


def test_the_worker_reports_a_refused_step(stack: Stack, database: Database, sentry: FakeSentry) -> None:
    break_function(database, "private.purge_counted_interactions", "23514")
    worker = stack.start_worker(SENTRY_DSN=sentry.dsn)
    event = sentry.wait_for(1)[0]
    worker.stop()
    assert event["tags"]["process"] == "worker"
    assert event["logentry"] == {"message": "The step %s is refused."}
    assert event["logger"] == "gateway.worker.maintenance.loop"
    assert event["exception"]["values"]
    assert_says_nothing(sentry)


@pytest.mark.usefixtures("broken")
def test_a_sentry_that_never_answers_costs_nothing(stack: Stack) -> None:
    with socket.create_server((HOST, 0)) as silent:
        gateway = stack.start_gateway(SENTRY_DSN=f"http://publickey@{HOST}:{silent.getsockname()[1]}/1")
        for _ in range(20):
            assert search(stack).status_code in (500, 503)
        assert httpx2.get(f"{stack.gateway_url}/health/live", timeout=10, trust_env=False).status_code == 200
        assert gateway.stop(20) == 0  # it does not wait for the report's own time limit of 30 s
