"""What is injected, in running applications: telemetry, reports, breakers, health and an orderly end."""

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from gateway.adopt.application import Entry
from gateway.adopt.facts import read_facts
from gateway.adopt.looking import look
from gateway.adopt.manifest import write
from gateway.adopt.plan import planned
from gateway.adopt.proof.serving import Running, Start, serving
from tests.adopt.support import INJECTED_MODULES, PYTHON
from tests.adopt.whole.conftest import Copy
from tests.support.fake_collector import FakeCollector
from tests.support.fake_sentry import FakeSentry
from tests.support.local_server import Handler, LocalServer
from tests.support.waiting import wait_until

# By framework: an application that asks another server, what its span is called, and the exception of /broken.
ASKING = {
    "flask_single": ("GET /weather", "RuntimeError"),
    "fastapi_single": ("GET /weather", "RuntimeError"),
    "express_single": ("GET /weather", "Error"),
}
SAYS_THAT_IT_STOPS = {"flask_single": "Handling signal: term", "fastapi_single": "Shutting down"}
SECRET = b"jane.doe@example.org"


@dataclass(frozen=True)
class Adopted:
    """A small application with everything beside it."""

    name: str
    application: Path
    entry: Entry


class Weather(LocalServer):
    """Another server, which answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        super().__init__(self._handler())

    def release(self) -> None:
        self.may_answer.set()

    def _handler(self) -> type[Handler]:
        asked, may_answer = self.asked, self.may_answer

        class Answers(Handler):
            def do_GET(self) -> None:
                asked.set()
                may_answer.wait(120)
                self.answer(b"sunny")

        return Answers


@pytest.fixture(scope="module", params=ASKING)
def adopted(request: pytest.FixtureRequest, copy: Copy) -> Adopted:
    """A small application with everything beside it."""
    name: str = request.param
    application = copy(name)
    found = look(application, entry=None, python=str(PYTHON), environment={}, network=False)
    write(application, planned(application, found, read_facts(application, found.entry)))
    if found.entry.protocol == "node":
        (application / "tidegate" / "node" / "node_modules").symlink_to(INJECTED_MODULES)
    return Adopted(name, application, found.entry)


@contextmanager
def running(adopted: Adopted, **environment: str) -> Iterator[Running]:
    # One process, so that one breaker hears of every call.
    variables = {"WEB_CONCURRENCY": "1", "OTEL_BSP_SCHEDULE_DELAY": "100", **environment}
    with serving(Start(adopted.entry, str(PYTHON), variables), adopted.application, injected=True) as served:
        yield served


def get(served: Running, path: str) -> httpx2.Response:
    return httpx2.get(served.url + path, timeout=120, trust_env=False)


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port on which nothing listens, and nothing will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def test_a_dead_dependency_is_left_alone(adopted: Adopted, dead_port: int) -> None:
    policy = '{"*": {"failures_to_open": 3, "reset_s": 600, "attempts": 1}}'
    environment = {"WEATHER_URL": f"http://127.0.0.1:{dead_port}/", "TIDEGATE_RESILIENCE_POLICY": policy}
    with running(adopted, **environment, TIDEGATE_RESILIENCE="enforce") as served:
        answers = [get(served, "/weather") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {503}
    refused = ["left alone" in answer.text for answer in answers]
    assert refused == sorted(refused), "once open, it stays so"
    assert refused[-1], answers[-1].text
    assert not refused[0]


def test_what_is_observed_answers_as_before(adopted: Adopted, dead_port: int) -> None:
    environment = {"WEATHER_URL": f"http://127.0.0.1:{dead_port}/"}
    with running(adopted, **environment) as served:
        answers = [get(served, "/weather") for _ in range(8)]
    assert not [answer for answer in answers if "left alone" in answer.text]


def test_a_request_is_a_span_and_an_error_a_report_without_its_text(adopted: Adopted) -> None:
    span_name, exception = ASKING[adopted.name]
    with FakeCollector().running() as collector, FakeSentry().running() as sentry, Weather().running() as weather:
        weather.may_answer.set()
        environment = {"WEATHER_URL": f"{weather.root}/", "SENTRY_DSN": sentry.dsn, "OTEL_SERVICE_NAME": "small"}
        variables = {**environment, **collector.environment, "OTEL_METRICS_EXPORTER": "none"}
        with running(adopted, **variables) as served:
            assert httpx2.get(served.health_url, timeout=60, trust_env=False).json() == {"status": "ok"}
            assert get(served, "/weather").json()["weather"] == "sunny"
            assert get(served, "/broken").status_code == 500
            (event,) = sentry.wait_for(1)[:1]
            span = collector.wait_for_any(span_name)
            assert served.stop() in (0, 143)
    assert span.service == "small"
    client = [each for each in collector.spans if each.trace_id == span.trace_id and each.parent_id == span.span_id]
    assert client or adopted.name == "express_single", "the call of the other server belongs to it"
    assert event["exception"]["values"][-1]["type"] == exception
    assert SECRET not in b"".join(sentry.envelopes)


def test_a_request_that_runs_is_answered_before_the_end(adopted: Adopted) -> None:
    with Weather().running() as weather, running(adopted, WEATHER_URL=f"{weather.root}/") as served:
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(get, served, "/weather")
            assert weather.asked.wait(120)
            os.kill(served.process.pid, 15)
            wait_until(lambda: _is_stopping(adopted.name, served), "the beginning of the end")
            weather.may_answer.set()
            assert answer.result(120).json()["weather"] == "sunny"
        assert served.process.wait(120) in (0, 143)


def _is_stopping(name: str, served: Running) -> bool:
    """Whether it has heard the signal: it says so, or takes no more connections."""
    if name in SAYS_THAT_IT_STOPS:
        return SAYS_THAT_IT_STOPS[name] in served.log.read_text(encoding="utf-8", errors="replace")
    try:
        with socket.create_connection(("127.0.0.1", served.port), 1):
            return False
    except OSError:
        return True
