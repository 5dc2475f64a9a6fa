"""Answers to GET that stand in when the application gives none. One caller's is never another's."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.resilience.stale_cache import StaleCache
from gateway.upstreams.headers import Header

MAX_BODY = 262_144
"""Bytes of an answer that is kept."""
# Headers by which an application does not know its callers, and which differ each time. Any other may say who asks.
IGNORED = frozenset(
    b"baggage cache-control connection content-length date if-modified-since if-none-match pragma priority range "
    b"traceparent tracestate x-request-id x-retry-count".split()
)
NOT_STORED = ("no-store", "no-cache", "must-revalidate", "proxy-revalidate")
"""RFC 5861, 4, and RFC 9111, 4.2.4: such an answer is not used once it is stale."""


@dataclass(frozen=True)
class StaleAnswer:
    """An answer of a while ago."""

    headers: list[Header]
    body: bytes
    age_s: float


class StaleAnswers:
    """Those of one application."""

    def __init__(self, *, max_bytes: int, max_age_s: float) -> None:
        """Keep so many bytes of answers, for so many seconds."""
        self._cache = StaleCache(max_bytes=max_bytes, max_age_s=max_age_s)

    @staticmethod
    def key(caller: str, target: bytes, headers: Iterable[Header]) -> bytes:
        """What an answer is kept under. `caller` tells one caller from all others."""
        found = [(name.decode(), value.decode("latin-1")) for name, value in headers if name not in IGNORED]
        text = json.dumps([caller, target.decode("latin-1"), sorted(found)])
        return hashlib.sha256(text.encode()).digest()

    def put(self, key: bytes, headers: Sequence[Header], body: bytes) -> None:
        """Keep an answer with status 200, whose headers are as the client was sent them."""
        shown = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]
        self._cache.put(key, json.dumps(shown).encode() + b"\n" + body)

    def get(self, key: bytes) -> StaleAnswer | None:
        """The answer, if there is one that is not too old."""
        found = self._cache.get(key)
        if found is None:
            return None
        shown, _, body = found[0].partition(b"\n")
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in json.loads(shown)]
        return StaleAnswer(headers, body, found[1])


def may_keep(headers: Iterable[Header]) -> bool:
    """Whether an answer with these headers may be given again later: to its own caller, which `private` allows."""
    for name, value in headers:
        text = value.decode("latin-1").lower()
        if name == b"set-cookie":
            return False
        if name == b"cache-control" and any(word in text for word in NOT_STORED):
            return False
        if name == b"vary" and {each.strip().encode() for each in text.split(",")} & {b"*", *IGNORED}:
            return False
        if name == b"content-length" and int(text) > MAX_BODY:
            return False
    return True
