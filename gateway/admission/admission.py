"""Whether a request may be made: who asks, how often, and how much at a time.

A caller is a verified person, else an address. Requests with a token that was not verified lately count together for
their address, apart from those without one: visitors keep no person out who comes from where they do. A token that does
not hold costs several requests there, so that of tokens made up by the thousand only a few a second are looked at.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

from gateway.admission.addresses import Addresses
from gateway.admission.rates import BoundedMemory, Quota, Rates, rate_limit_field
from gateway.admission.refusals import Refusals
from gateway.admission.shared import SharedRates
from gateway.admission.turns import Turns
from gateway.errors import OverloadedError, TooManyAtOnceError, TooManyRequestsError
from gateway.resilience.limiter import ConcurrencyLimiter
from gateway.resilience.request_metrics import LIMITED, SHED

access_logger = logging.getLogger("gateway.access")

BAD_TOKEN_COST = 5
"""Requests that a token which does not hold counts for."""
WATCH_RATE = "100 per 5 second"
VERIFICATION_RATE = "100 per 1 second"
"""Tokens that are verified although their address has asked too often: one costs about what a refusal does."""


@dataclass(slots=True)
class Asker:
    """Who asks: the key that it is counted by, its rates, the key of its address's tokens; what this request cost."""

    key: str
    rates: Rates
    tokens: str
    spent: int = 0

    @property
    def is_unverified(self) -> bool:
        """Whether it has a token of which it is not known whether it holds."""
        return self.key == self.tokens

    @property
    def fields(self) -> dict[str, str | None]:
        """Who it is, for the log: the person and the address."""
        kind, _, name = self.key.partition(":")
        return {"person": name if kind == "person" else None, "client": self.tokens.partition(":")[2]}


