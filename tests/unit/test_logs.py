"""Lines of the log: nothing that is logged can end its line, and nobody is named in it."""

import json
import logging
import re
from typing import Any

import pytest

from gateway.observability.logs import JsonFormatter, OncePerChange, TextFormatter, hashed
from gateway.resilience.current_request import CurrentRequest, serving
from tests.support.clock import Clock

HOSTILE = "a\nERROR forged: line\r\x1b[2Jb\u2028c\u202ed\ud800"
PERSON = "0b9f3c1e-2f3c-4f36-9d7d-6b1f4c7e8a90"


def record(message: str = HOSTILE, error: BaseException | None = None, **fields: Any) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("gateway.access", logging.INFO, __file__, 1, "%s", (message,), info)
    made.fields = fields
    return made


def failure() -> BaseException:
    with pytest.raises(ValueError, match="forged") as caught:
        raise ValueError(HOSTILE)
    return caught.value


def test_an_event_is_one_line_whatever_it_says() -> None:
    line = TextFormatter("gateway").format(record(path=HOSTILE, route="/v1/search"))
    assert line.isprintable()
    assert r"a\nERROR forged" in line
    assert " route=/v1/search" in line
    event = JsonFormatter("gateway").format(record(path=HOSTILE, error=failure()))
    assert event.isprintable()
    assert json.loads(event)["message"] == HOSTILE


def test_lines_of_a_traceback_cannot_be_taken_for_events() -> None:
    first, *others = TextFormatter("gateway").format(record("failed", failure())).splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO gateway\.access: failed", first)
    assert len(others) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in others)


def test_an_event_says_when_what_and_for_which_request() -> None:
    with serving(CurrentRequest("request-1")):
        event = json.loads(JsonFormatter("worker").format(record("told", status=200, degradations=[])))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("time"))
    assert event == {
        "level": "info",
        "process": "worker",
        "logger": "gateway.access",
        "message": "told",
        "status": 200,
        "request_id": "request-1",
    }


@pytest.mark.parametrize(
    ("shown", "address", "client"),
    [
        ("none", "203.0.113.77", None),
        ("network", "203.0.113.77", "203.0.113.0/24"),
        ("network", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("network", "local", "local"),
        ("full", "203.0.113.77", "203.0.113.77"),
    ],
)
def test_nobody_is_named(shown: Any, address: str, client: str | None) -> None:
    for formatter in (JsonFormatter("gateway", shown), TextFormatter("gateway", shown)):
        line = formatter.format(record("asked", person=PERSON, client=address))
        assert PERSON not in line
        assert hashed(PERSON) in line
        assert (client or "client") in line or client is None
        assert (address in line) == (client == address)


def test_the_reason_of_a_failed_connection_is_said_once_for_each_change() -> None:
    clock = Clock()
    once = OncePerChange(clock)

    def is_said(reason: str) -> bool:
        clock.now += 1
        line = "error connecting in %r: %s"
        return once.filter(logging.LogRecord("psycopg.pool", logging.WARNING, "", 1, line, ("database", reason), None))

    said = [is_said(reason) for reason in ("refused", "refused", "no route", "refused", "refused")]
    assert said == [True, False, True, True, False]
    clock.now += 3600
    assert is_said("refused"), "it had worked meanwhile"
