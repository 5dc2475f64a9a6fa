"""The deadline of a request: everything that it calls shares what is left of it (resilience/deadline.py)."""

from collections.abc import Callable
from typing import Any

import wrapt

from gateway.adopt.injected.options import Options
from gateway.resilience.deadline import allow

WSGI = (("flask", "Flask.wsgi_app"), ("django.core.handlers.wsgi", "WSGIHandler.__call__"))
ASGI = (("starlette.applications", "Starlette.__call__"), ("django.core.handlers.asgi", "ASGIHandler.__call__"))


def bound_requests(options: Options) -> None:
    """Give each request its time, where calls are bounded and a time is set."""
    if options.mode != "enforce" or options.request_s == float("inf"):
        return

    def answer(wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with allow(options.request_s):
            return wrapped(*args, **kwargs)

    async def answer_later(wrapped: Callable[..., Any], _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if args[0]["type"] != "http":
            await wrapped(*args, **kwargs)
            return
        with allow(options.request_s):
            await wrapped(*args, **kwargs)

    for places, wrapper in ((WSGI, answer), (ASGI, answer_later)):
        for module, name in places:
            _when_imported(module, name, wrapper)


def _when_imported(module: str, name: str, wrapper: Callable[..., Any]) -> None:
    wrapt.register_post_import_hook(lambda found: wrapt.wrap_function_wrapper(found, name, wrapper), module)
