"""Why a file cannot be read, in words for its owner: what is wrong, and what to do."""


class UnreadableError(Exception):
    """The file cannot be read, now or later, as it is. `format` is what it was taken for, where that is known."""

    format: str | None = None


class TooLargeError(UnreadableError):
    """A bound was met: a row of private.limits, which the message names."""

    def __init__(self, what: str, bound: str, limit: str, advice: str = "Split the file into several.") -> None:
        """Say that `what` is more than `bound`, the value of `limit`."""
        super().__init__(f"{what} more than {bound}. {advice} Operators change the bound in private.limits: {limit}.")
