"""Real passages shared out to tenants of very different sizes, for measuring search under row level security."""

import json
import random
import struct
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.progress import Progress, track

from tests.bench.debian_docs import Passage
from tests.support import Database, make_user

# One organization each of these shares of all passages; what is left goes to organizations of Zipf sizes.
SINGLE = {"0.01 %": 0.0001, "0.1 %": 0.001, "1 %": 0.01, "3 %": 0.03, "10 %": 0.1, "30 %": 0.3}
# Callers who see as much through many organizations, none of them a large scope.
MANY = {"3 %, many": 0.03, "10 %, many": 0.1, "30 %, many": 0.3}
ALL = "100 %"
SMALL_ORGANIZATIONS = 800
CHUNKS = (
    "copy public.chunks (id, document_id, scope_id, position, title, content, start_offset, end_offset, token_count,"
    " language, input_hash) from stdin"
)
VECTORS = (
    "copy public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding, is_indexed, scope_index_id)"
    " from stdin (format binary)"
)


@dataclass
class Tenancy:
    """The table, passage n being chunk n + 1; which of its rows each caller sees, by name; the callers' ids."""

    passages: Sequence[Passage]
    vectors: NDArray[np.float16]
    rows: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    callers: dict[str, uuid.UUID] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write all but the passages into `folder`."""
        np.save(folder / "vectors.npy", self.vectors)
        np.savez(folder / "rows.npz", **self.rows)  # type: ignore[arg-type]
        callers = {name: str(person) for name, person in self.callers.items()}
        (folder / "callers.json").write_text(json.dumps(callers) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Tenancy":
        """What `save` wrote; without the passages."""
        callers = json.loads((folder / "callers.json").read_text(encoding="utf-8"))
        with np.load(folder / "rows.npz") as rows:
            return cls((), np.load(folder / "vectors.npy"), dict(rows), {n: uuid.UUID(p) for n, p in callers.items()})


def share_out(passages: Sequence[Passage], generator: random.Random) -> tuple[list[str], dict[str, list[str]]]:
    """The organization of each passage, and each caller's organizations. Pages stay whole; topics do not matter."""
    budgets = {name: share * len(passages) for name, share in SINGLE.items()}
    left = len(passages) - sum(budgets.values())
    harmonic = sum(1 / (rank + 20) for rank in range(SMALL_ORGANIZATIONS))
    small = [f"small {rank}" for rank in range(SMALL_ORGANIZATIONS)]
    budgets |= {name: left / (rank + 20) / harmonic for rank, name in enumerate(small)}
    pages: dict[str, int] = {}
    for passage in passages:
        pages[passage.page] = pages.get(passage.page, 0) + 1
    homes: dict[str, str] = {}
    order = sorted(pages)
    generator.shuffle(order)
    # The largest page first into whatever still has most room would sort by size; a random one keeps topics mixed.
    waiting = list(budgets)
    for page in order:
        home = max(generator.sample(waiting, min(64, len(waiting))) + list(SINGLE), key=lambda name: budgets[name])
        budgets[home] -= pages[page]
        homes[page] = home
    held: dict[str, int] = {}
    for page, home in homes.items():
        held[home] = held.get(home, 0) + pages[page]
    callers = {name: [name] for name in SINGLE} | {ALL: list(budgets)}
    for name, share in MANY.items():
        generator.shuffle(small)
        chosen, total = [], 0
        for organization in small:
            if total < share * len(passages):
                chosen.append(organization)
                total += held.get(organization, 0)
        callers[name] = chosen
    return [homes[passage.page] for passage in passages], callers


def all_in_one(passages: Sequence[Passage], _: random.Random) -> tuple[list[str], dict[str, list[str]]]:
    """One organization with everything, and one caller who sees it."""
    return [ALL] * len(passages), {ALL: [ALL]}


def fill(
    database: Database,
    passages: Sequence[Passage],
    vectors: NDArray[np.float16],
    share: Callable[[Sequence[Passage], random.Random], tuple[list[str], dict[str, list[str]]]] = share_out,
    seed: int = 1,
    *,
    with_words: bool = True,
    public_share: float = 0.0,
) -> Tenancy:
    """Load the passages with their vectors as the organizations' documents, and index them as the worker would.

    `share` names the organization of each passage, and each caller's organizations. Searches by meaning alone can do
    without `with_words`, which takes a third of the time. `public_share` of the pages are public, and then every
    organization may publish.

    Pages come one after the other in any order, as they do where people add documents.
    """
    generator = random.Random(seed)
    turns = {page: generator.random() for page in sorted({passage.page for passage in passages})}
    order = sorted(range(len(passages)), key=lambda row: (turns[passages[row].page], row))
    tenancy = Tenancy([passages[row] for row in order], vectors[order])
    homes, callers = share(tenancy.passages, generator)
    organizations = {name: uuid.uuid4() for name in sorted({*homes, *chain.from_iterable(callers.values())})}
    with database.connect("supabase_admin") as admin:
        admin.execute("set maintenance_work_mem = '6GB'; set synchronous_commit = off")
        _people(admin, organizations, callers, tenancy)
        if public_share:
            admin.execute("update public.organizations set may_publish = true")
        _documents(admin, tenancy.passages, homes, organizations, public_share)
        admin.execute("delete from private.embedding_jobs; analyze public.chunks")
        scope_indexes = _open_scope_indexes(admin)
        indexes = _without_vector_indexes(admin)
        _vectors(admin, tenancy.vectors, scope_indexes)
        for definition in track(indexes, "indexing vectors"):
            admin.execute(definition.encode())
        admin.execute("update private.scope_indexes set is_complete = true")
        if with_words:
            _post(admin, len(passages))
        admin.execute("select private.roll_up_chunk_counts()")
        admin.execute("vacuum analyze")
    for name, theirs in callers.items():
        own = set(theirs)
        tenancy.rows[name] = np.array([row for row, home in enumerate(homes) if home in own], np.int64)
    return tenancy


