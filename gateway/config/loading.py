"""How a process gets its settings from the environment, and what it says when it cannot start.

`load_settings("gateway")` returns them, or raises a SettingsError that lists everything that is wrong at once.
"""

import sys
from typing import NoReturn

from pydantic import ValidationError

from gateway.config.checks import Process
from gateway.config.checks import problems as problems_of
from gateway.config.settings import Settings
from gateway.config.types import sentence


class SettingsError(Exception):
    """The environment does not let the process start; `problems` has one sentence each."""

    def __init__(self, process: Process, problems: list[str]) -> None:
        """List the problems of `process`."""
        self.problems = problems
        super().__init__(f"The {process} cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))


def load_settings(process: Process) -> Settings:
    """Read the environment for `process`; SettingsError when it does not let the process start."""
    try:
        settings = Settings()
    except ValidationError as error:
        wrong = error.errors()
        problems = [sentence(problem) for problem in wrong]
        # What else is wrong shows only once these are out of the way.
        names = {str(problem["loc"][0]) for problem in wrong}
        settings = Settings(**{name: Settings.model_fields[name].default for name in names})
        named = tuple(f"{name.upper()} " for name in names)
        problems += [problem for problem in problems_of(settings, process) if not problem.startswith(named)]
    else:
        problems = problems_of(settings, process)
    if problems:
        raise SettingsError(process, problems)
    return settings


def load_settings_or_exit(process: Process) -> Settings:
    """As load_settings, but for a process: prints what is wrong and exits with status 2."""
    try:
        return load_settings(process)
    except SettingsError as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    """End the process with status 2 and `message` on the standard error, without a traceback."""
    sys.stderr.write(f"{message}\n")
    sys.exit(2)
