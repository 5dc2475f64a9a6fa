"""Why a database cannot be prepared, in words for whoever does it."""


class PreparationError(Exception):
    """A failure whose message says what is wrong and what to do about it."""


class MigrationError(PreparationError):
    """A migration that cannot be applied; the database is as it was before that file."""
