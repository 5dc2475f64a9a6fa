"""Rates that several gateways share, in Redis. Without it each gateway counts for itself: that costs fairness among
them, not service."""

import logging
from typing import Any

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from gateway.admission.rates import Quota, Rates, quota_of
from gateway.resilience import DependencyError, Policy, ResiliencePipeline

logger = logging.getLogger(__name__)

PREFIX = "tidegate"


class RedisUnavailableError(Exception):
    """Redis does not answer; the message says why."""


class SharedRates:
    """The same limits as in the process, counted for all gateways together."""

    def __init__(self, url: str, policy: Policy) -> None:
        """Count in the Redis at `url`; nothing connects yet. ValueError for an address that is none."""
        self._storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            key_prefix=PREFIX,
            socket_connect_timeout=1.0,
            socket_timeout=1.0,
        )
        self._client: Any = getattr(self._storage.bridge, "storage")  # noqa: B009  the bridge of redis-py has one
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self.pipeline = ResiliencePipeline(policy, heartbeat=self.probe)

    async def take(self, rates: Rates, key: str, cost: int = 1) -> Quota | None:
        """The limit that refuses a request that costs so much; None when it is counted, or Redis cannot be asked."""
        try:
            return await self.pipeline.call(lambda: self._take(rates, key, cost))
        except (DependencyError, RedisError, OSError) as error:
            logger.debug("rate limits: this gateway counts for itself: %s", error)
            return None

    async def probe(self) -> str:
        """Ask whether it works; the sentence for the status. RedisUnavailableError."""
        try:
            if await self._storage.check():
                return "Rates are counted for all gateways together."
        except (RedisError, OSError) as error:
            raise RedisUnavailableError(f"It does not answer ({type(error).__name__}).") from error
        raise RedisUnavailableError("It does not answer. This gateway counts for itself.")

    async def aclose(self) -> None:
        """Close the connections."""
        self.pipeline.stop()
        await self._client.aclose()

    async def _take(self, rates: Rates, key: str, cost: int) -> Quota | None:
        for name, item in zip(rates.names, rates.items, strict=True):
            if not await self._limiter.hit(item, key, cost=min(cost, item.amount)):
                return await self._quota(name, item, key, cost)
        return None

    async def _quota(self, name: str, item: RateLimitItem, key: str, cost: int) -> Quota:
        window = await self._storage.get_sliding_window(item.key_for(key), item.get_expiry())
        return quota_of(name, item, window, cost)
