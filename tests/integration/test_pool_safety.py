"""No request ever runs as somebody else: many callers through few connections, with everything going wrong between.

Each person has a note that nobody else may read, so that an answer with somebody else's note is somebody else's answer.
The connections are the gateway's own pool, straight to PostgreSQL and through a real PgBouncer in transaction mode.
"""

import asyncio
import json
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from gateway.database.pool import Database as GatewayDatabase
from gateway.database.queries import query
from gateway.errors import GatewayError
from gateway.resilience import Policy, allow
from gateway.resilience.pipeline import RESERVE_S
from tests.support import Database, ScratchCluster, as_caller, make_user
from tests.support.gateway_app import has_connection
from tests.support.joining import join
from tests.support.passages import index_documents
from tests.support.pgbouncer import BINARY, MISSING, pgbouncer
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.anyio

PEOPLE = 50
WANTED: dict[str, Any] = {
    "query": "harbour",
    "query_embedding": None,
    "mode": "keyword",
    "kinds": ["documents"],
    "max_results": 100,
    "filters": None,
    "embedding_model": None,
    "prefix": False,
    "effort": "bounded",
    "syntax": "operators",
    "passages_per_result": 1,
    "include": [],
}
CONNECTIONS = 3
NEVER_OPEN = Policy("database", 60.0, concurrency=2 * CONNECTIONS, failures_to_open=10**5, window=10**5)
REQUESTS = 2000
AT_ONCE = 2 * CONNECTIONS  # as many as the gateway lets in
SEED = 20_261_123
ROLE_LEAKS = """
    select current_user::text as "user", session_user::text as login, current_setting('role') as role,
           coalesce(current_setting('request.jwt.claims', true), '') as claims"""


@dataclass(frozen=True)
class Person:
    """Somebody, or nobody, and the titles that a search must give them."""

    claims: str
    titles: frozenset[str]


@pytest.fixture(scope="module")
def crowd(database: Database) -> list[Person]:
    """Fifty people in five organizations, each with a note, each organization with a paper, and a visitor."""
    with database.connect("supabase_admin") as admin, database.connect() as connection:
        ids = [make_user(admin, f"p{n}@example.org") for n in range(PEOPLE)]
        organizations = []
        for n in range(5):
            with as_caller(connection, ids[n]):
                row = connection.execute(
                    "insert into public.organizations (name, slug) values (%s, %s) returning id", (f"O{n}", f"o{n}")
                ).fetchone()
                assert row is not None
                organizations.append(row[0])
                _write(connection, f"paper {n}", row[0], "organization")
        for n, person in enumerate(ids):
            if n >= 5:
                join(connection, organizations[n % 5], ids[n % 5], person)
            with as_caller(connection, person):
                _write(connection, f"note {n}", None, "private")
        admin.execute("update public.organizations set may_publish = true where id = %s", (organizations[0],))
        with as_caller(connection, ids[0]):
            _write(connection, "poster", organizations[0], "public")
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    people = [
        Person(_claims(person), frozenset({f"note {n}", f"paper {n % 5}", "poster"})) for n, person in enumerate(ids)
    ]
    return [*people, Person('{"role": "anon"}', frozenset({"poster"}))]


def _claims(person: uuid.UUID) -> str:
    return json.dumps({"sub": str(person), "role": "authenticated", "aud": "authenticated", "app_metadata": {}})


def _write(connection: Any, title: str, organization: uuid.UUID | None, visibility: str) -> None:
    connection.execute(
        "insert into public.documents (title, content, organization_id, visibility)"
        " values (%s, 'harbour words', %s, %s)",
        (title, organization, visibility),
    )


@pytest.fixture(scope="module", params=["direct", "pgbouncer"])
def door(request: pytest.FixtureRequest, cluster: ScratchCluster, database: Database) -> Iterator[Database]:
    """The database, straight or through the pooler."""
    if request.param == "direct":
        yield database
        return
    if BINARY is None:
        pytest.skip(MISSING)
    with pgbouncer(cluster, database, CONNECTIONS) as through:
        yield through


