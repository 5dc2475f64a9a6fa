"""Imports one module of an application and says which web applications are in it.

Runs in the application's interpreter (3.8 or later) with the standard library alone: python python_probe.py REQUEST
DESCRIPTOR. REQUEST is {"root": folder, "paths": [folder, …], "module": name, "attribute": name or null} as JSON; the
answer is written to the descriptor: {"found": [application, …], …} or {"error": {…}}.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

FACTORY = re.compile(r"(create|make|build|get|init|app)_?(\w+_)?(app|application|api|server|factory)")
WRAPPED = ("app", "application", "wsgi_app", "asgi_app", "wsgi_application", "_app", "other_asgi_app")
LONGEST_CHAIN = 6
SERVES = ("run", "run_simple", "serve_forever")
# Of the interpreter and the shell: no application is set up by them.
COMMON = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TMP", "TEMP", "TERM", "USER", "PWD", "COLUMNS", "LINES", "TZ"}
OF_LIBRARIES = ("OTEL_", "FASTAPI_", "FLASK_", "PYDANTIC_", "PYTHON", "LC_", "SSL_", "DJANGO_SETTINGS")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")


def own_place(frame: FrameType | None, root: str) -> str | None:
    """Where in the application something was called; None while a library is imported, which does that for itself."""
    while frame is not None:
        file = frame.f_code.co_filename
        if "importlib" in file:
            return None
        if file.startswith(root + os.sep):
            return f"{os.path.relpath(file, root)}:{frame.f_lineno}"
        frame = frame.f_back
    return None


class Listener:
    """Notes which variables the application reads, which one it missed last, and where it wanted a socket."""

    def __init__(self, root: str) -> None:
        """Note what code below `root` does, from now on and for as long as the interpreter runs."""
        self.root = root
        self.read: set[str] = set()
        self.missed: str | None = None
        self.socket: str | None = None
        kind = type(os.environ)
        get_item, contains = kind.__getitem__, kind.__contains__

        def noted_item(environ: Any, name: str) -> str:
            self._note_variable(name)
            try:
                return get_item(environ, name)
            except KeyError:
                self.missed = name
                raise

        def noted_contains(environ: Any, name: object) -> bool:
            self._note_variable(str(name))
            return contains(environ, name)

        kind.__getitem__ = noted_item  # type: ignore[method-assign]
        kind.__contains__ = noted_contains  # type: ignore[method-assign]
        sys.addaudithook(self._note_socket)

    def _note_variable(self, name: str) -> None:
        is_known = name in COMMON or name.startswith(OF_LIBRARIES) or name in self.read
        if not is_known and VARIABLE.fullmatch(name) and own_place(sys._getframe(2), self.root):
            self.read.add(name)

    def _note_socket(self, event: str, _: tuple[Any, ...]) -> None:
        if event in ("socket.__new__", "socket.getaddrinfo"):
            self.socket = own_place(sys._getframe(1), self.root) or self.socket


def main() -> None:
    """Answer one request."""
    request, descriptor = json.loads(sys.argv[1]), int(sys.argv[2])
    root = os.path.realpath(request["root"])
    sys.path[:0] = [os.path.realpath(path) for path in request["paths"]]
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) != str(Path(__file__).resolve().parent)]
    sys.argv[1:] = []
    answer: dict[str, Any] = {"runtime": ".".join(map(str, sys.version_info[:3]))}
    listener = Listener(root)
    try:
        module = importlib.import_module(request["module"])
        answer["found"] = [dict(each, **facts(each.pop("object"), root)) for each in search(module, request, root)]
        answer.update(surroundings(listener))
    except BaseException as error:  # whatever it raises is the answer, an exit included
        answer["error"] = described(error, listener, root)
    with os.fdopen(descriptor, "w") as pipe:
        json.dump(answer, pipe)
    os._exit(0)  # threads of the application would keep it


def search(module: Any, request: dict[str, Any], root: str) -> list[dict[str, Any]]:
    """The applications of a module: what is named, what it holds, or what its factories make."""
    if request["attribute"]:
        name = request["attribute"]
        value = getattr(module, name.replace("()", ""))
        made = value() if name.endswith("()") else value
        kind = kind_of(made)
        return [found(module.__name__, name, made, kind, aliases(made, root))] if kind else []
    held = [(name, value) for name, value in list(vars(module).items()) if kind_of(value)]
    outermost = [(name, value) for name, value in held if not is_inside(value, held)]
    answers: list[dict[str, Any]] = []
    seen: set[int] = set()
    for name, value in outermost:
        if id(value) not in seen:
            seen.add(id(value))
            answers.append(found(module.__name__, name, value, kind_of(value), aliases(value, root)))
    return answers or list(made_by_factories(module))


def made_by_factories(module: Any) -> Iterator[dict[str, Any]]:
    """What the factories of a module make that want no argument."""
    for name, function in list(vars(module).items()):
        if inspect.isfunction(function) and function.__module__ == module.__name__ and FACTORY.fullmatch(name):
            wanted = [
                parameter
                for parameter in inspect.signature(function).parameters.values()
                if parameter.default is parameter.empty
                and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            ]
            if not wanted:
                made = function()
                if kind_of(made):
                    yield found(module.__name__, name + "()", made, kind_of(made), [])


def found(module: str, name: str, value: Any, kind: tuple[str, str] | None, known_as: list[str]) -> dict[str, Any]:
    """One answer."""
    assert kind is not None
    answer = {"module": module, "attribute": name, "aliases": known_as, "object": value}
    return {**answer, "framework": kind[0], "protocol": kind[1]}


def kind_of(value: Any) -> tuple[str, str] | None:
    """Framework and protocol of a web application, or of what wraps one; None for anything else."""
    for each in chain(value):
        for kind in type(each).__mro__:
            name = (kind.__module__.split(".")[0], kind.__name__)
            if name == ("flask", "Flask"):
                return "Flask", "wsgi"
            if name in (("fastapi", "FastAPI"), ("starlette", "Starlette")):
                return "FastAPI", "asgi"
            if name == ("django", "WSGIHandler"):
                return "Django", "wsgi"
            if name == ("django", "ASGIHandler"):
                return "Django", "asgi"
            if name == ("channels", "ProtocolTypeRouter"):
                return "Django", "asgi"
    return None


def chain(value: Any) -> Iterator[Any]:
    """`value`, and what it wraps, from the outside in."""
    for _ in range(LONGEST_CHAIN):
        if inspect.ismodule(value) or inspect.isclass(value) or value is None or not callable(value):
            return
        yield value
        try:
            held = getattr(value, "__dict__", None) or {}
        except Exception:
            return
        value = next((held[name] for name in WRAPPED if name in held), None)


def is_inside(value: Any, held: list[tuple[str, Any]]) -> bool:
    """Whether another one that is held wraps or mounts `value`."""
    return any(each is value for _, other in held for each in inner(other))


def inner(value: Any) -> list[Any]:
    """What `value` wraps or mounts."""
    wrapped = list(chain(value))[1:]
    for each in [value, *wrapped]:
        wrapped += [getattr(route, "app", None) for route in getattr(each, "routes", None) or []]
    return wrapped


def aliases(value: Any, root: str) -> list[str]:
    """Every name of the object in the application's modules."""
    named = []
    for module in list(sys.modules.values()):
        if os.path.realpath(getattr(module, "__file__", None) or "").startswith(root + os.sep):
            named += [f"{module.__name__}:{name}" for name, other in list(vars(module).items()) if other is value]
    return named


