"""What keeps the gateway answering: deadlines, retries, breakers, bulkheads, ladders, and a limit to what is let in.

    shed → ladder( deadline( retry[budget]( bulkhead( breaker( time limit( call ))))))

Nothing in here knows what is called. The parts are pybreaker's and tenacity's, made to hold under asyncio.
"""

from gateway.resilience.deadline import allow, remaining
from gateway.resilience.errors import (
    AttemptTimeoutError,
    BulkheadFullError,
    CircuitOpenError,
    DependencyError,
)
from gateway.resilience.guard import Guard
from gateway.resilience.policy import Policy

__all__ = [
    "AttemptTimeoutError",
    "BulkheadFullError",
    "CircuitOpenError",
    "DependencyError",
    "Guard",
    "Policy",
    "allow",
    "remaining",
]
