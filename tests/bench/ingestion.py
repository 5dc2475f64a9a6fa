"""Reading files: pages and megabytes a second through the confined process, against the bare parser in this one.

    make bench-ingestion

The difference is what confinement costs: a fresh interpreter for each file, its imports, and two pipes.
"""

import asyncio
import resource
import statistics
import time
from collections.abc import Awaitable, Callable

from gateway.ingestion.formats import detect
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import read_file
from gateway.ingestion.readers import File, reader_of
from tests.ingestion import office, texts
from tests.ingestion.content import make
from tests.ingestion.pdfs import pdf

LIMITS = Limits()
RUNS = 5


def files() -> dict[str, tuple[bytes, int]]:
    """Name, bytes and pages of what is read."""
    long = make(2, sections=200)
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


async def main() -> None:
    """Print a table."""
    print(f"{'file':20}{'MB':>7}{'pages':>7}{'ms':>9}{'bare ms':>9}{'pages/s':>9}{'MB/s':>8}")
    for name, (data, pages) in files().items():
        confined_s = await median_s(lambda data=data, name=name: read_file(data, name, None, LIMITS))  # type: ignore[misc]
        bare_s = await median_s(lambda data=data, name=name: asyncio.to_thread(bare, data, name))  # type: ignore[misc]
        megabytes = len(data) / 1e6
        speed = f"{pages / confined_s:9.0f}" if pages else f"{'':9}"
        print(
            f"{name:20}{megabytes:7.2f}{pages or '':>7}{confined_s * 1000:9.0f}{bare_s * 1000:9.0f}{speed}"
            f"{megabytes / confined_s:8.1f}"
        )
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"The largest process had {most:.0f} MB.")


if __name__ == "__main__":
    asyncio.run(main())