class Admission:
    """Lets requests in, or says why not."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        people: Rates,
        strangers: Rates,
        limiter: ConcurrencyLimiter,
        person_of: Callable[[str], str | None],
        shared: SharedRates | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`people` are the rates of verified persons, `strangers` those of addresses.

        `person_of` is the id of the person whose Authorization header was verified lately, None for any other.
        """
        self.addresses = addresses
        self.limiter = limiter
        self.shared = shared
        self.turns = Turns(clock=clock)
        self._people = people
        self._strangers = strangers
        self._person_of = person_of
        self._verifications = Rates(VERIFICATION_RATE, name="verification", storage=BoundedMemory(clock=clock))
        self._watchers = Rates(WATCH_RATE, name="watcher", storage=BoundedMemory(clock=clock))
        self.refusals = Refusals(clock=clock)

    def who(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> Asker:
        """Who asks, by the connection's address and the headers, their names in lower case."""
        address = self.addresses.of(peer, headers)
        tokens = f"tokens:{address}"
        token = next((value for name, value in headers if name == b"authorization"), None)
        if token is None:
            return Asker(f"address:{address}", self._strangers, tokens)
        person = self._person_of(token.decode("latin-1"))
        if person is None:
            return Asker(tokens, self._strangers, tokens)
        return Asker(f"person:{person}", self._people, tokens)

    def take(self, who: Asker, cost: int = 1) -> TooManyRequestsError | None:
        """Count a request that costs so much; the error to answer with when `who` may not make it now."""
        self.limiter.ask(who.key)
        known = self.refusals.known(who.key)
        if known is not None and self.refusals.count_ignored(who.key):
            who.rates.charge(who.key, 1)
            known = None  # it has to wait for longer now
        is_below = known is None and who.rates.take(who.key, cost)
        if is_below or (who.is_unverified and self._verifications.take("all")):
            who.spent += cost
            return None
        LIMITED.labels(who.rates.name, "rate").inc()
        return known or self._too_often(who, cost)

    async def take_shared(self, who: Asker, cost: int = 1) -> TooManyRequestsError | None:
        """As take, of what all gateways count together; nothing where they do not."""
        if self.shared is None or not who.rates.items:
            return None
        scarce = await self.shared.take(who.rates, who.key, cost)
        if scarce is None or (who.is_unverified and self._verifications.take("all")):
            return None
        LIMITED.labels(who.rates.name, "shared_rate").inc()
        return self._refusal(who, scarce)

    async def charge(self, who: Asker, more: int, share: float = 1.0) -> TooManyRequestsError | None:
        """Count a request that turned out to cost `more`; the error to answer with when that is too much now.

        All of it costs no more than this share of the caller's smallest limit: an idle caller may always make it.
        """
        more = who.rates.within(more, who.spent, share)
        return (self.take(who, more) or await self.take_shared(who, more)) if more > 0 else None

    def room(self, who: Asker) -> OverloadedError | TooManyAtOnceError | None:
        """The error for `who` when there is neither a place nor a stale answer for it; nothing is taken."""
        if not self.limiter.would_refuse(who.key):
            return None
        if self.limiter.has_its_share(who.key):
            return self.too_many_at_once(who)
        SHED.inc()
        return OverloadedError()

    def too_many_at_once(self, who: Asker) -> TooManyAtOnceError:
        """What a caller is told that has its share of the places; it is counted."""
        LIMITED.labels(who.rates.name, "at_once").inc()
        most = self.limiter.share
        return TooManyAtOnceError(
            f"At most {most} requests of one caller are answered at a time (CALLER_SHARE). Wait for one of them.",
            headers={
                "RateLimit-Policy": f'"concurrent";q={most};qu="concurrent-requests"',
                "RateLimit": '"concurrent";r=0;t=1',
            },
        )

    def note_bad_token(self, who: Asker) -> None:
        """A token of this address did not hold."""
        self._strangers.charge(who.tokens, BAD_TOKEN_COST)

    def may_watch(self, peer: str | None) -> bool:
        """Whether a question about health, or a browser's, is one of no more than anybody needs; it is counted."""
        return self._watchers.take(f"watcher:{self.addresses.of_peer(peer)}")

    def fields(self, who: Asker) -> list[tuple[bytes, bytes]]:
        """The RateLimit fields of an answer."""
        if not who.rates.items:
            return []
        left = rate_limit_field(who.rates.quotas(who.key))
        return [(b"ratelimit-policy", who.rates.policy.encode()), (b"ratelimit", left.encode())]

    def log(self, who: Asker, status: int, line: str, request_id: str) -> None:
        """Log a refusal, at most one in a while for each caller: a flood of requests is none of the log."""
        more = self.refusals.unlogged(who.key)
        if more is not None:
            fields = {"status": status, "request_id": request_id, "refused_before": more or None}
            access_logger.info("%s %d, refused", line, status, extra={"fields": {**fields, **who.fields}})

    def _too_often(self, who: Asker, cost: int) -> TooManyRequestsError:
        cost += who.spent  # the next try costs all of it again
        scarce = who.rates.scarcest(who.key, cost)
        assert scarce is not None, "only a limit refuses"
        error = self._refusal(who, scarce)
        if cost == 1:  # what costs more may have to wait for longer than what does not
            self.refusals.keep(who.key, error, scarce.retry_after_s)
        return error

    def _refusal(self, who: Asker, scarce: Quota) -> TooManyRequestsError:
        wait_s = max(1, ceil(scarce.retry_after_s))
        whose, setting = ("person", "RATE_LIMIT") if who.rates is self._people else ("address", "RATE_LIMIT_ADDRESS")
        return TooManyRequestsError(
            f"At most {scarce.limit} requests in {scarce.window_s} s are answered to one {whose} ({setting}); costly "
            f"ones count for several. Try again in {wait_s} s.",
            retry_after_s=wait_s,
            headers={"RateLimit-Policy": who.rates.policy, "RateLimit": rate_limit_field([scarce])},
        )
