"""What keeps the gateway answering: deadlines, retries, breakers, bulkheads, fallback chains, limits to what is let in.

    shed → fallback chain( deadline( retry[budget]( bulkhead( breaker( time limit( call ))))))

Nothing in here knows what is called. The parts are pybreaker's and tenacity's, made to hold under asyncio.
"""

from gateway.resilience.deadline import allow, remaining
from gateway.resilience.errors import (
    AttemptTimeoutError,
    BulkheadFullError,
    CircuitOpenError,
    DependencyError,
)
from gateway.resilience.pipeline import ResiliencePipeline
from gateway.resilience.policy import Policy

__all__ = [
    "AttemptTimeoutError",
    "BulkheadFullError",
    "CircuitOpenError",
    "DependencyError",
    "Policy",
    "ResiliencePipeline",
    "allow",
    "remaining",
]
