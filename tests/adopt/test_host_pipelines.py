"""Calls of a host by an application: what it refuses, what it only counts, and what it leaves alone."""

import threading

import pytest

from gateway.adopt.injected.options import Mode, Options, read_options
from gateway.adopt.injected.pipelines import HostPipeline, HostPipelines
from gateway.resilience.deadline import allow
from gateway.resilience.errors import BulkheadFullError, CircuitOpenError
from gateway.resilience.policy import Policy
from tests.support.clock import Clock

FAILURES = (ConnectionError,)
POLICY = Policy("api:80", 10.0, attempts=2, failures_to_open=3, reset_s=5.0, concurrency=2)


def guard(mode: Mode = "enforce", clock: Clock | None = None) -> HostPipeline:
    return HostPipeline(POLICY, mode, clock or Clock())


def fail(host: HostPipeline, times: int = 3) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError), host.call(FAILURES):
            raise ConnectionError("refused")


def test_a_dead_host_is_left_alone_and_tried_again() -> None:
    clock = Clock()
    host = guard(clock=clock)
    fail(host)
    with pytest.raises(CircuitOpenError), host.call(FAILURES):
        raise AssertionError("it was called")
    clock.advance(5.1)
    with host.call(FAILURES) as call:
        call.answered(200)
    assert host.state == "closed"


def test_what_is_observed_is_called_in_any_case() -> None:
    host = guard("observe")
    fail(host, times=10)
    assert host.state == "open"
    assert host.time_limit(None) is None
    assert host.pause_before(1) is None


def test_answers_that_say_they_cannot_are_failures_and_errors_of_the_application_are_not() -> None:
    host = guard()
    for _ in range(5):
        with pytest.raises(ValueError, match="mine"), host.call(FAILURES):
            raise ValueError("mine")
    assert host.state == "closed"
    for _ in range(3):
        with host.call(FAILURES) as call:
            call.answered(503)
    assert host.state == "open"


def test_no_more_than_its_share_of_calls_at_a_time() -> None:
    host = guard()
    inside, leave = threading.Semaphore(0), threading.Event()

    def call() -> None:
        with host.call(FAILURES):
            inside.release()
            leave.wait(60)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=60)
    with pytest.raises(BulkheadFullError), host.call(FAILURES):
        raise AssertionError("it was called")
    leave.set()
    for thread in threads:
        thread.join()
    with host.call(FAILURES):
        pass


def test_a_call_has_what_is_left_of_the_request() -> None:
    host = guard()
    assert host.time_limit(None) == 10.0
    assert host.time_limit(3.0) == 3.0
    with allow(0.5):
        assert 0 < (host.time_limit(3.0) or 0) <= 0.5


def test_retries_end_with_the_policy_the_budget_and_the_request() -> None:
    host = guard()
    pause_s = host.pause_before(1)
    assert pause_s is not None
    assert 0 <= pause_s <= POLICY.backoff_s
    assert host.pause_before(2) is None
    with allow(0.001):
        assert host.pause_before(1) is None
    paid = sum(host.pause_before(1) is not None for _ in range(1000))
    assert 0 < paid < 100


def test_hosts_have_their_own_numbers_and_a_collector_has_none() -> None:
    options = read_options(
        {
            "TIDEGATE_RESILIENCE": "enforce",
            "TIDEGATE_RESILIENCE_POLICY": '{"*": {"timeout_s": 2}, "api.example.org:443": {"attempts": 1}}',
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
            "SENTRY_DSN": "https://key@sentry.example.org/1",
        }
    )
    guards = HostPipelines(options)
    host = guards.of("api.example.org:443")
    assert (host.policy.timeout_s, host.policy.attempts) == (2, 1)
    assert guards.of("api.example.org:443") is host
    assert [guards.of(name).mode for name in ("other:80", "collector:4318", "sentry.example.org:443")] == [
        "enforce",
        "off",
        "off",
    ]


@pytest.mark.parametrize(
    "wrong", [{"TIDEGATE_RESILIENCE": "on"}, {"TIDEGATE_RESILIENCE_POLICY": '{"*": {"attempts": 0}}'}]
)
def test_options_that_cannot_be_followed_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"TIDEGATE_RESILIENCE|attempts"):
        read_options(wrong)


def test_nothing_is_set_by_default() -> None:
    assert read_options({}) == Options()