async def within(seconds: float, fetching: Awaitable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows, if they come in time."""
    with allow(seconds + RESERVE_S):
        return await fetching


@asynccontextmanager
async def gateway_on(door: Database) -> AsyncIterator[GatewayDatabase]:
    """The gateway's pool with few connections, and a breaker that does not keep anybody from them."""
    database = GatewayDatabase(door.url_for("tidegate_gateway"), NEVER_OPEN, pool_size=CONNECTIONS)
    await database.open()
    try:
        await has_connection(database)
        await database.ensure_safe()
        yield database
    finally:
        await database.close()


def search(database: GatewayDatabase, person: Person, **changes: Any) -> Coroutine[Any, Any, list[dict[str, Any]]]:
    """The statement that a search is, as `person`."""
    return database.fetch("search_as", {**WANTED, "claims": person.claims, **changes})


async def check(database: GatewayDatabase, person: Person) -> None:
    """A search as `person` gives what is theirs, all of it and nothing else."""
    (answer,) = await search(database, person)
    assert {result["title"] for result in answer["results"]} == person.titles, person.claims


async def insist(database: GatewayDatabase, person: Person) -> int:
    """Check a search, which is made again where it is refused; how often it was.

    A cancelled query costs its connection, as its end does: until there is another, callers are told to come back.
    """
    refused = 0

    async def is_answered() -> bool:
        nonlocal refused
        try:
            await check(database, person)
        except GatewayError:
            refused += 1
            return False
        return True

    await until(is_answered, "a search being answered")
    return refused


async def assert_nobody_is_left(database: GatewayDatabase) -> None:
    """Every connection of the pool is the gateway's own again: no role, no claims, no transaction."""
    pool = database._pool
    async with asyncio.timeout(PATIENCE_S):
        async with asyncio.TaskGroup() as group:
            held = asyncio.Barrier(CONNECTIONS)

            async def look() -> None:
                async with pool.connection(timeout=PATIENCE_S) as connection:
                    await held.wait()  # each has one of its own
                    row = await (await connection.execute(ROLE_LEAKS)).fetchone()
                    assert row is not None
                    assert (row["user"], row["login"], row["role"]) == ("tidegate_gateway", "tidegate_gateway", "none")
                    assert row["claims"] == ""

            for _ in range(CONNECTIONS):
                group.create_task(look())


class CancelAt:
    """Awaits `coroutine`, and cancels the task that does so at the coroutine's n-th suspension."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], n: int) -> None:
        self.coroutine, self.n, self.suspensions = coroutine, n, 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self.coroutine.__await__()
        resume: Callable[[], Any] = partial(inner.send, None)
        while True:
            try:
                waited = resume()
            except StopIteration as done:
                return done.value
            self.suspensions += 1
            if self.suspensions == self.n:
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                yield waited
            except BaseException as error:  # the task's: it goes to where the coroutine waits
                resume = partial(inner.throw, error)
            else:
                resume = partial(inner.send, None)


async def drive(awaitable: Awaitable[Any]) -> Any:
    """A coroutine that a task can run."""
    return await awaitable


async def test_a_crowd_through_few_connections(door: Database, crowd: list[Person]) -> None:
    seen: Counter[str] = Counter()
    random_ = random.Random(SEED)
    faults: list[tuple[str, Callable[[GatewayDatabase, Person], Coroutine[Any, Any, Any]]]] = [
        ("no such mode", lambda d, p: search(d, p, mode="telepathy")),
        ("no such role", lambda d, _p: search(d, Person('{"role": "service_role"}', frozenset()))),
        ("a query that is too long", lambda d, p: search(d, p, query="x" * 10_001)),
        (
            "no time",
            lambda d, p: within(1e-4, d.fetch("failed_documents_as", {"claims": p.claims, "max_rows": 1})),
        ),
    ]
    async with gateway_on(door) as database:
        turns = iter([(random_.choice(crowd), random_.random()) for _ in range(REQUESTS)])

        async def client() -> None:
            for person, luck in turns:
                if luck < 0.75:
                    seen["refused"] += await insist(database, person)
                    seen["answered"] += 1
                elif luck < 0.9:
                    name, ask = faults[int(luck * 1000) % len(faults)]
                    try:
                        await ask(database, person)
                        seen[f"{name}: in time after all"] += 1
                    except GatewayError:
                        seen[name] += 1
                else:
                    # Where the search waits for the task that asks PostgreSQL: it waits for nothing else.
                    task = asyncio.create_task(drive(CancelAt(search(database, person), 1)))
                    done = await asyncio.gather(task, return_exceptions=True)
                    seen["cancelled" if isinstance(done[0], asyncio.CancelledError) else "too late to cancel"] += 1

        # One fewer than are let in: what was cancelled goes on in the background for a moment.
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(client())
        await assert_nobody_is_left(database)
    print(dict(seen))
    assert seen.total() - seen["refused"] == REQUESTS
    assert min(seen["answered"], seen["cancelled"], *(seen[name] for name, _ in faults[:3])) > 50


async def test_cancelled_at_every_await(door: Database, crowd: list[Person]) -> None:
    async with gateway_on(door) as database:
        for n in range(1, 100):
            person, other = crowd[n % PEOPLE], crowd[(n + 1) % PEOPLE]
            cancelling = CancelAt(database._execute(*_statement(person)), n)
            done: Any = (await asyncio.gather(drive(cancelling), return_exceptions=True))[0]
            # Whoever comes next, on whichever connection, is themselves.
            await insist(database, other)
            await assert_nobody_is_left(database)
            if not isinstance(done, asyncio.CancelledError):
                break
        print(f"cancelled at each of {n - 1} awaits")
        assert n > 1
        assert {result["title"] for result in done[0]["results"]} == person.titles


def _statement(person: Person) -> tuple[bytes, dict[str, Any]]:
    return query("search_as"), {
        **WANTED,
        "claims": person.claims,
        "trace": None,
        "traced": False,
    }


async def test_no_connection_is_lost_to_a_deadline(door: Database, crowd: list[Person]) -> None:
    # The pool hands a connection to whoever waits; one whose deadline passes in that moment must give it back.
    random_ = random.Random(SEED)
    async with gateway_on(door) as database:

        async def client(number: int) -> None:
            for n in range(150):
                person = crowd[(7 * n + number) % len(crowd)]
                for seconds in (random_.choice([1e-4, 5e-4, 1e-3, 2e-3]), 3.0):
                    with suppress(GatewayError):  # too late, or none free for the moment: not what is asked here
                        wanted = {"claims": person.claims, "max_rows": 1}
                        await within(seconds, database.fetch("failed_documents_as", wanted))

        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(client(number))
        await assert_nobody_is_left(database)  # holds every connection that there may be at once


async def test_backends_that_die_take_nobody_along(door: Database, database: Database, crowd: list[Person]) -> None:
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tidegate_gateway' and datname = %s"
    async with gateway_on(door) as database_:
        answered = refused = 0
        with database.connect("supabase_admin") as admin:
            for n in range(60):
                people = [crowd[(n * 7 + m) % len(crowd)] for m in range(CONNECTIONS)]
                asked = [asyncio.create_task(check(database_, person)) for person in people]
                if n % 3 == 0:
                    await asyncio.to_thread(admin.execute, kill, (database.name,))
                for outcome in await asyncio.gather(*asked, return_exceptions=True):
                    assert outcome is None or isinstance(outcome, GatewayError), repr(outcome)
                    answered, refused = answered + (outcome is None), refused + (outcome is not None)
        await insist(database_, crowd[0])
        await assert_nobody_is_left(database_)
    print(f"{answered} answered, {refused} refused")
    assert answered > refused


async def test_a_role_that_outlives_its_statement_would_be_noticed(
    cluster: ScratchCluster, database: Database, crowd: list[Person]
) -> None:
    with database.connect() as connection:
        (body,) = connection.execute("select prosrc from pg_proc where proname = 'assume_caller'").fetchone() or ("",)
        spoiled = body.replace(", true)", ", false)")
        assert spoiled != body
        create = (
            "create or replace function private.assume_caller(claims text, trace text default null) returns void"
            " language plpgsql set search_path = pg_catalog, pg_temp"
        )
        connection.execute(f"{create} as $$ {spoiled} $$".encode())
        try:
            async with gateway_on(database) as gateway:
                with pytest.raises((AssertionError, ExceptionGroup, GatewayError)):
                    for person in crowd:
                        await check(gateway, person)
                    await assert_nobody_is_left(gateway)
                with pytest.raises(ExceptionGroup):
                    await assert_nobody_is_left(gateway)
        finally:
            connection.execute(f"{create} as $$ {body} $$".encode())
