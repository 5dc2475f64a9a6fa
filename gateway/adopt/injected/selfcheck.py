"""Shows in the application's own environment that an event arrives and that a dead dependency opens its breaker.

python -m tidegate_adopted.selfcheck URL, where nothing listens at URL; writes {"event": …, "library": …, "calls": …,
"opened": …} as JSON. `tidegate-adopt --prove` runs it with the variables that the application gets.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import sentry_sdk

MOST_CALLS = 50
LAST_WORDS_S = 5.0
REFUSED = "left alone"
"""Of the text of resilience/errors.py: CircuitOpenError."""


class SelfCheckError(Exception):
    """What is reported: it says that reports arrive."""


def main() -> None:
    """Check both, and write what came out."""
    library, calls, opened = opened_breaker(sys.argv[1])
    sys.stdout.write(json.dumps({"event": sent_event(), "library": library, "calls": calls, "opened": opened}) + "\n")


def sent_event() -> bool:
    """Whether an event was given to Sentry's client."""
    event = sentry_sdk.capture_exception(SelfCheckError())
    sentry_sdk.flush(LAST_WORDS_S)
    return event is not None


def opened_breaker(url: str) -> tuple[str, int, bool]:
    """The library that called, how often, and whether it was refused in the end without a try."""
    name, get = next(_libraries())
    for call in range(1, MOST_CALLS + 1):
        try:
            get(url)
        except Exception as error:
            if REFUSED in str(error):
                return name, call, True
    return name, MOST_CALLS, False


def _libraries() -> Iterator[tuple[str, Callable[[str], Any]]]:
    """Libraries that are installed for the application; the standard library's is there in any case."""
    for name in ("requests", "httpx"):
        try:
            yield name, import_module(name).get
        except ImportError:
            continue
    yield "urllib", import_module("urllib.request").urlopen


if __name__ == "__main__":
    main()
