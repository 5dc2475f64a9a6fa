"""Ids that people read: unique however many are drawn, in the order of time, and silent about the rows of others."""

import itertools
import random
import threading
import time
import uuid
from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller, make_user
from tests.support.waiting import PATIENCE_S

EPOCH_MS = 1_767_225_600_000  # the first of January 2026
NUMBERS = 4096


@pytest.fixture(scope="module")
def product(database: Database) -> uuid.UUID:
    with database.connect() as connection:
        connection.execute("update private.limits set allowed = 1000000 where name like 'interactions%'")
        row = connection.execute(
            "with c as (insert into public.categories (slug, name) values ('ids', 'Ids') returning id)"
            " insert into public.products (category_id, sku, name, price)"
            " select id, 'IDS', 'Lamp', 1 from c returning id"
        ).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))


@pytest.fixture(scope="module")
def people(database: Database) -> list[uuid.UUID]:
    with database.connect("supabase_admin") as admin:
        return [make_user(admin, f"{uuid.uuid4()}@example.org") for _ in range(2)]


def look(connection: psycopg.Connection[Any], person: uuid.UUID, product: uuid.UUID, times: int) -> list[int]:
    """Somebody looks at a product so often, in one statement; the ids of what was noted."""
    with as_caller(connection, person):
        rows = connection.execute(
            "insert into public.interactions (product_id, kind)"
            " select %s, 'view' from generate_series(1, %s) returning id",
            (product, times),
        ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize("seed", range(5))
def test_a_shuffle_is_a_permutation(connection: psycopg.Connection[Any], seed: int) -> None:
    shuffle = "select private.shuffled(n, %s) from generate_series(0, 4095) n order by n"
    one, other = random.Random(seed).randbytes(192), random.Random(-1 - seed).randbytes(192)
    shuffled = [row[0] for row in connection.execute(shuffle, (one,)).fetchall()]
    assert sorted(shuffled) == list(range(NUMBERS))
    assert sum(shuffled[n] == n for n in range(NUMBERS)) < 20, "it moves nearly all of them"
    otherwise = [row[0] for row in connection.execute(shuffle, (other,)).fetchall()]
    assert sum(a == b for a, b in zip(shuffled, otherwise, strict=True)) < 20


def test_every_millisecond_shuffles_otherwise(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction(force_rollback=True):
        tables = "select private.row_id_tables(n) from generate_series(1, 100) n"
        of_100 = [row[0] for row in connection.execute(tables.encode()).fetchall()]
        connection.execute("update private.secrets set value = sha256(value)")
        of_another_key = [row[0] for row in connection.execute(tables.encode()).fetchall()]
    assert {len(table) for table in of_100} == {192}
    assert len({*of_100, *of_another_key}) == 200


def test_twenty_thousand_ids_of_one_statement_are_unique_and_in_the_order_of_time(
    connection: psycopg.Connection[Any],
) -> None:
    before = time.time()
    draw = "select private.new_row_id() from generate_series(1, 20000)"
    ids = [row[0] for row in connection.execute(draw.encode()).fetchall()]
    took = time.time() - before
    print(f"20,000 ids in {took:.2f} s, at most {max(len(g) for g in _by_millisecond(ids).values())} a millisecond")
    assert len(set(ids)) == 20_000
    assert max(ids) < 2**53
    milliseconds = [number >> 12 for number in ids]
    assert milliseconds == sorted(milliseconds)
    assert (
        before - 0.1 < (EPOCH_MS + milliseconds[0]) / 1000 <= (EPOCH_MS + milliseconds[-1]) / 1000 < time.time() + 0.1
    )


def _by_millisecond(ids: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number in ids:
        found.setdefault(number >> 12, []).append(number)
    return found


def test_ids_of_many_sessions_at_once_are_unique(
    database: Database, people: list[uuid.UUID], product: uuid.UUID
) -> None:
    drawn: list[int] = []
    ready = threading.Barrier(6)

    def draw() -> None:
        with database.connect() as connection:
            ready.wait(PATIENCE_S)
            for _ in range(5):
                drawn.extend(look(connection, people[0], product, 500))

    threads = [threading.Thread(target=draw) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(drawn) == len(set(drawn)) == 6 * 5 * 500


# Whether others did nothing in between, or a little, or much: the ids of the stranger look alike.
@pytest.mark.parametrize("others", [0, 1, 7])
def test_two_ids_do_not_tell_what_others_did_between(
    connection: psycopg.Connection[Any], people: list[uuid.UUID], product: uuid.UUID, others: int
) -> None:
    stranger, other = people
    gaps = []
    for _ in range(100):
        (first,) = look(connection, stranger, product, 1)
        if others:
            look(connection, other, product, others)
        (second,) = look(connection, stranger, product, 1)
        gaps.append((second - first) % NUMBERS)
    # A sequence would give 1 + others each time; by chance every 4,096th does.
    assert gaps.count(1 + others) < 5
    assert len(set(gaps)) > 90
    assert 1000 < sum(gaps) / len(gaps) < 3100, "as chance has it"


def test_ids_of_one_millisecond_do_not_tell_their_order(connection: psycopg.Connection[Any]) -> None:
    draw = "select private.new_row_id() from generate_series(1, 5000)"
    ids = [row[0] for row in connection.execute(draw.encode()).fetchall()]
    rising = falling = 0
    for group in _by_millisecond(ids).values():
        for a, b in itertools.pairwise(group):
            rising, falling = rising + (b > a), falling + (b < a)
    assert rising + falling > 1000
    assert 0.4 < rising / (rising + falling) < 0.6


def test_the_ids_of_scope_indexes_do_not_count_them(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction(force_rollback=True):
        made = [
            connection.execute(
                "insert into private.scope_indexes (model_id, scope_id) values (1, gen_random_uuid()) returning id"
            ).fetchone()
            for _ in range(20)
        ]
    ids = [row[0] for row in made if row is not None]
    assert len(set(ids)) == 20
    assert max(ids) > 1000, "random ones of 32,767"
    assert ids != sorted(ids)
