"""Why a dependency could not be used, apart from what it said itself."""


def reason_of(error: BaseException) -> str:
    """What went wrong with a connection, in the library's words: such as a certificate that is not known."""
    return f"{type(error).__name__} {error}".rstrip()


class DependencyError(Exception):
    """The dependency called `dependency` was not used, or gave up; the text is a sentence for people."""

    def __init__(self, dependency: str, reason: str) -> None:
        """Say which one, and why."""
        super().__init__(reason)
        self.dependency = dependency
        self.reason = reason


class CircuitOpenError(DependencyError):
    """It failed so often lately that it is not asked for a while."""

    def __init__(self, dependency: str, retry_after_s: float) -> None:
        """It is asked again after `retry_after_s` seconds."""
        super().__init__(dependency, "It failed repeatedly and is left alone for a moment.")
        self.retry_after_s = retry_after_s


class BulkheadFullError(DependencyError):
    """As many calls as it may take at a time are under way."""

    def __init__(self, dependency: str) -> None:
        """It is busy."""
        super().__init__(dependency, "It is busy with as many calls as it may take.")


class AttemptTimeoutError(DependencyError):
    """It did not answer in its time."""

    def __init__(self, dependency: str, after_s: float) -> None:
        """It had `after_s` seconds."""
        super().__init__(dependency, f"It did not answer within {after_s:.2g} s.")
        self.after_s = after_s
