"""What routes are given: who is calling, and whether there is room to do more than answer."""

from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from gateway.admission.admission import Admission
from gateway.auth.caller import ANONYMOUS, Caller
from gateway.auth.tokens import TokenVerifier
from gateway.errors import AuthKeysUnavailableError, UnauthenticatedError
from gateway.resilience.current_request import note_person


class Services(Protocol):
    """What is used of `app.state.services`; the routes of a capability use their own part of it."""

    @property
    def verifier(self) -> TokenVerifier:
        """What reads tokens."""

    @property
    def admission(self) -> Admission:
        """What lets requests in."""


# Dependencies are asynchronous, also without anything to wait for, or FastAPI would run them in threads.
async def current_caller(request: Request) -> Caller:
    """Who sent the request, by its Authorization header; UnauthenticatedError, ForbiddenError and others."""
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise UnauthenticatedError("There is more than one Authorization header.")
    services: Services = request.app.state.services
    try:
        caller = await services.verifier.caller(headers[0] if headers else None)
    except UnauthenticatedError:
        who = getattr(request.state, "asker", None)
        if who is not None:
            services.admission.note_bad_token(who)
        raise
    note_person(None if caller.user_id is None else str(caller.user_id))
    return caller


@dataclass(frozen=True)
class Known:
    """Who is calling; nobody, and why, while tokens cannot be verified."""

    caller: Caller
    unverified: AuthKeysUnavailableError | None = None


async def caller_or_why_not(request: Request) -> Known:
    """As current_caller, but nobody, and the reason, while tokens cannot be verified: for what must not fail for it."""
    try:
        return Known(await current_caller(request))
    except AuthKeysUnavailableError as error:
        return Known(ANONYMOUS, error)


async def is_stale_only(request: Request) -> bool:
    """Whether the request came in above the limit: nothing may be started for it."""
    return bool(getattr(request.state, "is_stale_only", False))


async def charge(request: Request, cost: int) -> None:
    """Count a request that turned out to be costly for so many more; TooManyRequestsError."""
    who = getattr(request.state, "asker", None)
    if who is not None and cost > 0:
        services: Services = request.app.state.services
        refused = await services.admission.charge(who, cost)
        if refused is not None:
            raise refused


async def leave_place(request: Request) -> None:
    """Leave the request's place and turn to others: all that is left for it is to wait for another server."""
    for name in ("leave_place", "leave_turn"):
        leave = getattr(request.state, name, None)
        if leave is not None:
            await leave()


StaleOnly = Annotated[bool, Depends(is_stale_only)]
CurrentCaller = Annotated[Caller, Depends(current_caller)]
CallerOrWhyNot = Annotated[Known, Depends(caller_or_why_not)]