def facts(value: Any, root: str) -> dict[str, Any]:
    """Routes, static files and settings of an application."""
    core = list(chain(value))[-1]
    if hasattr(core, "url_map"):
        static = core.static_folder if core.static_folder and Path(core.static_folder).is_dir() else None
        routes = [[rule.rule, sorted(rule.methods or ())] for rule in core.url_map.iter_rules()]
        return {"routes": routes, "static": static and os.path.relpath(static, root), "settings": None}
    if hasattr(core, "routes"):
        return {"routes": list(asgi_routes(core)), "static": None, "settings": None}
    return django_facts()


def asgi_routes(core: Any) -> Iterator[list[Any]]:
    """Paths and methods of its routes, and of its description where routers are kept apart until they are used."""
    routes = dict(starlette_routes(core.routes, ""))
    described = core.openapi().get("paths", {}) if hasattr(core, "openapi") else {}
    for path, operations in described.items():
        routes.setdefault(path, sorted(method.upper() for method in operations))
    for path, methods in routes.items():
        yield [path, methods]


def starlette_routes(routes: Any, prefix: str) -> Iterator[list[Any]]:
    """Paths and methods, those of mounted routers included."""
    for route in routes or []:
        path = prefix + getattr(route, "path", "")
        if getattr(route, "methods", None):
            yield [path, sorted(route.methods)]
        elif getattr(route, "routes", None):
            yield from starlette_routes(route.routes, path)


