"""What a report holds: planted in every place an exception can carry something, nothing of it leaves."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from gateway.observability.reports import OF_A_KIND, TOGETHER, Flood, report_errors
from tests.support.clock import Clock
from tests.support.gateway_app import make_settings

PLANTED = {
    "e-mail": "jane.doe@example.org",
    "token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl",
    "number": "4929-1234-5678-9012",
    "key": "sb_secret_0123456789abcdef",
    "query": "where is the family silver",
    "text": "The safe stands behind the painting.",
    "order": '{"sku": "LINE-1", "quantity": 3, "street": "Harbour Lane 7"}',
}
logger = logging.getLogger("gateway.planted")


class Kept(Transport):
    """Keeps what would be sent."""

    sent: list[bytes] = []  # noqa: RUF012 -- Sentry makes the transport itself

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize())


@pytest.fixture
def sent() -> Iterator[list[bytes]]:
    Kept.sent.clear()
    settings = make_settings(sentry_dsn="https://publickey@sentry.example/1")
    root = logging.getLogger()
    handlers = list(root.handlers)
    report_errors(settings, "gateway", transport=Kept)
    try:
        yield Kept.sent
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)
        sentry_sdk.get_isolation_scope().clear()
        root.handlers[:] = handlers


def log(error: BaseException) -> None:
    logger.error("It failed.", exc_info=error)


def fail(error: Exception) -> None:
    raise error


def of_value(secret: str) -> None:
    log(ValueError(secret))


def of_cause(secret: str) -> None:
    try:
        try:
            fail(KeyError(secret))
        except KeyError as error:
            raise RuntimeError("failed") from error
    except RuntimeError as error:
        log(error)


def of_context(secret: str) -> None:
    try:
        try:
            fail(KeyError(secret))
        except KeyError:
            _ = 1 / 0
    except ZeroDivisionError as error:
        log(error)


def of_note(secret: str) -> None:
    error = ValueError("failed")
    error.add_note(secret)
    log(error)


def of_group(secret: str) -> None:
    log(ExceptionGroup(secret, [ValueError(secret), ExceptionGroup("inner", [KeyError(secret)])]))


def of_variables(secret: str) -> None:
    password, headers = secret, {"authorization": secret}
    try:
        fail(ValueError(len(password) + len(headers)))
    except ValueError as error:
        log(error)


def of_attributes(secret: str) -> None:
    error = psycopg.errors.UniqueViolation(secret)
    error.sqlstate = secret
    log(error)


def of_arguments(secret: str) -> None:
    logger.critical("unsafe: %s", secret)
    logger.error("request %s failed", secret, exc_info=ValueError())


def of_extra(secret: str) -> None:
    tags = {"request_id": secret, "route": f"/v1/{secret}", "method": secret, secret: secret}
    logger.error("failed", exc_info=ValueError(), extra={"tags": tags, "body": secret})


def of_foreign_logger(secret: str) -> None:
    logging.getLogger(f"uvicorn.{secret}").critical(secret)
    logging.getLogger("asyncio").critical("Task got %s" % secret, exc_info=ValueError(secret))  # noqa: G002, UP031


def of_task(secret: str) -> None:
    loop = asyncio.new_event_loop()
    loop.call_exception_handler({"message": secret, "exception": ValueError(secret), "task_name": secret})
    loop.close()


def of_process(secret: str) -> None:
    error = SystemError(secret)
    sys.excepthook(type(error), error, None)


def of_scope(secret: str) -> None:
    sentry_sdk.set_user({"email": secret})
    sentry_sdk.set_tag("caller", secret)
    sentry_sdk.set_extra("body", secret)
    sentry_sdk.set_context("request", {"body": secret})
    sentry_sdk.add_breadcrumb(message=secret)
    log(ValueError("failed"))


PLACES: list[Callable[[str], None]] = [
    of_value, of_cause, of_context, of_note, of_group, of_variables, of_attributes, of_arguments, of_extra,
    of_foreign_logger, of_task, of_process, of_scope,
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.removeprefix("of_"))
def test_nothing_that_was_planted_leaves(sent: list[bytes], place: Callable[[str], None]) -> None:
    for secret in PLANTED.values():
        place(secret)
    assert sent, "what is not reported hides nothing"
    everything = b"".join(sent)
    assert [name for name, secret in PLANTED.items() if secret.encode() in everything] == []
    for word in ("silver", "painting", "Harbour", "jane"):
        assert word.encode() not in everything


def test_what_a_developer_needs_is_there(sent: list[bytes]) -> None:
    tags = {"request_id": "0123456789abcdef" * 2, "route": "/v1/documents/{document_id}", "method": "GET"}
    logger.error("request %s failed", "x", exc_info=ZeroDivisionError("secret"), extra={"tags": tags})
    event: Any = Envelope.deserialize(sent[0]).get_event()
    assert event["tags"] == {"process": "gateway", **tags}
    assert event["logentry"] == {"message": "request %s failed"}
    assert (event["environment"], event["level"]) == ("development", "error")
    assert event["release"].startswith("tidegate@")
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"


def test_an_outage_is_no_report(sent: list[bytes]) -> None:
    logger.error("database: 57P01 terminating connection")
    logger.warning("no answer", exc_info=ValueError())
    assert sent == []


def test_a_flood_is_counted_and_not_sent(sent: list[bytes]) -> None:
    for _ in range(100):
        of_value("x")
    assert len(sent) == OF_A_KIND


def test_the_next_minute_says_what_was_left_out() -> None:
    clock = Clock()
    flood = Flood(clock)
    assert [flood.passes("a") for _ in range(OF_A_KIND + 3)].count(True) == OF_A_KIND
    assert [flood.passes(number) for number in range(TOGETHER)].count(True) == TOGETHER - OF_A_KIND
    assert flood.left_out == 3 + OF_A_KIND
    clock.advance(61)
    assert flood.passes("a")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="SENTRY_DSN"):
        report_errors(make_settings(sentry_dsn="sentry.example"), "gateway")
