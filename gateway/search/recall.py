"""Live recall: what the usual search finds of what an exact one would, measured on searches that people make.

Some of the searches by meaning are made again in the background, as the same caller, with everything compared. The
database counts what both found (supabase/schemas/52_live_recall.sql). One number a search is kept, nothing of the query
or the caller. Measuring has a budget of time, and gives way to callers: it does without where the database is in doubt
or has few places left.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context
from math import sqrt
from typing import Any

from gateway.auth.caller import Caller
from gateway.database.backends import as_bound
from gateway.database.pool import Database
from gateway.errors import GatewayError
from gateway.resilience.request_metrics import RECALL, RECALL_CHECKS, RECALL_SEARCHES, RECALL_SECONDS

logger = logging.getLogger(__name__)

WINDOW = 1_000
LOAD = 0.01
"""Of the time that searches take in the database, what measuring may take."""
MAX_SAVED_S = 5.0
"""Time that can be saved up while nothing is measured."""
Z = 1.96
"""Of a normal distribution, within which 95 % are."""
LEFT_OUT = frozenset({"effort", "passages_per_result", "include"})


class TimeBudget:
    """Seconds that may be spent: a part of those that others have used."""

    def __init__(self, share: float = LOAD, *, most_s: float = MAX_SAVED_S) -> None:
        """Save up `most_s` seconds at most."""
        self._share = share
        self._most_s = most_s
        self._saved_s = 0.0
        self._usual_s = 0.0

    def deposit(self, seconds: float) -> None:
        """Others have used so many."""
        self._saved_s = min(self._most_s, self._saved_s + self._share * seconds)

    @property
    def is_enough(self) -> bool:
        """Whether what a measurement usually takes has been saved up."""
        return self._saved_s > 0 and self._saved_s >= min(self._usual_s, self._most_s)

    def spend(self, seconds: float) -> None:
        """So many were used; what was too much is saved up again first."""
        self._saved_s -= seconds
        self._usual_s += (seconds - self._usual_s) / 10 if self._usual_s else seconds


class LiveRecall:
    """Measures recall now and then, one search at a time."""

    def __init__(
        self,
        database: Database,
        share: float,
        *,
        has_room: Callable[[], bool] = lambda: True,
        budget: TimeBudget | None = None,
        draw: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Measure `share` of the searches on `database`, while `has_room` says that requests have places left."""
        self._database = database
        self._share = share
        self._has_room = has_room
        self._budget = budget or TimeBudget()
        self._draw = draw
        self._clock = clock
        self._measured: deque[float] = deque(maxlen=WINDOW)
        self._task: asyncio.Task[None] | None = None

    def consider(self, arguments: Mapping[str, Any], caller: Caller, took_s: float) -> None:
        """Perhaps measure this search by meaning, whose statement took so long; returns at once."""
        self._budget.deposit(took_s)
        if self._draw() >= self._share:
            return
        reason = self._reason_against()
        if reason is not None:
            RECALL_CHECKS.labels(reason).inc()
            return
        # Neither the request's deadline nor its trace is this one's, and it is nobody's share of the places.
        self._task = asyncio.create_task(self._measure(arguments, caller), context=Context())

    def summary(self) -> dict[str, float] | None:
        """The mean recall of the last searches that were measured, with its interval; None before the first."""
        searches = len(self._measured)
        if not searches:
            return None
        recall = sum(self._measured) / searches
        low, high = wilson(recall, searches)
        return {"searches": searches, "recall": recall, "low": low, "high": high}

    async def settle(self) -> None:
        """Wait for what is being measured."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Measure nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _reason_against(self) -> str | None:
        """Why this one is left out."""
        if self._task is not None and not self._task.done():
            return "busy"
        if self._database.pipeline.state != "closed":
            return "breaker"
        if not self._database.has_room or not self._has_room():
            return "places"
        return None if self._budget.is_enough else "budget"

    async def _measure(self, arguments: Mapping[str, Any], caller: Caller) -> None:
        started = self._clock()
        asked = {name: value for name, value in as_bound(arguments).items() if name not in LEFT_OUT}
        try:
            (row,) = await self._database.fetch("search_recall_as", {**asked, "claims": caller.claims})
        except GatewayError as error:
            RECALL_CHECKS.labels("failed").inc()
            logger.debug("recall: a search could not be made again: %s", error.detail)
        else:
            RECALL_CHECKS.labels("measured").inc()
            if row["expected"]:
                self._note(row["hits"] / row["expected"])
        finally:
            took_s = self._clock() - started
            self._budget.spend(took_s)
            RECALL_SECONDS.inc(took_s)

    def _note(self, recall: float) -> None:
        self._measured.append(recall)
        summary = self.summary()
        assert summary is not None, "one was measured"
        RECALL_SEARCHES.set(summary["searches"])
        for bound in ("recall", "low", "high"):
            RECALL.labels(bound).set(summary[bound])


def wilson(share: float, trials: int) -> tuple[float, float]:
    """The interval of 95 % around a share of so many trials (Wilson 1927).

    A search is one trial, however many results it has: these are found or missed together. Its recall lies between 0
    and 1, so the interval is no narrower than the true one.
    """
    square = Z * Z
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = Z * sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    return max(0.0, centre - half), min(1.0, centre + half)
