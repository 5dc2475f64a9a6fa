"""When to ask again: as the header Retry-After says, and no longer than the caller wants to wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TOO_MANY, UNAVAILABLE = 429, 503


@dataclass(frozen=True)
class Retries:
    """How often a request is made again after 429 and 503, and how long that may take together."""

    attempts: int = 3
    """Requests in all; 1 for no retry."""
    max_wait_s: float = 30.0
    """Seconds of waiting in all. One that would be longer is not begun: the error is raised at once."""

    def wait_s(self, retry_after_s: float | None, attempt: int, waited_s: float) -> float | None:
        """How long to wait after this attempt, the first is 1; None when its error is to be raised."""
        if retry_after_s is None or attempt >= self.attempts or waited_s + retry_after_s > self.max_wait_s:
            return None
        return retry_after_s


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that Retry-After says, as a number or as a date (RFC 9110, section 10.2.3); None without one."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
