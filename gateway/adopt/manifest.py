"""Writes the planned files, and removes exactly them again."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.adopt.errors import AdoptError

MANIFEST = "tidegate/manifest.json"


@dataclass(frozen=True)
class Written:
    """What became of the files: paths relative to the application."""

    added: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    """Changed by somebody since: left as they are."""


def write(application: Path, files: Mapping[str, str]) -> Written:
    """Write what is new or was written before and not touched since; AdoptError for a file of somebody else."""
    before = _read(application)
    for path in files:
        if (application / path).exists() and path not in before:
            raise AdoptError(f"{path} is there already, and not by tidegate-adopt: nothing was written.")
    added, unchanged, kept = [], [], []
    for path, text in files.items():
        there = _checksum(application / path)
        if there == _sum(text):
            unchanged.append(path)
        elif there is not None and there != before[path]:
            kept.append(path)
        else:
            _put(application / path, text)
            added.append(path)
    sums = {path: before[path] if path in kept else _sum(text) for path, text in files.items()}
    _remove(application, [path for path in before if path not in files], before)
    _put(application / MANIFEST, json.dumps({**sums}, indent=1, sort_keys=True) + "\n")
    return Written(tuple(added), tuple(unchanged), tuple(kept))


def owned(application: Path) -> frozenset[str]:
    """Paths that an earlier run has written."""
    return frozenset(_read(application))


def undo(application: Path) -> Written:
    """Remove what was written and nobody has changed since; AdoptError where nothing was."""
    before = _read(application)
    if not before:
        raise AdoptError(f"{application} has no {MANIFEST}: there is nothing to undo.")
    kept = _remove(application, before, before)
    (application / MANIFEST).unlink()
    _remove_empty_folders(application, [*before, MANIFEST])
    return Written((), (), tuple(kept))


def _remove(application: Path, paths: Iterable[str], sums: Mapping[str, str]) -> list[str]:
    kept = []
    for path in paths:
        there = _checksum(application / path)
        if there == sums[path]:
            (application / path).unlink()
        elif there is not None:
            kept.append(path)
    return kept


def _remove_empty_folders(application: Path, paths: Iterable[str]) -> None:
    folders = {parent for path in paths for parent in Path(path).parents if parent != Path()}
    for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
        here = application / folder
        if here.is_dir() and not any(here.iterdir()):
            here.rmdir()


def _read(application: Path) -> dict[str, str]:
    file = application / MANIFEST
    if not file.is_file():
        return {}
    try:
        sums = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdoptError(f"{MANIFEST} is not as tidegate-adopt wrote it: {error}.") from error
    inside = isinstance(sums, dict) and all(
        (application / path).resolve().is_relative_to(application.resolve()) for path in sums
    )
    if not inside:
        raise AdoptError(f"{MANIFEST} names files outside the application.")
    return {str(path): str(value) for path, value in sums.items()}


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
