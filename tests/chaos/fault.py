"""What a fault is: how it begins and ends, and what may be said of answers meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.world import World

Change = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """Something breaks for `seconds`, and is well again."""

    name: str
    breaks: Change
    mends: Change
    seconds: float = 3.0
    recovery_s: float = 2.0
    """Within which full quality must be back after it is mended."""
    settles: Change | None = None
    """What takes its time after that, and counts as recovery."""
    short: bool = False
    """Whether it is part of the short cut in `make test`."""
    of_server: bool = False
    """Whether PostgreSQL itself is broken, behind every door."""
    of_way: bool = False
    """Whether the gateway's own way to PostgreSQL is, and only that."""
    unverifiable: bool = False
    """Whether tokens cannot be verified for a moment, so that 503 is right where one is sent."""
    of_api: bool = False
    """Whether the gateway's way to Supabase's API is, whose keys are at hand."""
    of_embedder: bool = False
    """Whether the embedder is, without which nothing is embedded."""
    needs_disk: bool = False
    """Whether it wants a disk that can be filled, which only root can mount."""
    needs_network: bool = False
    """Whether it wants a network of its own, which only root can make."""
    last: bool = False
    """Whether the world is another one afterwards."""

    def can_break(self, world: World) -> bool:
        """Whether the world has what it needs."""
        has_disk, has_network = world.servers.disk is not None, world.far_host is not None
        return (has_disk or not self.needs_disk) and (has_network or not self.needs_network)


async def nothing(_world: World) -> None:
    """It is mended by itself."""
