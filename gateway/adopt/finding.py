"""Finds the way into an application by importing candidates, and asks where two answers are possible."""

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway.adopt import confinement
from gateway.adopt.application import Entry, Found, Route
from gateway.adopt.candidates import Candidate, candidates, ways_to
from gateway.adopt.errors import AdoptError, AmbiguousError
from gateway.adopt.sentences import of_python_error

PROBE = Path(__file__).parent / "probes" / "python_probe.py"
AT_A_TIME = 2
# Servers as a Procfile, a Dockerfile or a script starts them, and what they are given.
STARTS = re.compile(
    r"""(?:gunicorn|uvicorn|hypercorn|daphne|waitress-serve|granian)\b[^\n]*?[\s"']([\w.]+:[a-zA-Z_]\w*(?:\(\))?)(?!\S*[/\d])"""
)
HINTS = (
    "Procfile", "Dockerfile", "Containerfile", "docker-compose.yml", "compose.yaml", "compose.yml", "app.yaml",
    "render.yaml", "fly.toml",
)  # fmt: skip
DRIVERS = {
    "psycopg": "postgresql", "psycopg2": "postgresql", "asyncpg": "postgresql", "MySQLdb": "mysql",
    "pymysql": "mysql", "aiomysql": "mysql", "pymongo": "mongodb", "motor": "mongodb", "redis": "redis",
    "aiosqlite": "sqlite",
}  # fmt: skip
"""Modules that speak to a database, and to which."""
SERVED = ("wsgi", "asgi")
"""Names of modules that are there to be served."""


@dataclass(frozen=True)
class Looking:
    """How an application is looked at."""

    python: str
    environment: Mapping[str, str] = field(default_factory=dict)
    network: bool = False


@dataclass(frozen=True)
class Probed:
    """What became of the attempts to import one file."""

    candidate: Candidate
    entries: tuple[Entry, ...]
    error: Mapping[str, Any] | None


def find_python(application: Path, copy: Path, looking: Looking, wanted: str | None) -> Found | None:
    """The entry, None where no module looks like one; AdoptError, AmbiguousError."""
    if wanted is not None:
        return _named(copy, looking, wanted)
    files = candidates(copy)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        probed = list(pool.map(lambda ways: _probe(ways, copy, looking, None), files))
    entries = merged(entry for each in probed for entry in each.entries)
    if not entries:
        broken = [each for each in probed if each.error is not None]
        if broken:
            raise AdoptError(of_python_error(broken[0].candidate.file, broken[0].error or {}, looking.python))
        return None
    return choose(entries, hints(application))


def _named(copy: Path, looking: Looking, wanted: str) -> Found:
    """What `--entry` names."""
    module, _, attribute = wanted.partition(":")
    if not re.fullmatch(r"[\w.]+:\w+(\(\))?", wanted):
        raise AdoptError(f"--entry {wanted} is not of the form module:name, or module:factory() for what makes one.")
    ways = ways_to(copy, module)
    if not ways:
        raise AdoptError(f"--entry names the module {module}, of which there is no file.")
    probed = _probe(ways, copy, looking, attribute)
    if probed.error is not None:
        raise AdoptError(of_python_error(probed.candidate.file, probed.error, looking.python))
    if not probed.entries:
        raise AdoptError(f"--entry names {wanted}, which is no Django, Flask or FastAPI application.")
    return Found(probed.entries[0], "--entry names it", "chosen")


def _probe(ways: list[Candidate], copy: Path, looking: Looking, attribute: str | None) -> Probed:
    """Import one file, the one way or the other."""
    first: Probed | None = None
    for way in ways:
        probed = _import(way, copy, looking, attribute)
        if probed.error is None:
            return probed
        first = first or probed
    assert first is not None
    return first


