"""Terminal output: every line says which process wrote it, in colour on a terminal, plain elsewhere."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

COLOURS = {"tidegate": "1", "postgres": "34", "api": "32", "worker": "35", "gateway": "36"}
_WIDTH = max(map(len, COLOURS))


class Console:
    """Writes whole lines to standard output."""

    def __init__(self) -> None:
        """Look once whether standard output is a terminal that shows colours."""
        self.is_terminal = sys.stdout.isatty()
        self._colours = self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._progress: Progress | None = None

    def line(self, source: str, text: str) -> None:
        """One line of the process `source`."""
        prefix = f"{source:<{_WIDTH}} |"
        if self._colours:
            prefix = f"\x1b[{COLOURS.get(source, '0')}m{prefix}\x1b[0m"
        self.plain(f"{prefix} {text}")

    def say(self, text: str) -> None:
        """What the stack itself has to say."""
        for part in text.splitlines():
            self.line("tidegate", part)

    def plain(self, text: str) -> None:
        """Lines without a prefix."""
        if self._progress is not None:
            from rich.text import Text  # noqa: PLC0415  a second of import, for terminals on a first run alone

            self._progress.console.print(Text.from_ansi(text), soft_wrap=True)
        else:
            print(text, flush=True)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show how many of `total` are done: a bar on a terminal, elsewhere a line for every tenth."""
        if self.is_terminal:
            yield from self._bar(label, total)
        else:
            yield self._tenths(label, total)

    def _bar(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        from rich.progress import MofNCompleteColumn, Progress  # noqa: PLC0415

        with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), transient=True) as progress:
            task = progress.add_task(label, total=total)
            self._progress = progress
            try:
                yield lambda done: progress.update(task, completed=done)
            finally:
                self._progress = None

    def _tenths(self, label: str, total: int) -> Callable[[int], None]:
        shown = -1

        def update(done: int) -> None:
            nonlocal shown
            if (tenth := 10 * done // max(total, 1)) > shown:
                shown = tenth
                self.say(f"{label}: {done} of {total}")

        return update
