"""Every transaction of a session begins with the caller's role and claims, so that the policies decide."""

import json
from typing import Annotated

import jwt
from fastapi import Depends, Header, HTTPException, Request
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

VISITOR = {"role": "anon"}
BECOME = text("select set_config('role', :role, true), set_config('request.jwt.claims', :claims, true)")


class CallerSession(Session):
    """A session of one caller, whose claims stand in `info`."""


@event.listens_for(CallerSession, "after_begin")
def become(session, transaction, connection):
    claims = session.info["claims"]
    role = "authenticated" if claims["role"] == "authenticated" else "anon"
    connection.execute(BECOME, {"role": role, "claims": json.dumps(claims)})


async def claims(request: Request, x_tidegate_identity: Annotated[str | None, Header(include_in_schema=False)] = None):
    """The claims of whoever is calling; 401 for a header that the gateway has not signed."""
    if x_tidegate_identity is None:
        return VISITOR
    settings = request.app.state.settings
    try:
        said = jwt.decode(
            x_tidegate_identity,
            settings.identity_secret,
            algorithms=["HS256"],
            audience=settings.identity_name,
            issuer="tidegate",
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "The gateway has not signed this request.") from error
    return said["claims"]


async def person(claims: Annotated[dict, Depends(claims)]) -> str:
    """The id of the person who asks; 401 for a visitor."""
    if claims["role"] != "authenticated":
        raise HTTPException(401, "Sign in.")
    return claims["sub"]


async def session(request: Request, claims: Annotated[dict, Depends(claims)]):
    """One transaction, committed before the answer is sent; an exception rolls it back."""
    async with AsyncSession(
        request.app.state.engine, sync_session_class=CallerSession, info={"claims": claims}, expire_on_commit=False
    ) as made, made.begin():
        yield made


Database = Annotated[AsyncSession, Depends(session, scope="function")]
Person = Annotated[str, Depends(person)]
