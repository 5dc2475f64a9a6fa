"""How the gateway stops: un-ready first, then closed to new connections, then done with what it had taken."""

import logging
import signal
import time
from types import FrameType
from typing import Protocol

import uvicorn

logger = logging.getLogger(__name__)


class Drainable(Protocol):
    """What says whether the gateway is ready."""

    def drain(self) -> None:
        """Say from now on that it is not."""


class DrainingServer(uvicorn.Server):
    """uvicorn that answers on for a while after SIGTERM: a load balancer sends requests until it has noticed."""

    def __init__(self, config: uvicorn.Config, status: Drainable, drain_s: float) -> None:
        """Drain for `drain_s` seconds, of which `status` tells."""
        super().__init__(config)
        self._status = status
        self._drain_s = drain_s
        self._ends_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM begins the drain. SIGINT, or a second SIGTERM, ends it."""
        if sig != signal.SIGTERM or self._drain_s == 0 or self._ends_at < float("inf"):
            super().handle_exit(sig, frame)
            return
        self._ends_at = time.monotonic() + self._drain_s
        self._status.drain()
        logger.info("stopping: not ready, and closed to new connections in %g s", self._drain_s)

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now."""
        self.should_exit = self.should_exit or time.monotonic() >= self._ends_at
        return await super().on_tick(counter)
