"""What the gateway depends on, as the composition root lists it: a name, a resilience pipeline and a probe each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.resilience import ResiliencePipeline


class Client(Protocol):
    """A client of one dependency."""

    @property
    def pipeline(self) -> ResiliencePipeline | None:
        """The resilience pipeline of its calls, whose breaker is shown."""

    async def probe(self) -> str:
        """Ask whether the dependency works; a sentence when it does."""


@dataclass(frozen=True)
class Dependency:
    """One dependency. `name` is that of its field in the answer of /status."""

    name: str
    client: Client | None
    """None where there is no such dependency."""
    errors: tuple[type[Exception], ...] = ()
    """What the probe raises when the dependency does not work, with the reason as text."""
    off: str = "None is set."
    """Why there is no client."""
    idle: ResiliencePipeline | None = None
    """The pipeline that is shown although there is no client."""
    is_costly: bool = False
    """Whether each probe costs money or much time: then it is asked less often while it works."""
    objection: Callable[[Mapping[str, Any]], str | None] = lambda row: None
    """Why it is of no use although it answers, by the row of sql/queries/status.sql."""
