"""Supabase's access tokens: from an Authorization header to a caller, or to an error that says what is wrong.

A token that is there and does not hold is refused (401), never treated as nobody. The algorithms are configured, and
each key verifies by its own alone, whatever the token says (RFC 8725, 3.1). Verified claims are kept for a minute at
most, by the hash of the token.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

import jwt
from cachetools import FIFOCache

from gateway.auth.caller import ANONYMOUS, Caller
from gateway.errors import ForbiddenError, UnauthenticatedError
from gateway.resilience import ResiliencePipeline
from gateway.resilience.request_metrics import CacheMeter

MAX_TOKEN_CHARACTERS = 16_384
LEEWAY_S = 10
CACHE_S = 60.0
CACHE_SIZE = 10_000

# In JSON: an odd number of backslashes before it, or it is the text backslash-u-0000, which anybody may write.
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

SERVICE_KEY = "Secret and service keys are not accepted: send a person's access token, or none."
OTHER_KEY = "The token is the publishable key of another project."
# PyJWT's reasons, in words for the caller.
REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired: refresh the session."),
    (jwt.ImmatureSignatureError, "The token is not valid yet: compare the clocks."),
    (jwt.InvalidAudienceError, "The token's audience is not 'authenticated'."),
    (jwt.InvalidIssuerError, "The token was issued by another project."),
    (jwt.InvalidSignatureError, "The token's signature does not hold."),
    (jwt.MissingRequiredClaimError, "The token lacks one of the claims exp, sub, aud, iss."),
)


class KeySource(Protocol):
    """Where verification keys come from."""

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this id, or None; AuthKeysUnavailableError when it cannot be known."""


class SharedSecret:
    """The one key of a project that signs with HS256."""

    pipeline: ResiliencePipeline | None = None
    """Nothing is called."""

    def __init__(self, secret: str) -> None:
        """Use the project's JWT secret."""
        self._key = jwt.PyJWK({"kty": "oct", "k": _base64url(secret.encode())}, algorithm="HS256")

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key, whatever the id: a project has one secret."""
        return self._key

    async def probe(self) -> str:
        """The sentence for the status."""
        return "HS256: tokens are verified by the configured secret."

    async def close(self) -> None:
        """There is nothing to stop."""


class TokenVerifier:
    """Turns Authorization headers into callers."""

    def __init__(
        self,
        keys: Mapping[str, KeySource],
        *,
        issuer: str,
        publishable_keys: Iterable[str],
        clock: Callable[[], float] = time.time,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        """Accept tokens of `issuer`, signed by the `keys` of each algorithm; a publishable key stands for nobody."""
        self._keys = keys
        self._issuer = issuer
        self._publishable_keys = [key.encode() for key in publishable_keys]
        self._clock = clock
        self._meter = CacheMeter("tokens")
        self._verified: FIFOCache[bytes, tuple[float, Caller]] = FIFOCache(cache_size)

    async def caller(self, authorization: str | None) -> Caller:
        """Who sent this header; UnauthenticatedError, ForbiddenError, AuthKeysUnavailableError."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("The Authorization header must read: Bearer, a space, an access token.")
        given = token.encode("utf-8", "surrogateescape")
        if any(hmac.compare_digest(given, key) for key in self._publishable_keys):
            return ANONYMOUS  # Supabase's clients send their key when nobody is signed in
        known = self._cached(token)
        self._meter.asked(is_hit=known is not None)
        return known or await self._verify(token)

    def known(self, authorization: str) -> Caller | None:
        """The caller of a header whose token was verified lately; None where that would have to be done first."""
        scheme, _, token = authorization.strip().partition(" ")
        return (
            self._cached(token.strip()) if scheme.lower() == "bearer" and len(token) <= MAX_TOKEN_CHARACTERS else None
        )

    def _cached(self, token: str) -> Caller | None:
        entry = self._verified.get(_digest(token))
        return entry[1] if entry is not None and self._clock() < entry[0] else None

    async def _verify(self, token: str) -> Caller:
        key = await self._key_for(token)
        claims = self._claims(token, key)
        caller = caller_of(claims)
        caller = replace(caller, token=token) if caller.is_signed_in else caller
        self._verified[_digest(token)] = (min(float(claims["exp"]), self._clock() + CACHE_S), caller)
        return caller

    async def _key_for(self, token: str) -> jwt.PyJWK:
        if token.startswith(("sb_publishable_", "sb_secret_")):
            raise UnauthenticatedError(SERVICE_KEY if token.startswith("sb_secret_") else OTHER_KEY)
        try:
            header = jwt.get_unverified_header(token if len(token) <= MAX_TOKEN_CHARACTERS else "")
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise UnauthenticatedError("The token is not a JSON Web Token.") from error
        if _claims_service_role(token):
            raise UnauthenticatedError(SERVICE_KEY)
        algorithm = str(header.get("alg"))
        if algorithm not in self._keys:
            raise UnauthenticatedError(f"The token is not signed with {' or '.join(self._keys)}.")
        key = await self._keys[algorithm].key(str(header.get("kid", "")))
        if key is None or key.algorithm_name != algorithm:
            raise UnauthenticatedError("The token is signed with a key that the project does not have.")
        return key

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience="authenticated",
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            words = next((words for kind, words in REASONS if isinstance(error, kind)), "The token is malformed.")
            raise UnauthenticatedError(words) from error
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise UnauthenticatedError("The token is malformed.") from error


def caller_of(claims: dict[str, Any]) -> Caller:
    """The caller that verified claims describe; UnauthenticatedError, ForbiddenError for a role that is no caller's."""
    role = claims.get("role")
    if role == "anon":
        return ANONYMOUS
    if role != "authenticated":
        raise ForbiddenError("The gateway serves people (role authenticated) and visitors (role anon), no other role.")
    try:
        user_id = UUID(claims["sub"])
        text = json.dumps(claims, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (ValueError, TypeError, AttributeError) as error:
        raise UnauthenticatedError("The token's claims are malformed.") from error
    # PostgreSQL reads neither other forms of a UUID nor the character NUL in jsonb.
    if str(user_id) != claims["sub"].lower() or ESCAPED_NUL.search(text):
        raise UnauthenticatedError("The token's claims are malformed.")
    return Caller(user_id, text)


def _claims_service_role(token: str) -> bool:
    """Whether the token says so of itself: unverified, good for a clearer refusal and nothing else."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError):
        return False  # verification will say what is wrong with it
    return claims.get("role") == "service_role"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _base64url(value: bytes) -> str:
    return jwt.utils.base64url_encode(value).decode()