def _import(way: Candidate, copy: Path, looking: Looking, attribute: str | None) -> Probed:
    folder = copy / way.root
    # Where `src` holds the packages, applications are started one above.
    cwd = copy if folder.name in ("src", "lib") else folder
    request = {"root": str(copy), "paths": [str(folder)], "module": way.module, "attribute": attribute}
    command = [looking.python, "-B", str(PROBE), json.dumps(request)]
    outcome = confinement.run(command, cwd, looking.environment, network=looking.network)
    if outcome.answer is None:
        return Probed(way, (), {"type": "end", "status": outcome.status, "message": outcome.complaint})
    if "error" in outcome.answer:
        return Probed(way, (), outcome.answer["error"])
    return Probed(way, tuple(_entry(way, each, outcome.answer) for each in outcome.answer["found"]), None)


def _entry(way: Candidate, found: Mapping[str, Any], answer: Mapping[str, Any]) -> Entry:
    spec = f"{found['module']}:{found['attribute']}"
    drivers = {kind for name, kind in DRIVERS.items() if name in answer["modules"]}
    return Entry(
        framework=found["framework"],
        protocol=found["protocol"],
        spec=spec,
        root=way.root,
        aliases=frozenset({spec, *found["aliases"]}),
        routes=tuple(Route(path, tuple(methods)) for path, methods in found["routes"]),
        settings=found["settings"],
        observed_by=tuple(answer["observed"]),
        variables=tuple(answer["variables"]),
        databases=tuple(dict.fromkeys([*found.get("engines", []), *sorted(drivers)])),
        static=found["static"],
        migrates=bool(found.get("migrates")) or "alembic" in answer["packages"],
        packages=answer["packages"],
        runtime=answer["runtime"],
    )


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Each application once, under the name that is there to be served, else where it is made.

    Two entries are one application if they share a name, if one of them makes what the other holds, with the same
    routes, or if they are the two protocols of one Django project.
    """
    kept: list[Entry] = []
    for entry in entries:
        for place, other in enumerate(kept):
            if _is_same(entry, other):
                better = min(entry, other, key=_preference)
                kept[place] = replace(better, aliases=entry.aliases | other.aliases)
                break
        else:
            kept.append(entry)
    return kept


def _is_same(one: Entry, other: Entry) -> bool:
    if one.framework != other.framework or one.root != other.root:
        return False
    if one.aliases & other.aliases or (one.framework == "Django" and one.settings == other.settings):
        return True
    return bool(one.routes) and set(one.routes) == set(other.routes) and (one.is_factory or other.is_factory)


def _preference(entry: Entry) -> tuple[bool, bool, int]:
    module = entry.spec.partition(":")[0]
    return module.rpartition(".")[2] not in SERVED, entry.protocol == "asgi", len(entry.spec)


def hints(application: Path) -> set[str]:
    """What files that start the application name."""
    files = [application / name for name in HINTS if (application / name).is_file()]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return {spec for text in texts for spec in STARTS.findall(text)}


def choose(entries: list[Entry], hinted: set[str]) -> Found:
    """The only entry, or the only one that is started by the application's own files; AmbiguousError."""
    named = [entry for entry in entries if entry.aliases & hinted]
    if len(entries) == 1:
        kind = f"a {entries[0].framework} application with {len(entries[0].routes)} routes"
        return Found(_as_hinted(entries[0], hinted), f"it was imported, is {kind}, and no other was found", "certain")
    if len(named) == 1:
        entry = _as_hinted(named[0], hinted)
        return Found(entry, f"of {len(entries)} applications, the files that start one name it", "certain")
    told = [f"{entry.spec} ({entry.framework}, {len(entry.routes)} routes, in {entry.root})" for entry in entries]
    raise AmbiguousError(
        f"Which application is it? There are {len(entries)}: {'; '.join(told)}.", [entry.spec for entry in entries]
    )


def _as_hinted(entry: Entry, hinted: set[str]) -> Entry:
    """Under the name by which it is started today."""
    names = sorted(entry.aliases & hinted)
    return replace(entry, spec=names[0]) if names else entry
