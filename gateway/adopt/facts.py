"""What an application's files say of how it is installed and run."""

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.adopt.application import Entry
from gateway.adopt.finding import HINTS

REQUIREMENTS = (
    "requirements.txt", "requirements/production.txt", "requirements/prod.txt", "requirements/base.txt",
    "requirements/requirements.txt",
)  # fmt: skip
LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock")
NODE_LOCKS = {"package-lock.json": "npm", "npm-shrinkwrap.json": "npm", "yarn.lock": "yarn", "pnpm-lock.yaml": "pnpm"}
PORT = re.compile(r"(?:--port[= ]|-p |--bind[= ]\S*:|-b \S*:|^EXPOSE )(\d{2,5})\b", re.MULTILINE)
READ = (
    re.compile(r"""(?:environ(?:\.get)?|getenv)\s*[(\[]\s*["']([A-Z][A-Z0-9_]+)["']"""),
    re.compile(r"process\.env\.([A-Z][A-Z0-9_]+)"),
)
USUAL_PORT = 8000
OF_PLATFORMS = frozenset({"PORT", "NODE_ENV", "DJANGO_SETTINGS_MODULE", "PATH", "HOME"})
NOT_READ = frozenset({"node_modules", "tidegate", "tests", "test", ".venv", "venv", ".git"})


@dataclass(frozen=True)
class Facts:
    """How it is installed and run."""

    installed_by: str
    """The lock or requirements file, relative to the application; empty where there is none."""
    is_package: bool
    """Whether it is installed as a package itself."""
    version: str
    """Of Python or Node, as far as an image's tag says it."""
    port: int
    variables: tuple[str, ...]
    is_built: bool
    """Whether a script of package.json builds it."""


def read_facts(application: Path, entry: Entry) -> Facts:
    """Read them, from the entry's folder up to the application's."""
    folders = _folders(application, entry.root)
    is_node = entry.protocol == "node"
    names = tuple(NODE_LOCKS) if is_node else (*LOCKS, *REQUIREMENTS, "pyproject.toml", "setup.py")
    file = next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)
    package = _json(application / entry.root / "package.json")
    return Facts(
        installed_by=str(file.relative_to(application)) if file else "",
        is_package=not is_node and any(_is_package(folder) for folder in folders),
        version=_node_version(package, entry) if is_node else _python_version(folders, entry),
        port=_port(folders, entry),
        variables=tuple(sorted({*entry.variables, *_variables(application / entry.root)} - OF_PLATFORMS)),
        is_built="build" in (package.get("scripts") or {}),
    )


def _folders(application: Path, root: str) -> list[Path]:
    here = application / root
    return [here, *[parent for parent in here.parents if parent == application or application in parent.parents]]


def _is_package(folder: Path) -> bool:
    file = folder / "pyproject.toml"
    has_build = file.is_file() and "build-system" in tomllib.loads(file.read_text(encoding="utf-8"))
    return has_build or (folder / "setup.py").is_file()


def _python_version(folders: list[Path], entry: Entry) -> str:
    """As it is pinned, else that of the interpreter in which it was imported."""
    for folder in folders:
        for name in (".python-version", "runtime.txt"):
            file = folder / name
            if file.is_file() and (found := re.search(r"(\d\.\d+)", file.read_text(encoding="utf-8"))):
                return found[1]
    return ".".join(entry.runtime.split(".")[:2])


def _node_version(package: dict[str, Any], entry: Entry) -> str:
    wanted = re.fullmatch(r"[\^~>=v ]*(\d+)[\d.x*]*", str((package.get("engines") or {}).get("node", "")))
    here = int(entry.runtime.split(".")[0])
    return str(max(int(wanted[1]), here) if wanted else here)


def _port(folders: list[Path], entry: Entry) -> int:
    for folder in folders:
        for name in HINTS:
            if (folder / name).is_file() and (found := PORT.search(_text(folder / name))):
                return int(found[1])
    return entry.port or USUAL_PORT


def _variables(folder: Path) -> set[str]:
    """Those that the code reads by their names, at whatever time."""
    names: set[str] = set()
    for path in folder.rglob("*"):
        if path.suffix in (".py", ".js", ".mjs", ".cjs", ".ts") and not NOT_READ & set(path.relative_to(folder).parts):
            names |= {name for pattern in READ for name in pattern.findall(_text(path))}
    return names


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(_text(path)) if path.is_file() else {}
    return found if isinstance(found, dict) else {}
