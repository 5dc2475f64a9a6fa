"""Finds the way into an Express application by running it under a hook on `listen`."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.adopt import confinement
from gateway.adopt.application import Entry, Found, Route
from gateway.adopt.errors import AdoptError, AmbiguousError
from gateway.adopt.finding import Looking
from gateway.adopt.sentences import of_node_error

PROBE = Path(__file__).parent / "probes" / "node_probe.cjs"
USUAL = (
    "server.js", "app.js", "index.js", "main.js", "src/server.js", "src/app.js", "src/index.js", "bin/www",
    "bin/www.js",
    "server.mjs", "app.mjs", "index.mjs", "src/index.mjs", "dist/index.js", "dist/server.js", "dist/main.js",
)  # fmt: skip
STARTED = re.compile(r"\bnode(?:mon)?\s+(?:--?[\w-]+(?:=\S+)?\s+)*([\w./-]+)")
DRIVERS = {"pg": "postgresql", "mysql2": "mysql", "mysql": "mysql", "mongoose": "mongodb", "mongodb": "mongodb",
           "redis": "redis", "ioredis": "redis", "better-sqlite3": "sqlite", "sqlite3": "sqlite"}  # fmt: skip


def find_node(copy: Path, looking: Looking, wanted: str | None) -> Found | None:
    """The entry, None without a package.json that names Express; AdoptError, AmbiguousError."""
    packages = _packages(copy)
    if not packages:
        return None
    if shutil.which("node") is None:
        raise AdoptError("Node is not installed, and the application has a package.json that names express.")
    if wanted is None and len(packages) > 1:
        names = [str((folder / (_files(folder) or ["?"])[0]).relative_to(copy)) for folder in packages]
        raise AmbiguousError(f"Which application is it? There are {len(names)} packages that name express.", names)
    if wanted is not None:
        return _named(copy, packages, looking, wanted)
    return _found(copy, packages[0], looking)


def _packages(copy: Path) -> list[Path]:
    """Folders of packages that depend on Express, but for those in node_modules."""
    paths = [path for path in sorted(copy.rglob("package.json")) if "node_modules" not in path.parts]
    return [path.parent for path in paths if "express" in _dependencies(path)]


def _package(path: Path) -> dict[str, Any]:
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdoptError(f"{path.name} is not JSON: {error}.") from error
    return package if isinstance(package, dict) else {}


def _dependencies(path: Path) -> Mapping[str, str]:
    dependencies = _package(path).get("dependencies")
    return dependencies if isinstance(dependencies, dict) else {}


def _files(folder: Path) -> list[str]:
    """Files that may be run: what `npm start` runs, else `main`, else the usual names."""
    package = _package(folder / "package.json")
    started = STARTED.findall(str((package.get("scripts") or {}).get("start", "")))
    named = [*started[:1], *([package["main"]] if isinstance(package.get("main"), str) else [])]
    for name in named:
        for file in (name, f"{name}.js", f"{name}/index.js"):
            if (folder / file).is_file():
                return [str(Path(file)), *[usual for usual in USUAL if (folder / usual).is_file() and usual != file]]
    return [usual for usual in USUAL if (folder / usual).is_file()]


def _named(copy: Path, packages: list[Path], looking: Looking, wanted: str) -> Found:
    if not (copy / wanted).is_file():
        raise AdoptError(f"--entry names {wanted}, which is no file of the application.")
    file = copy / wanted
    folder = max(
        (each for each in packages if file.is_relative_to(each)), key=lambda each: len(each.parts), default=copy
    )
    entry, error = _run(copy, folder, str(file.relative_to(folder)), looking)
    if entry is None:
        raise AdoptError(error or f"--entry names {wanted}, in which no Express application listens.")
    return Found(entry, "--entry names it", "chosen")


def _found(copy: Path, folder: Path, looking: Looking) -> Found:
    first = None
    files = _files(folder)
    for file in files:
        entry, error = _run(copy, folder, file, looking)
        if entry is not None:
            why = f"it was run, and an Express application with {len(entry.routes)} routes wanted to listen"
            return Found(entry, why, "certain")
        first = first or error
    tried = ", ".join(files) or "its files"
    raise AdoptError(
        first or f"package.json names express, but none of {tried} listens: name the file that does with --entry."
    )


def _run(copy: Path, folder: Path, file: str, looking: Looking) -> tuple[Entry | None, str | None]:
    command = ["node", "--require", str(PROBE), file]
    outcome = confinement.run(command, folder, looking.environment, network=looking.network)
    answer = outcome.answer
    if answer is None:
        return None, of_node_error(file, {"type": "end", "status": outcome.status, "message": outcome.complaint})
    if "error" in answer:
        return None, of_node_error(file, answer["error"])
    if not answer["found"]:
        return None, None
    root = str(folder.relative_to(copy))
    loaded = set(answer["loaded"])
    served = answer["found"][0]
    return Entry(
        framework="Express",
        protocol="node",
        spec=file,
        root=root,
        routes=tuple(Route(path, tuple(methods)) for path, methods in served["routes"]),
        observed_by=tuple(answer["observed"]),
        variables=tuple(answer["variables"]),
        databases=tuple(sorted({kind for name, kind in DRIVERS.items() if name in loaded})),
        migrates=bool({"prisma", "knex", "sequelize", "typeorm"} & set(_dependencies(folder / "package.json"))),
        port=served["port"],
        packages={name: str(version) for name, version in _dependencies(folder / "package.json").items()},
        runtime=answer["runtime"],
    ), None
