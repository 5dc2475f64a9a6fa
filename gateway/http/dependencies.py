"""What routes are given: the application's services, and who is calling."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from gateway.app.container import Services
from gateway.auth.caller import ANONYMOUS, Caller
from gateway.errors import AuthKeysUnavailableError, UnauthenticatedError


async def current_services(request: Request) -> Services:
    """The services of the application that the request reached. Asynchronous, or FastAPI would run it in a thread."""
    return cast(Services, request.app.state.services)


async def current_caller(request: Request, services: Annotated[Services, Depends(current_services)]) -> Caller:
    """Who sent the request, by its Authorization header; UnauthenticatedError, ForbiddenError and others."""
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise UnauthenticatedError("There is more than one Authorization header.")
    try:
        return await services.verifier.caller(headers[0] if headers else None)
    except UnauthenticatedError:
        who = getattr(request.state, "asker", None)
        if who is not None:
            services.admission.note_bad_token(who)
        raise


async def caller_if_known(request: Request, services: Annotated[Services, Depends(current_services)]) -> Caller:
    """As current_caller, but nobody while tokens cannot be verified: for what shows nothing but public facts then."""
    try:
        return await current_caller(request, services)
    except AuthKeysUnavailableError:
        return ANONYMOUS


@dataclass(frozen=True)
class Known:
    """Who is calling; nobody, and why, while tokens cannot be verified."""

    caller: Caller
    unverified: AuthKeysUnavailableError | None = None


async def caller_or_why_not(request: Request, services: Annotated[Services, Depends(current_services)]) -> Known:
    """As current_caller, but nobody, and the reason, while tokens cannot be verified: for what must never fail."""
    try:
        return Known(await current_caller(request, services))
    except AuthKeysUnavailableError as error:
        return Known(ANONYMOUS, error)


async def is_spare(request: Request) -> bool:
    """Whether the request came in above the limit: nothing may be started for it."""
    return bool(getattr(request.state, "is_spare", False))


async def charge(request: Request, services: Services, cost: int) -> None:
    """Count a request that turned out to be costly for so many more; TooManyRequestsError."""
    who = getattr(request.state, "asker", None)
    if who is not None and cost > 0:
        refused = services.admission.take(who, cost) or await services.admission.take_shared(who, cost)
        if refused is not None:
            raise refused


Spare = Annotated[bool, Depends(is_spare)]
CurrentCaller = Annotated[Caller, Depends(current_caller)]
CurrentServices = Annotated[Services, Depends(current_services)]
CallerOrWhyNot = Annotated[Known, Depends(caller_or_why_not)]
CallerIfKnown = Annotated[Caller, Depends(caller_if_known)]
