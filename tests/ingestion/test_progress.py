"""How far reading is can be watched in every format, and is written seldom."""

import asyncio
import uuid
from typing import Any, cast

import pytest

from gateway.ingestion.formats import Format, detect
from gateway.ingestion.limits import Limits
from gateway.ingestion.process import read_file
from gateway.ingestion.progress import UNITS, Progress, Unit
from gateway.ingestion.readers import File, reader_of
from gateway.worker.ingestion.loop import REPORT_EVERY_S, Ingestion
from tests.ingestion.good_files import GoodFile, good_files

FILES = list(good_files())[:13]
PATIENT = Limits(seconds=300)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_format_says_how_much_is_done_of_how_much(file: GoodFile) -> None:
    told: list[tuple[int, int]] = []
    found = detect(file.data, file.name, None, PATIENT)
    reader = reader_of(found)
    one = File(file.data, file.name, found, PATIENT, lambda done, total: told.append((done, total)))
    reader.prepare(one)
    reader.read(one)
    assert told == sorted(told)
    done, total = told[-1]
    assert done == total > 0
    assert {all_of for _, all_of in told} == {total}
    if file.pages:
        assert total == file.pages


@pytest.mark.anyio
async def test_the_process_tells_what_it_counts() -> None:
    assert set(UNITS) == set(Format)
    read = await read_file(b"Words.", "a.txt", None, PATIENT)
    assert (read.format, read.total, read.unit) == (Format.TEXT, 6, Unit.CHARACTERS)
    told: list[Progress] = []

    async def tell(progress: Progress) -> None:
        told.append(progress)

    rows = b"".join(b"%d,b,c\n" % number for number in range(1_000))
    read = await read_file(rows, "a.csv", None, PATIENT, tell)
    assert read.total == len(rows)
    assert [progress.unit for progress in told] == [Unit.CHARACTERS] * len(told)
    assert told and all(0 < progress.done <= progress.total == len(rows) for progress in told)


@pytest.mark.anyio
async def test_progress_is_written_once_a_second_at_most() -> None:
    now, written = 0.0, []

    class Queue:
        async def report(self, job: object, progress: Progress) -> None:
            written.append((now, progress.done))

    ingestion = Ingestion(
        cast(Any, None), cast(Any, None), asyncio.Event(), processes=1, max_attempts=1, backoff_s=0, clock=lambda: now
    )
    report = ingestion._reporter(cast(Any, Queue()), cast(Any, uuid.uuid4()))
    for tenth in range(31):
        now = tenth / 10
        await report(Progress(tenth, 31, Unit.PAGES))
    assert written == [(1.0, 10), (2.0, 20), (3.0, 30)]
    assert REPORT_EVERY_S == 1
