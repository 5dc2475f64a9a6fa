"""How long to wait before trying again."""

from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

LONGEST_S = 30.0


class Backoff:
    """Waits of 0 to 2ⁿ times `first_s` at random ("full jitter", AWS Builders' Library), never over `longest_s`."""

    def __init__(self, first_s: float, longest_s: float = LONGEST_S) -> None:
        """Begin with a wait of up to `first_s` seconds."""
        self._wait = wait_random_exponential(multiplier=first_s, max=longest_s)
        self._attempts = 0

    def reset(self) -> None:
        """It worked: begin anew."""
        self._attempts = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        self._attempts += 1
        return self.after(self._attempts)

    def after(self, attempts: int) -> float:
        """Seconds to wait after so many failures."""
        state = RetryCallState(AsyncRetrying(), None, (), {})
        state.attempt_number = attempts
        return self._wait(state)
