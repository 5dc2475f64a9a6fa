"""Which modules of an application are worth importing: those that make a web application, or hold one by its name."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAKERS = frozenset(
    {
        "Flask", "FastAPI", "Starlette", "get_wsgi_application", "get_asgi_application", "get_default_application",
        "ProtocolTypeRouter",
    }
)  # fmt: skip
HELD = frozenset({"app", "application", "api", "asgi", "wsgi"})
FACTORIES = frozenset({"create_app", "make_app", "build_app", "get_app", "create_application", "get_application"})
SKIPPED_FOLDERS = frozenset(
    {
        "tests", "test", "testing", "docs", "doc", "migrations", "node_modules", "site-packages", "build", "dist",
        "tidegate", "alembic", "scripts", "static", "templates", "fixtures",
    }
)  # fmt: skip
SKIPPED_FILES = ("test_", "conftest", "setup.py", "noxfile", "fabfile", "tasks.py", "manage.py", "gunicorn")
DEEPEST = 6
MOST = 16
LONGEST_FILE = 500_000


@dataclass(frozen=True)
class Candidate:
    """A module, and the folder from which it is imported, relative to the application's."""

    module: str
    root: str
    file: str


def candidates(application: Path) -> list[list[Candidate]]:
    """The files worth a try, the likeliest first, each with the ways to import it."""
    files = sorted((rank, path) for path in _files(application) if (rank := _rank(path, application)) is not None)
    return [_ways(path, application) for _, path in files[:MOST]]


def ways_to(application: Path, module: str) -> list[Candidate]:
    """The ways to import a module that somebody named."""
    relative = Path(*module.split("."))
    ways = []
    for path in (relative.with_suffix(".py"), relative / "__init__.py"):
        ways += [
            Candidate(module, str(found.relative_to(application).parents[len(path.parts) - 1]), str(path))
            for found in sorted(application.rglob(str(path)), key=lambda found: (len(found.parts), found))
            if not _is_skipped(found.relative_to(application).parts[: -len(path.parts)])
        ]
    return ways


def _files(application: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(application):
        here = Path(parent)
        depth = len(here.relative_to(application).parts)
        folders[:] = [name for name in sorted(folders) if depth < DEEPEST and not _is_skipped((name,))]
        for name in files:
            if name.endswith(".py") and not name.startswith(SKIPPED_FILES) and not name.endswith("_test.py"):
                yield here / name


def _is_skipped(folders: tuple[str, ...]) -> bool:
    return any(name in SKIPPED_FOLDERS or name.startswith(".") or name.endswith("venv") for name in folders)


def _rank(path: Path, application: Path) -> tuple[int, int, str] | None:
    """How likely the file is: what makes an application before what only holds one, high up before deep down."""
    if path.stat().st_size > LONGEST_FILE:
        return None
    try:
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError):
        # Broken files are tried by their name alone: the import then says what is wrong.
        named = path.stem in ("wsgi", "asgi", "app", "main", "application", "server")
        return (3, len(path.parts), str(path)) if named else None
    likely = _likelihood(tree)
    return None if likely is None else (likely, len(path.relative_to(application).parts), str(path))


def _likelihood(tree: ast.Module) -> int | None:
    made = any(isinstance(node, ast.Call) and _name(node.func) in MAKERS for node in ast.walk(tree))
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id in HELD for target in targets):
                return 0 if made else 1
        if isinstance(node, ast.FunctionDef) and node.name in FACTORIES:
            return 1
    return 2 if made else None


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _ways(path: Path, application: Path) -> list[Candidate]:
    """From the folder above its outermost package, and from the application's own."""
    outermost = path.parent
    while (outermost / "__init__.py").exists() and outermost != application:
        outermost = outermost.parent
    relative = str(path.relative_to(application))
    ways = [
        Candidate(_module(path, root), str(root.relative_to(application)), relative)
        for root in (outermost, application)
    ]
    return [way for way in dict.fromkeys(ways) if all(part.isidentifier() for part in way.module.split("."))]


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