def _people(
    admin: psycopg.Connection[Any],
    organizations: dict[str, uuid.UUID],
    callers: dict[str, list[str]],
    tenancy: Tenancy,
) -> None:
    owner = make_user(admin, "owner@example.org")
    for number, (name, organization) in enumerate(organizations.items()):
        admin.execute(
            "insert into public.organizations (id, name, slug, created_by) values (%s, %s, %s, %s)",
            (organization, name, f"organization-{number}", owner),
        )
    for number, (caller, theirs) in enumerate(callers.items()):
        person = tenancy.callers[caller] = make_user(admin, f"caller{number}@example.org")
        with admin.cursor() as cursor:
            cursor.executemany(
                "insert into public.memberships (organization_id, user_id, role) values (%s, %s, 'viewer')",
                [(organizations[name], person) for name in theirs],
            )


def _documents(
    admin: psycopg.Connection[Any],
    passages: Sequence[Passage],
    homes: Sequence[str],
    organizations: dict[str, uuid.UUID],
    public_share: float,
) -> None:
    pages = [list(rows) for _, rows in groupby(range(len(passages)), key=lambda row: passages[row].page)]
    ids = [uuid.uuid4() for _ in pages]
    with admin.cursor() as cursor:
        with cursor.copy("copy public.documents (id, organization_id, visibility, title, content) from stdin") as copy:
            for page, rows in zip(ids, pages, strict=True):
                organization = organizations[homes[rows[0]]]
                visibility = "public" if page.int % 1000 < 1000 * public_share else "organization"
                copy.write_row((page, organization, visibility, passages[rows[0]].title or "-", ""))
        with cursor.copy(CHUNKS) as copy:
            for page, rows in track(list(zip(ids, pages, strict=True)), "loading passages"):
                for position, row in enumerate(rows):
                    title, text = passages[row].title, passages[row].text
                    tokens = max(1, len(text) // 4)
                    organization = organizations[homes[row]]
                    is_public = page.int % 1000 < 1000 * public_share
                    scope = _public_scope(organization) if is_public else organization
                    copy.write_row((row + 1, page, scope, position, title, text, 0, len(text), tokens, "en", b""))


def _public_scope(organization: uuid.UUID) -> uuid.UUID:
    """As private.public_scope."""
    return uuid.UUID(md5(f"public documents of {organization}".encode(), usedforsecurity=False).hexdigest())


def _open_scope_indexes(admin: psycopg.Connection[Any]) -> dict[str, int]:
    while (admin.execute("select private.create_scope_index()").fetchone() or (None,))[0]:
        pass
    return {
        str(scope): scope_index
        for scope, scope_index in admin.execute("select scope_id, id from private.scope_indexes").fetchall()
    }


def _without_vector_indexes(admin: psycopg.Connection[Any]) -> list[str]:
    """Drop the HNSW indexes, and return what makes them again: building them at once is ten times faster."""
    found = admin.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        " where indrelid = 'public.chunk_embeddings'::regclass and pg_get_indexdef(indexrelid) like '%USING hnsw%'"
    ).fetchall()
    for name, _ in found:
        admin.execute(f"drop index {name}".encode())
    return [definition for _, definition in found]


def _vectors(admin: psycopg.Connection[Any], vectors: NDArray[np.float16], scope_indexes: dict[str, int]) -> None:
    rows = admin.execute("select id, source_id, scope_id from public.chunks order by id").fetchall()
    with admin.cursor() as cursor, cursor.copy(VECTORS) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0))
        for line in track(_binary(rows, vectors, scope_indexes), "loading vectors", total=len(rows)):
            copy.write(line)
        copy.write(struct.pack("!h", -1))


def _binary(
    rows: Sequence[tuple[int, uuid.UUID, uuid.UUID]], vectors: NDArray[np.float16], scope_indexes: dict[str, int]
) -> Iterator[bytes]:
    for (chunk, source, scope), vector in zip(rows, vectors, strict=True):
        scope_index = scope_indexes.get(str(scope), 0)
        data = struct.pack("!hh", len(vector), 0) + vector.astype(">f2").tobytes()
        yield (
            struct.pack("!hiqih", 7, 8, chunk, 2, 1)
            + struct.pack("!i16si16s", 16, source.bytes, 16, scope.bytes)
            + struct.pack("!i", len(data))
            + data
            + struct.pack("!i?ih", 1, scope_index == 0, 2, scope_index)
        )


def _post(admin: psycopg.Connection[Any], total: int) -> None:
    with Progress() as progress:
        task = progress.add_task("gathering words", total=total)
        while posted := (admin.execute("select private.post_chunks(1024, 0)").fetchone() or (0,))[0]:
            progress.advance(task, posted)
    while (admin.execute("select private.merge_postings()").fetchone() or (False,))[0]:
        pass


def claims_of(person: uuid.UUID) -> str:
    """The verified claims of a person, as the gateway hands them over."""
    return json.dumps({"role": "authenticated", "sub": str(person)})
