"""What can go wrong when text becomes a vector.

EmbeddingError
├── EmbedderUnavailable   no vector now, for any text: try again later
└── EmbeddingRejected     this text gets no vector, however often it is tried
"""


class EmbeddingError(Exception):
    """Base of everything an embedder raises; the message is fit for a log and for the owner of the text."""


class EmbedderUnavailable(EmbeddingError):  # noqa: N818 - a state, and it reads so where it is caught
    """The model or its endpoint does not work at the moment; `retry_after` is in seconds, where it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Say what is wrong, and when to come back."""
        super().__init__(message)
        self.retry_after = retry_after


class EmbeddingRejected(EmbeddingError):  # noqa: N818 - as above
    """One of the texts was refused; send them one at a time to learn which."""
