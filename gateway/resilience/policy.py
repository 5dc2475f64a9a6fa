"""One description of a dependency: how long, how often, how many at once, and what is done without it."""

from dataclasses import asdict, dataclass

POSITIVE = ("timeout_s", "attempts", "failures_to_open", "reset_s", "concurrency", "window")
WORDS = ("name", "fallback")
NOT_NEGATIVE = ("backoff_s", "max_backoff_s", "retry_ratio", "retries_per_s")
TOO_MUCH = 1e6


@dataclass(frozen=True)
class Policy:
    """How one dependency is used."""

    name: str
    timeout_s: float
    """Seconds that one attempt may take; less when the request has less left."""
    attempts: int = 1
    """How often a call is tried at most."""
    backoff_s: float = 0.05
    """The wait before the second attempt is 0 to this, doubled before each further one (full jitter)."""
    max_backoff_s: float = 1.0
    retry_ratio: float = 0.1
    """Retries that a call pays for: when everything fails, retries add a tenth to the load, not a multiple."""
    retries_per_s: float = 3.0
    """Retries a second beside those."""
    failures_to_open: int = 5
    """Consecutive failures that open the breaker."""
    failure_rate_to_open: float = 0.5
    """So does this share of the last calls, failures and slow ones, once there are enough to judge."""
    slow_s: float = float("inf")
    """An answer later than this counts as a failure of the breaker's, though it is used."""
    stall_s: float = float("inf")
    """`failures_to_open` calls that have waited this long, with no answer to any call for as long, open it as well."""
    window: int = 20
    """How many calls are enough to judge, and are judged."""
    reset_s: float = 1.0
    """After this long an open breaker lets one trial through."""
    concurrency: int = 64
    """Calls at a time; more are refused at once, as a queue would only add to the wait."""
    fallback: str = "none: the error is the answer"
    """What is done without it, in words."""

    def __post_init__(self) -> None:
        """ValueError for a policy that cannot be followed."""
        for name in (*POSITIVE, *NOT_NEGATIVE):
            value = getattr(self, name)
            if not 0 <= value < TOO_MUCH or (value == 0 and name in POSITIVE):
                least = "above 0" if name in POSITIVE else "0 or more"
                raise ValueError(
                    f"The policy of {self.name} has {value:g} as {name}, which must be {least} and below {TOO_MUCH:g}."
                )
        if not 0 < self.failure_rate_to_open <= 1:
            raise ValueError(f"The policy of {self.name} opens at a rate that is not above 0 and at most 1.")
        for name in ("slow_s", "stall_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"The policy of {self.name} has {getattr(self, name):g} as {name}, not above 0.")

    @property
    def longest_s(self) -> float:
        """Seconds that one call may take with all its attempts, at most."""
        return self.attempts * self.timeout_s + (self.attempts - 1) * self.max_backoff_s

    def described(self) -> dict[str, float | int | str]:
        """By name, as /v1/status shows it."""
        return {**self.numbers(), "fallback": self.fallback}

    def numbers(self) -> dict[str, float]:
        """Those that are finite, by name."""
        return {name: value for name, value in asdict(self).items() if name not in WORDS and value != float("inf")}
