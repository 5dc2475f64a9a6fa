"""Reading files: pages and megabytes a second through the confined process, against the bare parser in this one.

    make bench-ingestion

The difference is what confinement costs: a fresh interpreter for each file, its imports, and two pipes. Each file is
measured from a fresh process, which stands for the worker, so that the memory of both can be told.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.ingestion.formats import detect
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import read_file
from gateway.ingestion.readers import File, reader_of
from gateway.local.paths import REPOSITORY
from tests.ingestion import office, texts
from tests.ingestion.content import make
from tests.ingestion.pdfs import pdf

LIMITS = Limits()
RUNS = 5


def files() -> dict[str, tuple[bytes, int]]:
    """Name, bytes and pages of what is read."""
    long = make(2, sections=200)
    row = "anchor,bollard,capstan,davit,ebb\n"
    return {
        "ten pages.pdf": (pdf(make(1, sections=10)), 10),
        "hundred pages.pdf": (pdf(make(1, sections=100)), 100),
        "thousand pages.pdf": (pdf(make(1, sections=1_000)), 1_000),
        "report.docx": (office.docx(long), 0),
        "slides.pptx": (office.pptx(long), 201),
        "sheets.xlsx": (office.xlsx(long), 0),
        "letter.odt": (office.odt(long), 0),
        "page.html": (texts.html(long).encode(), 0),
        "notes.md": (texts.markdown(long).encode() * 20, 0),
        "six megabytes.csv": ((row * 200_000).encode(), 0),
        "one line.txt": (b"A bowline holds.", 0),
    }


async def median_s(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of the median run."""
    took = []
    for _ in range(RUNS):
        started = time.perf_counter()
        await work()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def bare(data: bytes, name: str) -> None:
    """Read in this process."""
    file = File(data, name, detect(data, name, None, LIMITS), LIMITS)
    reader = reader_of(file.format)
    reader.prepare(file)
    reader.read(file)


def peak_mb(of: int) -> float:
    """The most memory that this process had, or any of its children."""
    return resource.getrusage(of).ru_maxrss / 1024


async def measure(data: bytes, name: str) -> dict[str, float]:
    """Seconds of a file, confined and bare; megabytes of the parser, and those that reading adds to the worker."""
    before = peak_mb(resource.RUSAGE_SELF)
    confined_s = await median_s(lambda: read_file(data, name, None, LIMITS))
    memory = {"parser": peak_mb(resource.RUSAGE_CHILDREN), "worker": peak_mb(resource.RUSAGE_SELF) - before}
    bare_s = await median_s(lambda: asyncio.to_thread(bare, data, name))
    return {"confined_s": confined_s, "bare_s": bare_s, **memory}


def measured(path: Path) -> dict[str, Any]:
    """The same from a fresh process."""
    command = [sys.executable, "-m", "tests.bench.ingestion", "--of", str(path)]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def main() -> None:
    """Print a table, or of one file the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", type=Path)
    if (of := parser.parse_args().of) is not None:
        json.dump(asyncio.run(measure(of.read_bytes(), of.name)), sys.stdout)
        return
    table = Table("file", *("MB", "pages", "ms", "bare ms", "pages/s", "MB/s", "parser MB", "worker + MB"))
    with tempfile.TemporaryDirectory() as folder:
        for name, (data, pages) in files().items():
            path = Path(folder) / name
            path.write_bytes(data)
            found = measured(path)
            size, seconds = len(data) / 1e6, found["confined_s"]
            table.add_row(
                name,
                f"{size:.2f}",
                f"{pages or ''}",
                f"{seconds * 1000:.0f}",
                f"{found['bare_s'] * 1000:.0f}",
                f"{pages / seconds:.0f}" if pages else "",
                f"{size / seconds:.1f}",
                f"{found['parser']:.0f}",
                f"{found['worker']:.0f}",
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
