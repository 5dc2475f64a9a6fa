"""What breaks of the language models: one is dead, silent, stops midway or writes nonsense, or both are dead."""

from collections.abc import Callable, Iterator
from itertools import repeat

from tests.answers.double import event
from tests.chaos.fault import Fault
from tests.chaos.models import Models, cited, is_rewriting
from tests.chaos.world import World

TOKENS, TOGETHER = 1_000_000, 100
PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def of_models(name: str, do: Callable[[Models], None], *, short: bool = False, seconds: float = 3.0) -> Fault:
    """A fault of the models, which all work again afterwards."""

    async def breaks(world: World) -> None:
        do(world.models)

    async def mends(world: World) -> None:
        for door in (world.models.to_first, world.models.to_second):
            door.heal()
        # Whoever is held back finds that its client has left.
        world.models.first.release()
        world.models.work()

    return Fault(name, breaks, mends, seconds=seconds, short=short)


def both_die(models: Models) -> None:
    """Neither accepts a connection."""
    models.to_first.refuse()
    models.to_second.refuse()


def first_stops(models: Models) -> None:
    """The first one writes a statement and a half, and then nothing more on a connection that stays open."""

    def write(prompt: str) -> Iterator[str | bytes]:
        if not is_rewriting(prompt):
            yield f"{cited(prompt)} Boats are "
        models.first.hang()

    models.first.write = write


def first_shows_a_page(models: Models) -> None:
    """A proxy before the first one answers in its place."""
    models.first.content_type = "text/html"
    models.first.write, models.first.ends = lambda _prompt: iter([PAGE.encode()]), False


def first_breaks_a_letter(models: Models) -> None:
    """The first one sends half of a letter of UTF-8."""
    half = event("The boat costs ")[:-4] + "€".encode()[:2] + b"\n\n"
    models.first.write, models.first.ends = lambda _prompt: iter([half]), False


def first_never_ends(models: Models) -> None:
    """The first one writes a million tokens about nothing."""
    models.first.write = lambda _prompt: repeat("token " * TOGETHER, TOKENS // TOGETHER)


def model_faults() -> list[Fault]:
    """Those of the models."""
    return [
        of_models("first model dead", lambda models: models.to_first.refuse()),
        of_models("first model silent", lambda models: models.to_first.freeze()),
        of_models("first model stops in mid-answer", first_stops, seconds=2.0, short=True),
        of_models("both models dead", both_die),
        of_models("first model answers with a page", first_shows_a_page),
        of_models("first model sends half a letter", first_breaks_a_letter),
        of_models("first model writes a million tokens", first_never_ends),
    ]
