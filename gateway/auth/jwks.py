"""The project's public keys (JWKS, RFC 7517), kept fresh without anybody waiting for it.

Keys that are at hand are served while newer ones are fetched behind the caller's back, and for a day when they cannot
be fetched. Only an unknown key id makes a caller wait, at most once in a while: forged ids must not become traffic.
A list that was fetched before an id first came up cannot tell whether it is forged or of a key that is as new, and that
is said.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx2
import jwt
from cachetools import FIFOCache

from gateway.errors import AuthKeysUnavailableError
from gateway.resilience import DependencyError, Policy, ResiliencePipeline
from gateway.resilience.errors import reason_of
from gateway.resilience.request_metrics import KEY_CHANGES
from gateway.resilience.single_flight import SingleFlight

logger = logging.getLogger(__name__)

FRESH_S = 600.0
STALE_S = 86_400.0
MIN_INTERVAL_S = 1.0
MIN_INTERVAL_AFTER_FAILURE_S = 1.0
MAX_BYTES = 100_000
ALGORITHMS = {"EC P-256": "ES256", "RSA ": "RS256"}  # by type and curve
MAX_ASKED = 1_000
MAX_ID = 200  # characters; the project's are UUIDs
UNREACHABLE = "The keys that verify tokens cannot be fetched at the moment. Try again."
NOT_YET_KNOWN = "The token is signed with a key that is not known yet. Try again."


class JwksFetchError(Exception):
    """The keys could not be fetched; the message says why."""


class JwksCache:
    """Keys by their id."""

    def __init__(
        self, url: str, client: httpx2.AsyncClient, policy: Policy, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Fetch from `url` when needed, as `policy` says; nothing is fetched before `key` or `refresh`."""
        self.pipeline = ResiliencePipeline(policy, clock=clock)
        self._url = url
        self._client = client
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._asked: FIFOCache[str, float] = FIFOCache(MAX_ASKED)  # when each unknown id came up first
        self._asked_for_at = float("-inf")  # when the list at hand was
        self._fetched_at = float("-inf")
        self._next_attempt = float("-inf")
        self._failure: JwksFetchError | None = None
        self.refresh = SingleFlight(self._refresh)

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """The key called `key_id`, None if the project has none such; AuthKeysUnavailableError if that is not known."""
        if len(key_id) > MAX_ID:
            return None
        age = self._clock() - self._fetched_at
        known = self._keys.get(key_id) if age < STALE_S else None
        may_ask = self._clock() >= self._next_attempt
        if known is not None:
            if age >= FRESH_S and may_ask:
                self.refresh.start()
            return known
        first_asked = self._first_asked(key_id, self._clock())
        if may_ask:
            with suppress(JwksFetchError):  # logged, and remembered for the next line
                await self.refresh()
        found = self._keys.get(key_id)
        if found is None and first_asked <= self._asked_for_at and self._clock() - self._fetched_at < STALE_S:
            return None
        if self._failure is not None:
            raise AuthKeysUnavailableError(UNREACHABLE)
        if found is None:
            raise AuthKeysUnavailableError(NOT_YET_KNOWN)
        return found

    async def probe(self) -> str:
        """Fetch the keys; the sentence for the status. JwksFetchError."""
        await self.refresh()
        return f"{len(self)} keys are published."

    def _first_asked(self, key_id: str, now: float) -> float:
        return self._asked.setdefault(key_id, now)

    def __len__(self) -> int:
        """How many keys are at hand."""
        return len(self._keys)

    async def close(self) -> None:
        """Stop fetching."""
        await self.refresh.cancel()

    async def _refresh(self) -> None:
        """Replace the keys: one that is gone from the list was revoked. JwksFetchError, the old keys kept."""
        started = self._clock()
        try:
            keys = await self.pipeline.call(self._fetch)
        except (JwksFetchError, DependencyError) as failure:
            error = JwksFetchError(f"{self._url}: {failure}")
            self._failure = error
            self._next_attempt = self._clock() + MIN_INTERVAL_AFTER_FAILURE_S
            logger.warning("auth keys: %s", failure)
            raise error from failure
        for gone in self._keys.keys() - keys.keys():
            self._first_asked(gone, started)
        if self._keys and self._keys.keys() != keys.keys():
            KEY_CHANGES.inc()
        self._keys = keys
        self._failure = None
        self._asked_for_at = started
        self._fetched_at = self._clock()
        self._next_attempt = self._fetched_at + MIN_INTERVAL_S

    async def _fetch(self) -> dict[str, jwt.PyJWK]:
        try:
            response = await self._client.get(self._url)
        except httpx2.HTTPError as error:
            raise JwksFetchError(f"{self._url} does not answer ({reason_of(error)})") from error
        if response.status_code != 200 or len(response.content) > MAX_BYTES:
            raise JwksFetchError(f"{self._url} answered {response.status_code} with {len(response.content)} bytes")
        try:
            return signing_keys(response.json())
        except (ValueError, RecursionError) as error:
            raise JwksFetchError(f"{self._url} did not answer JSON") from error


def signing_keys(document: Any) -> dict[str, jwt.PyJWK]:
    """The P-256 and RSA signature keys of a JWKS document by key id, without others and those that cannot be read.

    JwksFetchError for a document without any: it is never how a project says that no token holds.
    """
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise JwksFetchError("the document has no list of keys")
    keys = {}
    for row in rows:
        algorithm = _algorithm(row)
        if algorithm is None:
            continue
        key_id = str(row.get("kid", ""))
        try:
            keys[key_id] = jwt.PyJWK(row, algorithm=algorithm)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            # The other keys still hold; tokens of this one are refused.
            logger.warning("auth keys: the key %.40s cannot be read: %s", key_id, error)
    if not keys:
        raise JwksFetchError("the document has no signature key that can be read")
    return keys


def _algorithm(row: Any) -> str | None:
    """What the key signs with; None for one of another kind."""
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    algorithm = ALGORITHMS.get(f"{row.get('kty')} {row.get('crv', '')}")
    return algorithm if row.get("alg", algorithm) == algorithm else None
