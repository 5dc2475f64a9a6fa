"""What a pipeline is tried with: work that does as it is told, and what came of so many calls."""

from collections.abc import Awaitable, Callable

from gateway.resilience import Policy, ResiliencePipeline
from tests.support.clock import Clock


class BrokenError(Exception):
    """The dependency's fault."""


class MisuseError(Exception):
    """The caller's fault."""


def classify(error: BaseException) -> bool:
    return isinstance(error, BrokenError)


async def broken() -> str:
    raise BrokenError("it broke")


async def misused() -> str:
    raise MisuseError("no such thing")


async def well() -> str:
    return "well"


def make_pipeline(clock: Clock | None = None, **changes: float) -> ResiliencePipeline:
    policy = Policy("thing", **{"timeout_s": 60.0, "backoff_s": 0.001, **changes})  # type: ignore[arg-type]
    return ResiliencePipeline(policy, classify, clock=clock or Clock())


async def outcomes(pipeline: ResiliencePipeline, work: Callable[[], Awaitable[str]], times: int) -> list[str]:
    found = []
    for _ in range(times):
        try:
            found.append(await pipeline.call(work))
        except Exception as error:
            found.append(type(error).__name__)
    return found
