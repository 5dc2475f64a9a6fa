"""Starts an application as it was, twice, and as it becomes, asks all three the same, and says what was seen."""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from gateway.adopt.application import Entry, Found
from gateway.adopt.confinement import copied
from gateway.adopt.errors import AdoptError
from gateway.adopt.facts import Facts
from gateway.adopt.plan import FOLDER, planned
from gateway.adopt.proof.collector import collecting
from gateway.adopt.proof.comparing import Answer, Comparison, answer_of, compare
from gateway.adopt.proof.draining import Drained, drain
from gateway.adopt.proof.serving import HOST, NOWHERE, Start, missing_packages, serving

ANSWERS_WITHIN_S = 120.0
ARRIVES_WITHIN_S = 60.0
MOST_ROUTES = 100


@dataclass(frozen=True)
class Proof:
    """What was seen."""

    comparisons: tuple[Comparison, ...]
    spans: int
    events: int
    opened: str
    """How the breaker of a dead dependency opened; empty where it did not."""
    drained: Drained

    @property
    def holds(self) -> bool:
        """Whether nothing changed and everything arrived."""
        is_same = not any(each.differences for each in self.comparisons)
        return bool(is_same and self.spans and self.events and self.opened and self.drained.is_well)


def prove(application: Path, found: Found, facts: Facts, python: str, environment: Mapping[str, str]) -> Proof:
    """Start it, ask it, stop it, each time on a copy of its own; AdoptError when it cannot be started."""
    entry = found.entry
    paths = [route.path for route in entry.routes if route.is_fixed and "GET" in route.methods][:MOST_ROUTES]
    paths = [*dict.fromkeys(paths), NOWHERE]
    files = planned(application, found, facts)
    with _packages(entry, python, files) as overlay, collecting() as collector:
        as_it_was = Start(entry, python, environment, overlay)
        first, second = (_as_it_was(application, as_it_was, paths) for _ in range(2))
        becomes = Start(entry, python, {**environment, **collector.environment}, overlay)
        with copied(application) as copy:
            _put(copy, files, becomes)
            with serving(becomes, copy, injected=True) as running:
                adopted = _answers(running.url, paths)
                opened = _self_check(copy, becomes)
                drained = drain(running, paths[0])
            collector.wait(ARRIVES_WITHIN_S)
    compared = tuple(compare(f"GET {path}", *three) for path, *three in zip(paths, first, second, adopted, strict=True))
    return Proof(compared, len(collector.spans), collector.events, opened, drained)


def _as_it_was(application: Path, start: Start, paths: list[str]) -> list[Answer]:
    with copied(application) as copy, serving(start, copy, injected=False) as running:
        return _answers(running.url, paths)


def _answers(url: str, paths: list[str]) -> list[Answer]:
    # A connection for each: a server closes one that is kept alive whenever it likes.
    alone = httpx2.Limits(max_keepalive_connections=0)
    with httpx2.Client(base_url=url, timeout=ANSWERS_WITHIN_S, trust_env=False, limits=alone) as client:
        return [answer_of(client, "GET", path) for path in paths]


@contextmanager
def _packages(entry: Entry, python: str, files: Mapping[str, str]) -> Iterator[Path | None]:
    """A folder with what the application's environment lacks; None where it lacks nothing."""
    with tempfile.TemporaryDirectory(prefix="tidegate-adopt-packages-") as folder:
        if entry.protocol == "node":
            for name in ("package.json", "package-lock.json"):
                (Path(folder) / name).write_text(files[f"{FOLDER}/node/{name}"], encoding="utf-8")
            _installed(["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder])
            yield Path(folder)
        elif missing_packages(python):
            needed = Path(folder) / "requirements.txt"
            needed.write_text(files[f"{FOLDER}/requirements.txt"] + "gunicorn\nuvicorn\n", encoding="utf-8")
            target = Path(folder) / "packages"
            _installed(
                [python, "-m", "pip", "install", "--quiet", "--target", str(target), "--requirement", str(needed)]
            )
            yield target
        else:
            yield None


def _installed(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  made here, no shell
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise AdoptError(f"What is injected cannot be installed: {last}")


def _put(copy: Path, files: Mapping[str, str], start: Start) -> None:
    for path, text in files.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(text, encoding="utf-8")
    if start.entry.protocol == "node" and start.overlay is not None:
        (copy / FOLDER / "node" / "node_modules").symlink_to(start.overlay / "node_modules")


def _self_check(copy: Path, start: Start) -> str:
    """How the breaker of a dead dependency opened in the application's environment; one event is sent as well."""
    folder = copy / FOLDER
    if start.entry.protocol == "node":
        program = ["node", "--import", f"{folder}/node/inject.mjs", f"{folder}/node/selfcheck.mjs"]
    else:
        program = [start.python, "-m", "tidegate_adopted.selfcheck"]
    paths = [folder / "python", *([start.overlay] if start.overlay else [])]
    own = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": os.pathsep.join(map(str, paths))}
    given = {**own, **start.environment, "TIDEGATE_RESILIENCE": "enforce"}
    with socket.socket() as dead:  # bound, and never listening
        dead.bind((HOST, 0))
        command = [*program, f"http://{HOST}:{dead.getsockname()[1]}/"]
        done = subprocess.run(command, check=False, cwd=copy, env=given, capture_output=True, text=True)  # noqa: S603
    try:
        said = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise AdoptError(f"What is injected does not run: {done.stderr.strip()[-300:]}") from error
    return f"after {said['calls'] - 1} calls by {said['library']}" if said["opened"] else ""


def told(proof: Proof) -> str:
    """The proof for people, as Markdown."""
    rows = "".join(f"| `{each.request}` | {_verdict(each)} |\n" for each in proof.comparisons)
    drained = proof.drained
    return f"""\
# The application as it was, and as it becomes

| request | answers |
| --- | --- |
{rows}
| what | seen |
| --- | --- |
| spans that arrived | {proof.spans} |
| events that arrived | {proof.events} |
| breaker of a dead dependency | {f"opened {proof.opened}" if proof.opened else "did not open"} |
| SIGTERM | {drained.answered} answered, {drained.cut} cut off, exit status {drained.status} |
| in all | {"nothing changed" if proof.holds else "not proved"} |
"""


def _verdict(comparison: Comparison) -> str:
    if comparison.differences:
        return ", ".join(comparison.differences)
    return "equal, but for what differs by itself from run to run" if comparison.varies else "equal"
