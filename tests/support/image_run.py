"""`python -m gateway.local` whose gateway and worker run from the image."""

import runpy
from collections.abc import Callable
from typing import Any

from gateway.local import start
from gateway.local.services import Service
from tests.support.image import NAME, Container


def in_image(make: Callable[..., Service], container: Container) -> Callable[..., Service]:
    """What makes the same service, run in `container`."""

    def made(*arguments: Any, **more: Any) -> Service:
        return container.service(make(*arguments, **more))

    return made


if __name__ == "__main__":
    assert NAME is not None
    container = Container(NAME)
    for name in ("gateway_service", "worker_service"):
        setattr(start, name, in_image(getattr(start, name), container))
    try:
        runpy.run_module("gateway.local", run_name="__main__")
    finally:
        container.remove()
