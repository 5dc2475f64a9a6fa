"""What can go wrong in the local stack, said to a person at a terminal.

LocalError                  anything the command line prints without a traceback, exit status 1
└── StartError              a server or a process that did not become ready
"""


class LocalError(Exception):
    """A failure whose message says what is wrong and what to do about it."""


class StartError(LocalError):
    """A process that ended, or was not ready in time, while the stack was being started."""