def django_facts() -> dict[str, Any]:
    """Of the project whose settings are loaded."""
    settings = importlib.import_module("django.conf").settings
    get_resolver = importlib.import_module("django.urls").get_resolver

    engines = [each.get("ENGINE", "").rsplit(".", 1)[-1] for each in settings.DATABASES.values()]
    return {
        "routes": [[path, ["GET"]] for path in django_paths(get_resolver().url_patterns, "/")],
        "static": str(settings.STATIC_ROOT) if settings.STATIC_ROOT else None,
        "settings": os.environ.get("DJANGO_SETTINGS_MODULE"),
        "engines": [engine.replace("sqlite3", "sqlite") for engine in engines if engine],
        "migrates": True,
    }


def django_paths(patterns: Any, prefix: str) -> Iterator[str]:
    """The paths of a URL map, as they are written."""
    for pattern in patterns:
        written = str(pattern.pattern)
        if type(pattern.pattern).__name__ == "RegexPattern":
            written = re.sub(r"^\^|\$$|\\Z$", "", written)
        path = prefix + written
        if hasattr(pattern, "url_patterns"):
            yield from django_paths(pattern.url_patterns, path)
        else:
            yield path


def surroundings(listener: Listener) -> dict[str, Any]:
    """What holds for the whole process."""
    observed = []
    provider = getattr(sys.modules.get("opentelemetry.trace"), "get_tracer_provider", lambda: None)()
    if provider is not None and "Proxy" not in type(provider).__name__:
        observed.append("opentelemetry")
    sentry = sys.modules.get("sentry_sdk")
    if sentry is not None and sentry.get_client().is_active():
        observed.append("sentry")
    installed = {each.metadata["Name"]: each.version for each in metadata.distributions() if each.metadata["Name"]}
    modules = sorted({name.split(".")[0] for name in sys.modules})
    return {"observed": observed, "variables": sorted(listener.read), "modules": modules, "packages": installed}


def described(error: BaseException, listener: Listener, root: str) -> dict[str, Any]:
    """What an import failed of, and where in the application."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(root)]
    place = f"{os.path.relpath(frames[-1].filename, root)}:{frames[-1].lineno}" if frames else None
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{os.path.relpath(error.filename, root)}:{error.lineno}"
    chained: list[str] = []
    here: BaseException | None = error
    while here is not None and len(chained) < LONGEST_CHAIN:
        chained.append(type(here).__name__)
        here = here.__cause__ or here.__context__
    return {
        "type": type(error).__name__,
        "types": chained,
        "message": (str(error).strip() or type(error).__name__).splitlines()[0][:300],
        "place": place,
        "module": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "missed": listener.missed if "KeyError" in chained or "variable" in str(error) else None,
        "socket": listener.socket,
        "serves": any(frame.name in SERVES for frame in traceback.extract_tb(error.__traceback__)),
    }


if __name__ == "__main__":
    main()
