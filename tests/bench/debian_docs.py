"""Real passages in any number: Debian's documentation packages by paragraph, and their vectors by the default model.

Fetched by apt and embedded once into a folder, then read from there; embedding goes on where it was interrupted.
"""

import asyncio
import gzip
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from gateway.embeddings.onnx import OnnxEmbedder

PACKAGES = (
    "python3.11-doc", "postgresql-doc-15", "git-doc", "python-django-doc", "python-sqlalchemy-doc", "sqlite3-doc",
    "apache2-doc", "bind9-doc", "libreoffice-help-en-us", "r-doc-html", "debian-reference-en", "ruby3.1-doc",
    "linux-doc-6.1", "erlang-doc", "python-scipy-doc", "python-pandas-doc",
)  # fmt: skip
SHORTEST, LONGEST = 60, 420  # characters of a paragraph
BLOCKS = {"p", "li", "dd", "dt", "blockquote"}
SILENT = {"script", "style", "nav", "pre", "head", "footer", "header"}
STEP = 2048


@dataclass(frozen=True)
class Passage:
    """A paragraph of a page."""

    page: str
    title: str
    text: str


class _Paragraphs(HTMLParser):
    """The page's title, and its paragraphs without what is between other tags."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.found: list[str] = []
        self._open: list[str] = []
        self._silent = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = self._in_title or tag == "title"
        self._silent += tag in SILENT
        if tag in BLOCKS:
            self._close()

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"
        self._silent = max(0, self._silent - (tag in SILENT))
        if tag in BLOCKS:
            self._close()

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent:
            self._open.append(data)

    def close(self) -> None:
        super().close()
        self._close()

    def _close(self) -> None:
        text = " ".join("".join(self._open).replace("¶", "").split())
        self._open.clear()
        if len(text) >= SHORTEST and text.count(" ") >= 8:
            self.found.append(text)


def load(folder: Path, count: int) -> tuple[list[Passage], NDArray[np.float16]]:
    """The first `count` passages, and their vectors of the default model, (count, 384); made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    passages = _passages(folder)[:count]
    if len(passages) < count:
        raise SystemExit(f"the packages hold {len(passages):,} passages, not {count:,}")
    return passages, asyncio.run(_vectors(folder, passages))


def _passages(folder: Path) -> list[Passage]:
    """All passages of the packages, in an order that mixes them."""
    stored = folder / "passages.jsonl.gz"
    if not stored.exists():
        found: dict[bytes, Passage] = {}
        for package in track(PACKAGES, "reading packages"):
            for passage in _read(_unpacked(folder, package), package):
                found.setdefault(hashlib.sha256(passage.text.encode()).digest(), passage)
        partial = stored.with_suffix(".part")
        with gzip.open(partial, "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(asdict(found[key])) + "\n" for key in sorted(found))
        partial.rename(stored)
    with gzip.open(stored, "rt", encoding="utf-8") as lines:
        return [Passage(**json.loads(line)) for line in lines]


def _unpacked(folder: Path, package: str) -> Path:
    target = folder / package
    if not target.exists():
        downloads = folder / "downloads"
        downloads.mkdir(exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", package], cwd=downloads, check=True, capture_output=True)
        partial = folder / f"{package}.part"
        subprocess.run(["dpkg-deb", "-x", str(next(downloads.glob(f"{package}_*.deb"))), str(partial)], check=True)
        partial.rename(target)
    return target


def _read(root: Path, package: str) -> Iterator[Passage]:
    for path in sorted(path for path in root.rglob("*.html") if path.is_file() and not path.is_symlink()):
        page = _Paragraphs()
        page.feed(path.read_text(encoding="utf-8", errors="replace"))
        page.close()
        title = " ".join(page.title.replace("¶", "").split()) or path.stem
        for paragraph in page.found:
            for text in _cut(paragraph):
                yield Passage(f"{package}/{path.relative_to(root)}", title[:200], text)


def _cut(paragraph: str) -> Iterator[str]:
    """The paragraph in pieces of at most LONGEST characters, cut between sentences where there are any."""
    piece = ""
    for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
        if piece and len(piece) + len(sentence) >= LONGEST:
            yield piece
            piece = ""
        piece = f"{piece} {sentence}".strip()[:LONGEST]
    if len(piece) >= SHORTEST:
        yield piece


async def _vectors(folder: Path, passages: list[Passage]) -> NDArray[np.float16]:
    """Vectors, kept in files of STEP rows."""
    embedder = OnnxEmbedder()
    parts = []
    for start in track(range(0, len(passages), STEP), "embedding"):
        batch = passages[start : start + STEP]
        stored = folder / f"vectors-{embedder.name}-{start:08}-{len(batch)}.npy"
        if not stored.exists():
            vectors = await embedder.embed_chunks([f"{passage.title}\n{passage.text}" for passage in batch])
            partial = stored.with_suffix(".part.npy")
            np.save(partial, vectors.astype(np.float16))
            partial.rename(stored)
        parts.append(np.load(stored))
    await embedder.aclose()
    return np.concatenate(parts)
