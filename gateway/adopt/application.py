"""What is known of an application: where it is entered, and what it needs."""

from dataclasses import dataclass, field
from typing import Literal

Framework = Literal["Django", "FastAPI", "Flask", "Express"]
Protocol = Literal["wsgi", "asgi", "node"]


@dataclass(frozen=True)
class Route:
    """A path as the framework writes it, and the methods it answers."""

    path: str
    methods: tuple[str, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether it has no parameters."""
        return not set("<{(:*[?^$\\") & set(self.path)


@dataclass(frozen=True)
class Entry:
    """One way into an application."""

    framework: Framework
    protocol: Protocol
    spec: str
    """`module:attribute`, `module:factory()`, or the file that Node runs."""
    root: str
    """The folder from which it is imported or run, relative to the application's."""
    aliases: frozenset[str] = frozenset()
    """Other names of the same object."""
    routes: tuple[Route, ...] = ()
    settings: str | None = None
    """Django's settings module."""
    observed_by: tuple[str, ...] = ()
    """What it sets up by itself: `opentelemetry`, `sentry`."""
    variables: tuple[str, ...] = ()
    """Environment variables that it reads while it is imported."""
    databases: tuple[str, ...] = ()
    static: str | None = None
    """Where it keeps, or collects, static files."""
    migrates: bool = False
    port: int | None = None
    """Where it listened by itself, with nothing set."""
    packages: dict[str, str] = field(default_factory=dict, hash=False, compare=False)
    """What is installed for it, by name."""
    runtime: str = ""
    """The version of the interpreter that ran it."""

    @property
    def is_factory(self) -> bool:
        """Whether what is named makes the application."""
        return self.spec.endswith("()")


@dataclass(frozen=True)
class Found:
    """An entry, and why it is this one."""

    entry: Entry
    why: str
    confidence: Literal["certain", "chosen"]
