"""Starts what is injected: called by sitecustomize, before the application's first line.

Nothing in here may keep an application from starting: what fails is one line on the standard error.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from gateway.adopt.injected.arrivals import bound_requests
from gateway.adopt.injected.health import serve_health
from gateway.adopt.injected.options import Options, read_options
from gateway.adopt.injected.outgoing import guard_outgoing
from gateway.adopt.injected.reports import report_errors
from gateway.adopt.injected.telemetry import instrument, start_telemetry

PREFORKING = ("gunicorn", "uwsgi")
"""Servers whose first process forks those that answer: threads would not survive it."""
_begun = False


def start() -> None:
    """Start, unless TIDEGATE_ADOPT is `off`."""
    if os.environ.get("TIDEGATE_ADOPT", "").lower() == "off":
        return
    options = read_options(os.environ)
    for part in (instrument, guard_outgoing, bound_requests, serve_health):
        _safely(part, options)
    if is_preforking():
        os.register_at_fork(after_in_child=lambda: begin(options))
    else:
        begin(options)


def is_preforking() -> bool:
    """Whether this process is the first of a pre-forking server."""
    names = [os.path.basename(argument) for argument in sys.orig_argv[:4]]  # noqa: PTH119
    return any(name.startswith(PREFORKING) for name in names)


def begin(options: Options) -> None:
    """Start what has threads, in a process that answers requests, once."""
    global _begun  # noqa: PLW0603  inherited by what such a process forks, which shall not begin again
    if _begun:
        return
    _begun = True
    for part in (start_telemetry, report_errors, end_orderly):
        _safely(part, options)


def end_orderly(_: Options) -> None:
    """Let SIGTERM end the process with what it does at its exit, unless somebody handles it."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _safely(part: Callable[[Options], None], options: Options) -> None:
    try:
        part(options)
    except Exception as error:
        sys.stderr.write(f"tidegate: {part.__name__} is left out: {type(error).__name__}: {error}\n")
