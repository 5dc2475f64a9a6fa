"""Real processes report what nobody expected, and no text of a request or a row with it."""

import socket
from collections.abc import Iterator

import httpx2
import pytest

from gateway.local.ports import HOST
from tests.support import Database
from tests.support.broken_functions import broken
from tests.support.fake_sentry import FakeSentry
from tests.support.stack import Stack

pytestmark = pytest.mark.usefixtures("stopping")

SECRET = "jane.doe@example.org asks where the silver is"


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    with FakeSentry().running() as sentry:
        yield sentry


@pytest.fixture
def broken_search(database: Database) -> Iterator[None]:
    with broken(database, "private.search_as", "ZZ001", SECRET):
        yield


def assert_says_nothing(sentry: FakeSentry) -> None:
    everything = b"".join(sentry.envelopes)
    assert not [word for word in SECRET.split() if len(word) > 4 and word.encode() in everything]


def search(stack: Stack) -> httpx2.Response:
    body = {"query": SECRET, "mode": "keyword"}
    return httpx2.post(f"{stack.gateway_url}/v1/search", json=body, timeout=60, trust_env=False)


@pytest.mark.usefixtures("broken_search")
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
    with broken(database, "private.purge_counted_interactions", "23514", SECRET):
        worker = stack.start_worker(SENTRY_DSN=sentry.dsn)
        event = sentry.wait_for(1)[0]
        worker.stop()
    assert event["tags"]["process"] == "worker"
    assert event["logentry"] == {"message": "The step %s is refused."}
    assert event["logger"] == "gateway.worker.maintenance.loop"
    assert event["exception"]["values"]
    assert_says_nothing(sentry)


@pytest.mark.usefixtures("broken_search")
def test_a_sentry_that_never_answers_costs_nothing(stack: Stack) -> None:
    with socket.create_server((HOST, 0)) as silent:
        gateway = stack.start_gateway(SENTRY_DSN=f"http://publickey@{HOST}:{silent.getsockname()[1]}/1")
        for _ in range(20):
            assert search(stack).status_code in (500, 503)
        assert httpx2.get(f"{stack.gateway_url}/health/live", timeout=60, trust_env=False).status_code == 200
        assert gateway.stop(within_s=25) == 0  # it does not wait for the report's own time limit of 30 s
