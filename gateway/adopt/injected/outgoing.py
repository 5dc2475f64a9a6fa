"""HostPipelines around outgoing HTTP and database connections, put in place when their libraries are imported.

A refusal is the exception by which the library says that it cannot connect: applications handle that already.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import wrapt

from gateway.adopt.injected.options import Options, host_of
from gateway.adopt.injected.pipelines import HostPipeline, HostPipelines
from gateway.resilience.errors import DependencyError

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
OF_DATABASES = ("psycopg", "psycopg2")
LOCAL_SOCKET = "socket"

Wrapped = Callable[..., Any]


def guard_outgoing(options: Options) -> None:
    """HostPipeline whatever of these libraries the application imports from now on."""
    if options.mode == "off":
        return
    guards = HostPipelines(options)
    wrapt.register_post_import_hook(lambda module: _urllib3(module, guards), "urllib3.connectionpool")
    wrapt.register_post_import_hook(lambda module: _httpx(module, guards), "httpx")
    wrapt.register_post_import_hook(lambda module: _urllib(module, guards), "urllib.request")
    for name in OF_DATABASES:
        wrapt.register_post_import_hook(lambda module: _database(module, guards), name)


def repeated(
    guard: HostPipeline, failures: tuple[type[Exception], ...], attempt: Callable[[], Any], *, again: bool
) -> Any:
    """The result of `attempt`, made again after `failures` where that is allowed."""
    made = 0
    while True:
        made += 1
        try:
            with guard.call(failures) as call:
                result = attempt()
                call.answered(int(getattr(result, "status", getattr(result, "status_code", 200)) or 200))
                return result
        except failures:
            pause_s = guard.pause_before(made) if again else None
            if pause_s is None:
                raise
            time.sleep(pause_s)


async def repeated_later(
    guard: HostPipeline, failures: tuple[type[Exception], ...], attempt: Callable[[], Awaitable[Any]], *, again: bool
) -> Any:
    """As `repeated`, for what is awaited."""
    made = 0
    while True:
        made += 1
        try:
            with guard.call(failures) as call:
                result = await attempt()
                call.answered(int(getattr(result, "status_code", 200)))
                return result
        except failures:
            pause_s = guard.pause_before(made) if again else None
            if pause_s is None:
                raise
            await asyncio.sleep(pause_s)


def _urllib3(module: Any, guards: HostPipelines) -> None:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError, ReadTimeoutError  # noqa: PLC0415
    from urllib3.util import Timeout  # noqa: PLC0415

    failures = (NewConnectionError, ConnectTimeoutError, ReadTimeoutError, ProtocolError, OSError)

    def make_request(wrapped: Wrapped, pool: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        guard = guards.of(f"{pool.host}:{pool.port or (443 if pool.scheme == 'https' else 80)}")
        timeout = kwargs.get("timeout")
        if guard.enforces and isinstance(timeout, Timeout):
            connect, read = (_seconds(timeout.connect_timeout), _seconds(timeout.read_timeout))
            kwargs["timeout"] = Timeout(connect=guard.time_limit(connect), read=guard.time_limit(read))
        connection, method = args[0], str(args[1] if len(args) > 1 else kwargs["method"])

        def attempt() -> Any:
            try:
                return wrapped(*args, **kwargs)
            except failures:
                connection.close()  # the next attempt begins with a new one
                raise

        try:
            return repeated(guard, failures, attempt, again=method in IDEMPOTENT)
        except DependencyError as error:
            raise NewConnectionError(connection, error.reason) from error

    wrapt.wrap_function_wrapper(module, "HTTPConnectionPool._make_request", make_request)


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _httpx(module: Any, guards: HostPipelines) -> None:
    failures = (module.TransportError,)

    def prepared(request: Any) -> HostPipeline:
        guard = guards.of(host_of(str(request.url)))
        if guard.enforces:
            wanted = request.extensions.get("timeout") or {}
            parts = ("connect", "read", "write", "pool")
            request.extensions["timeout"] = {part: guard.time_limit(wanted.get(part)) for part in parts}
        return guard

    def handle(wrapped: Wrapped, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = args[0] if args else kwargs["request"]
        again = request.method in IDEMPOTENT
        try:
            return repeated(prepared(request), failures, lambda: wrapped(*args, **kwargs), again=again)
        except DependencyError as error:
            raise module.ConnectError(error.reason, request=request) from error

    async def handle_later(wrapped: Wrapped, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = args[0] if args else kwargs["request"]
        again = request.method in IDEMPOTENT
        try:
            return await repeated_later(prepared(request), failures, lambda: wrapped(*args, **kwargs), again=again)
        except DependencyError as error:
            raise module.ConnectError(error.reason, request=request) from error

    wrapt.wrap_function_wrapper(module, "HTTPTransport.handle_request", handle)
    wrapt.wrap_function_wrapper(module, "AsyncHTTPTransport.handle_async_request", handle_later)


def _urllib(module: Any, guards: HostPipelines) -> None:
    from http.client import HTTPException  # noqa: PLC0415

    def do_open(wrapped: Wrapped, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = args[1] if len(args) > 1 else kwargs["req"]
        guard = guards.of(host_of(request.full_url))
        if guard.enforces:
            request.timeout = guard.time_limit(_seconds(request.timeout))
        again = request.get_method() in IDEMPOTENT
        try:
            return repeated(guard, (OSError, HTTPException), lambda: wrapped(*args, **kwargs), again=again)
        except DependencyError as error:
            raise module.URLError(error.reason) from error

    wrapt.wrap_function_wrapper(module, "AbstractHTTPHandler.do_open", do_open)


def _database(module: Any, guards: HostPipelines) -> None:
    failures = (module.OperationalError,)

    def connect(wrapped: Wrapped, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        guard = guards.of(_server(module, args, kwargs))
        if guard.enforces and "connect_timeout" not in kwargs:
            kwargs["connect_timeout"] = max(1, int(guard.time_limit(None) or 1))
        try:
            return repeated(guard, failures, lambda: wrapped(*args, **kwargs), again=True)
        except DependencyError as error:
            raise module.OperationalError(error.reason) from error

    wrapt.wrap_function_wrapper(module, "connect", connect)
    if hasattr(module, "Connection"):
        wrapt.wrap_function_wrapper(module, "Connection.connect", connect)


def _server(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Name and port of a database's server, as the driver reads them."""
    written = args[0] if args else kwargs.get("conninfo") or kwargs.get("dsn") or ""
    named: dict[str, Any] = {}
    if written and module.__name__ == "psycopg2":
        named = module.extensions.parse_dsn(written)
    elif written:
        named = module.conninfo.conninfo_to_dict(written)
    named.update({name: kwargs[name] for name in ("host", "port") if kwargs.get(name)})
    return f"{named.get('host') or LOCAL_SOCKET}:{named.get('port') or 5432}"
