"""Admission in plain ASGI: every request counts for its caller, and has a place while it is answered."""

import time
from contextlib import AsyncExitStack, suppress
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.admission.admission import Admission, Asker
from gateway.errors import DatabaseBusyError, OverloadedError, TooManyRequestsError
from gateway.http.load_shedding import UNCOUNTED, header, is_limited, is_refused
from gateway.resilience import remaining
from gateway.resilience.callers import on_behalf_of
from gateway.resilience.request_metrics import SHED

WAIT_SHARE = 0.2
"""Of its time, what a request may wait for those that its caller sent before it."""
STALL_S = 0.5
"""It waits no longer when none of them ends for so many seconds."""
BYTES_PER_REQUEST = 4_096
"""Of a body: it counts for one more request for each."""
BODY_SHARE = 0.5
"""Of a limit, what a request and its body count for at most: who sends a file has asked before, and asks afterwards."""
NOT_STORED = (b"cache-control", b"no-store")


class AdmissionMiddleware:
    """Counts each request for its caller, and says in the answer what that caller has left; health is not counted.

    The server's connections do it before this, where they are the gateway's own.
    """

    def __init__(self, app: ASGIApp, admission: Admission, *, adds_headers: bool = True) -> None:
        """Wrap `app`. Without `adds_headers` its answers are its own."""
        self.app = app
        self.admission = admission
        self.adds_headers = adds_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; TooManyRequestsError."""
        if scope["type"] != "http" or scope["path"] in UNCOUNTED:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        who: Asker | None = state.get("asker")
        if who is None:
            client = scope.get("client")
            who = state["asker"] = self.admission.who(client[0] if client else None, scope["headers"])
            refused = self.admission.take(who)
            if refused is not None:
                raise refused
        refused = await self.admission.take_shared(who)
        if refused is not None:
            raise refused
        fields = self.admission.fields(who)

        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                control = header(message["headers"], b"cache-control")
                # What is left of one caller's requests is nothing for others, whom a cache gives the same answer.
                says_it = message["status"] != TooManyRequestsError.status and not control.startswith("public")
                # No cache in between may keep for one caller, or for longer than a right, what another is to see.
                cached = [] if control else [NOT_STORED]
                message["headers"] = [*message["headers"], *(fields if says_it else []), *cached]
            await send(message)

        with on_behalf_of(who.key):
            await self.app(scope, receive, send_with_fields if self.adds_headers else send)


class ConcurrencyLimitMiddleware:
    """Refuses what cannot be answered in time at once, in place of queueing; health and status are never refused.

    A few of those above the limit are passed on all the same, marked: they may have an answer of a moment ago.
    """

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        """Wrap `app`."""
        self.app = app
        self.admission = admission
        self.limiter = admission.limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; OverloadedError, TooManyAtOnceError."""
        if scope["type"] != "http" or not is_limited(scope["path"]):
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        await self._charge_for_body(state)
        caller = state["asker"].key
        if not self.limiter.enter(caller):
            self._refuse(scope["path"], state["asker"])
            state["is_stale_only"] = True
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        is_in = True

        def leave() -> None:
            nonlocal is_in
            if is_in:
                is_in = False
                # Refused further on, after work was done for it: earlier would have been better.
                overloaded = state.get("problem") == DatabaseBusyError.kind
                self.limiter.leave(time.perf_counter() - started, caller, overloaded=overloaded)

        async def send_and_leave(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                leave()  # the work is done: who reads its answer slowly has no place meanwhile
            await send(message)

        async def leave_early() -> None:
            leave()

        state["leave_place"] = leave_early
        try:
            await self.app(scope, receive, send_and_leave)
        finally:
            leave()

    async def _charge_for_body(self, state: dict[str, Any]) -> None:
        """To read a body takes time before anybody knows what it asks for; TooManyRequestsError."""
        cost = state.get("body_bytes", 0) // BYTES_PER_REQUEST
        if cost:
            who: Asker = state["asker"]
            refused = await self.admission.charge(who, cost, BODY_SHARE)
            if refused is not None:
                raise refused

    def _refuse(self, path: str, who: Asker) -> None:
        """Raise, unless the request may be answered from what is known."""
        if is_refused(path):
            if self.limiter.has_its_share(who.key):
                raise self.admission.too_many_at_once(who)
            SHED.inc()
            if not self.limiter.allow_stale():
                raise OverloadedError
        else:
            SHED.inc()


class TurnMiddleware:
    """Answers the requests of one caller one after the other while others are at work."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        """Wrap `app`."""
        self.app = app
        self.admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in its turn if that comes soon: where those before it hang, it has no time to lose."""
        has_everything = self.admission.limiter.share >= self.admission.limiter.limit  # CALLER_SHARE=1
        if scope["type"] != "http" or not is_limited(scope["path"]) or has_everything:
            await self.app(scope, receive, send)
            return
        turn = self.admission.turns.turn(self._caller(scope), STALL_S, WAIT_SHARE * remaining())
        async with AsyncExitStack() as stack:
            with suppress(TimeoutError):
                await stack.enter_async_context(turn)
            scope["state"]["leave_turn"] = stack.aclose
            await self.app(scope, receive, send)

    @staticmethod
    def _caller(scope: Scope) -> str:
        # Each person behind one address has turns of their own, also before their token was verified.
        who: Asker = scope["state"]["asker"]
        return f"token:{header(scope['headers'], b'authorization')}" if who.is_unverified else who.key
