"""Answers /app/<name>/… with what an existing application answers to /….

The application is asked behind its own resilience pipeline and has its own places, so that a slow one takes nothing of
what the gateway's own routes have.
"""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from gateway.admission.addresses import Addresses
from gateway.admission.admission import Asker
from gateway.auth.caller import ANONYMOUS, Caller
from gateway.clients.upstream import Question
from gateway.errors import (
    BadRequestError,
    MethodNotAllowedError,
    NotFoundError,
    TooManyAtOnceError,
    UnauthenticatedError,
)
from gateway.http.dependencies import current_caller
from gateway.http.streaming import TUNNEL
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.resilience.request_metrics import LIMITED, SHED
from gateway.upstreams.answer_headers import Return
from gateway.upstreams.application import Application, ApplicationBusyError
from gateway.upstreams.headers import IDENTITY, Header, Way, body_headers, is_preflight, only, onward, wants_websocket
from gateway.upstreams.relay import Relay, sent_by
from gateway.upstreams.sockets import connect
from gateway.upstreams.stale_answers import StaleAnswers
from gateway.upstreams.targets import split, target

HOST = re.compile(rb"[A-Za-z0-9._\-\[\]:]+")
NOT_PASSED_ON = frozenset({"CONNECT", "TRACE"})
OTHERS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


class Upstreams:
    """The applications of one gateway, as an ASGI application."""

    def __init__(self, applications: Mapping[str, Application], addresses: Addresses, public_url: str | None) -> None:
        """Answer for `applications`, by name. `public_url` is where clients reach the gateway, if that is known."""
        self._applications = applications
        self._addresses = addresses
        self._public: SplitResult | None = None if public_url is None else urlsplit(public_url)
        # Random: two gateways in a row are no loop.
        self._via = b"1.1 tidegate-" + secrets.token_hex(4).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a GatewayError."""
        name, rest = split(scope["raw_path"])
        application = self._applications.get(name)
        if application is None:
            raise NotFoundError("No application has this path (UPSTREAMS).")
        scope["route"] = application
        if scope["method"] in NOT_PASSED_ON:
            raise MethodNotAllowedError(f"Use {OTHERS}.", headers={"Allow": OTHERS})
        way = self._way(scope, application)
        if not rest:
            query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            await RedirectResponse(f"{way.prefix}/{query}", 308)(scope, receive, send)
            return
        caller = await _caller(scope, application)
        question = self._question(scope, receive, application, rest, _said(application, way, caller))
        back = Return(way, urlsplit(str(application.client.url)))
        if TUNNEL in scope.get("extensions", {}) and wants_websocket(scope["method"], scope["headers"]):
            with _place(application, application.sockets, scope, caller):
                await connect(application, question, back, receive, send)
            return
        with _place(application, application.limiter, scope, caller):
            key = StaleAnswers.key(_owner(scope, caller), question.target, scope["headers"])
            await Relay(application, question, back, key).answer(receive, send)

    def _way(self, scope: Scope, application: Application) -> Way:
        asked = only(scope["headers"], b"host") or b""
        if not HOST.fullmatch(asked):
            raise BadRequestError("The header Host is missing, or names no host.")
        peer = scope["client"][0] if scope.get("client") else "unknown"
        given: list[str] = []
        if self._addresses.is_trusted(peer):
            said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
            given = [hop.strip() for hop in said.decode("latin-1").split(",") if hop.strip()]
        return Way(
            scheme=scope["scheme"] if self._public is None else self._public.scheme,
            host=asked.decode("ascii") if self._public is None else self._public.netloc,
            addresses=(*given, peer),
            prefix=scope.get("root_path", "") + application.path,
        )

    def _question(
        self, scope: Scope, receive: Receive, application: Application, rest: bytes, said: list[Header]
    ) -> Question:
        """What the application is asked; `said` is what it is told of the request and its caller."""
        given: list[Header] = scope["headers"]
        if any(self._via in value for name, value in given if name == b"via"):
            raise BadRequestError("The request has been here before: UPSTREAMS leads to the gateway itself.")
        length = body_headers(given, is_old=scope["http_version"] != "1.1")
        headers = [
            *said,
            *onward(given, drops_authorization=application.authorization == "remove"),
            *((b"via", value) for name, value in given if name == b"via"),
            (b"via", self._via),
            (b"x-request-id", scope["state"]["request_id"].encode()),
            *length,
        ]
        return Question(
            scope["method"],
            target(application.client.url.path, rest, scope["query_string"]),
            headers,
            sent_by(receive) if length and length[0][1] != b"0" else None,
        )


def _said(application: Application, way: Way, caller: Caller) -> list[Header]:
    """What the application is told by the gateway alone: by what name and way it is asked, and who is calling."""
    host = application.client.url.netloc if application.host == "upstream" else way.host.encode("ascii")
    said = [(b"host", host), *way.headers()]
    if application.signer is not None and caller.is_signed_in:
        said.append((IDENTITY, application.signer.sign(caller).encode()))
    return said


async def _caller(scope: Scope, application: Application) -> Caller:
    """Who asks; UnauthenticatedError for a visitor where people alone may. Another's token is not even read."""
    caller = ANONYMOUS if application.authorization == "ignore" else await current_caller(Request(scope))
    if (
        application.callers == "signed_in"
        and not caller.is_signed_in
        and not is_preflight(scope["method"], scope["headers"])
    ):
        raise UnauthenticatedError(f"Sign in to use the application {application.name}.")
    return caller


def _owner(scope: Scope, caller: Caller) -> str:
    """Whom an answer was given to: a person with certain rights, or an address."""
    asker: Asker = scope["state"]["asker"]
    return caller.stable_claims if caller.is_signed_in else asker.tokens


@contextmanager
def _place(application: Application, limiter: ConcurrencyLimiter, scope: Scope, caller: Caller) -> Iterator[None]:
    """A place of the application for as long as the block lasts; TooManyAtOnceError, ApplicationBusyError."""
    asker: Asker = scope["state"]["asker"]
    key = asker.key if caller.user_id is None else f"person:{caller.user_id}"
    limiter.ask(key)
    if not limiter.enter(key):
        if limiter.has_its_share(key):
            LIMITED.labels(asker.rates.name, "at_once").inc()
            raise TooManyAtOnceError(
                f"The application {application.name} answers at most {limiter.share} requests of one caller at a time "
                "(CALLER_SHARE). Wait for one of them."
            )
        SHED.inc()
        raise ApplicationBusyError(f"The application {application.name} has as many requests as it may. Try again.")
    started = time.perf_counter()
    try:
        yield
    finally:
        limiter.leave(time.perf_counter() - started, key)
