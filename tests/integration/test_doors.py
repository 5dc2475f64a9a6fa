"""Every door gives the same rows: SQL, the Data API through both client libraries, the gateway, and a function."""

import asyncio
import contextlib
import json
import os
import random
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import httpx2
import psycopg
import pytest

from gateway.embeddings.onnx import OnnxEmbedder
from gateway.local.bootstrap import deno_command
from gateway.local.paths import REPOSITORY
from tests.support import Database, Process, Stack, as_caller, wait_until
from tests.support.doors import OPERATORS, Doors
from tests.support.joining import join, share
from tests.support.passages import as_literal

SEED = 20_261_123
READS = 60
PASSWORD = "a long enough password"
ROLES = {"owner": "owner", "admin": "admin", "editor": "editor", "viewer": "viewer", "former": "editor"}
PEOPLE = (*ROLES, "guest", "stranger", "staff")
ACTORS = (*PEOPLE, "anonymous")
# Each is more than one unit of UTF-16, more than one character, or no letter of an alphabet.
SIGNS = "🌊 de\u0301ja\u0300 東京 👩‍🚒"
# Long enough that a document is several chunks.
WATCH = "Look at the lines, the fenders and the boat beside ours, and write down the wind. " * 6
SCRIPT = REPOSITORY / "tests/integration/local_stack/doors.ts"
REFUSED = "42501"
TABLES = """
    select c.relname, array_agg(a.attname::text order by a.attnum)
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
    group by c.relname order by 1"""
KEYS = """
    select array_agg(a.attname::text order by a.attnum) from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = ('public.' || quote_ident(%s))::regclass and i.indisprimary"""


@pytest.fixture(scope="module")
def doors(database: Database, stack: Stack, api: Process, gateway: Process, worker: Process) -> Iterator[Doors]:
    environment = {
        **os.environ,
        "SUPABASE_URL": stack.supabase_url,
        "PUBLISHABLE_KEY": stack.keys.publishable_key,
    }
    command = deno_command(SCRIPT, "--allow-net=127.0.0.1", "--allow-env")
    with (
        database.connect() as connection,
        httpx.Client(trust_env=False, timeout=60) as http,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=environment
        ) as javascript,
    ):
        doors = Doors(stack, connection, http, javascript)
        _settle(doors, database)
        yield doors
        assert javascript.stdin is not None
        javascript.stdin.close()


def _settle(doors: Doors, database: Database) -> None:
    """Sign people up, let them found, join, write, share and leave, and wait until everything is embedded."""
    doors.ids["anonymous"] = doors.tokens["anonymous"] = None
    for name in PEOPLE:
        doors.ids[name] = uuid.UUID(doors.stack.sign_up(f"{name}@example.org", PASSWORD)["user"]["id"])
    with database.connect("supabase_admin") as admin:
        metadata = '{"staff": true}'
        admin.execute(
            "update auth.users set raw_app_meta_data = raw_app_meta_data || %s where id = %s",
            (metadata, doors.ids["staff"]),
        )
    for name in PEOPLE:
        response = doors.http.post(
            f"{doors.stack.supabase_url}/auth/v1/token?grant_type=password",
            json={"email": f"{name}@example.org", "password": PASSWORD},
            headers={"apikey": doors.stack.keys.publishable_key},
        )
        doors.tokens[name] = response.json()["access_token"]
    connection = doors.connection
    founded = "insert into public.organizations (name, slug) values (%s, %s) returning id"
    places: dict[str | None, Any] = {None: None}
    for founder, name in (("owner", "harbour"), ("stranger", "meadow")):
        with as_caller(connection, doors.ids[founder]):
            places[name] = (connection.execute(founded, (name, name)).fetchone() or [None])[0]
    connection.execute("update public.organizations set may_publish = true")
    for name, role in list(ROLES.items())[1:]:
        join(connection, places["harbour"], doors.ids["owner"], doors.ids[name], role)
    for author, place, visibility in (
        (a, p, v)
        for a, p in (("owner", None), ("owner", "harbour"), ("former", "harbour"), ("stranger", "meadow"))
        for v in (("private",) if p is None else ("private", "organization", "public"))
    ):
        with as_caller(connection, doors.ids[author]):
            connection.execute(
                "insert into public.documents (title, content, organization_id, visibility, metadata)"
                " values (%s, %s, %s, %s, %s)",
                (
                    f"{author}'s {visibility} paper",
                    f"# Storm plan\n\n{SIGNS} Double the mooring lines of {place or 'the dinghy'} before the storm.\n\n"
                    + "\n\n".join(f"## Watch {number}\n\n{WATCH}" for number in range(6)),
                    places[place],
                    visibility,
                    '{"n": 1.50, "tags": ["ü", null]}',
                ),
            )
    private = connection.execute(
        "select id from public.documents where visibility = 'private' and owner_id = %s", (doors.ids["owner"],)
    ).fetchall()
    for (document,) in private:
        share(connection, document, doors.ids["owner"], doors.ids["guest"])
    with as_caller(connection, doors.ids["owner"]):
        connection.execute("delete from public.memberships where user_id = %s", (doors.ids["former"],))
    with as_caller(connection, doors.ids["staff"], {"staff": True}):
        connection.execute("insert into public.categories (slug, name) values ('ropes', 'Ropes')")
        connection.execute(
            "insert into public.products (category_id, sku, name, description, price, stock, is_active)"
            " select c.id, v.sku, v.name, 'Holds a boat in a storm.', v.price, v.stock, v.active"
            " from public.categories c, (values ('R-1', 'Mooring rope', 19.90, 3, true),"
            " ('R-2', 'Old rope', 1.00, 0, false)) v (sku, name, price, stock, active)"
        )
    for buyer in ("guest", "stranger"):
        with as_caller(connection, doors.ids[buyer]):
            rope = "select id from public.products where sku = 'R-1'"
            connection.execute(f"select public.purchase(({rope}), 1, 'one')".encode())
            view = "insert into public.interactions (product_id, kind)"
            connection.execute(f"{view} select p.id, 'view' from public.products p where p.sku = 'R-1'".encode())
    uploaded = [_upload(doors, author) for author in ("owner", "stranger") for _ in range(2)]
    with database.connect("supabase_admin") as admin:
        waiting = "select from private.embedding_jobs union all select from private.interactions_to_roll_up"
        read = "select from public.document_files where status = 'ready' having count(*) = %s"
        wait_until(lambda: admin.execute(read, (len(uploaded),)).fetchone() is not None, "all files being read")
        wait_until(lambda: admin.execute(waiting).fetchone() is None, "everything being embedded and counted")


def _upload(doors: Doors, author: str) -> str:
    """Add a file to a document of theirs that has none; its name."""
    with as_caller(doors.connection, doors.ids[author]):
        (document,) = doors.connection.execute(
            "select id from public.documents where owner_id = %s"
            " and not exists (select from storage.objects o where o.name like documents.id || '/%%')"
            " order by visibility limit 1",
            (doors.ids[author],),
        ).fetchone() or (None,)
    name = f"{document}/knots.md"
    response = doors.http.post(
        f"{doors.stack.supabase_url}/storage/v1/object/documents/{name}",
        content=f"# Knots\n\nA bowline holds the {author}'s boat.",
        headers={**doors.headers(author), "content-type": "text/markdown"},
    )
    assert response.status_code == 200, response.text
    return name


def as_text(row: dict[str, Any]) -> str:
    """A row in one form, whichever order its columns came in."""
    return json.dumps(row, sort_keys=True)


def reads(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Every table in whole, and so many reads at random of its columns, filters, orders and pages."""
    tables: dict[str, list[str]] = dict(connection.execute(TABLES).fetchall())
    keys = {
        table: (connection.execute(KEYS, (table,)).fetchone() or [None])[0] or tables[table][:1] for table in tables
    }
    random_ = random.Random(SEED)
    found: list[dict[str, Any]] = [{"table": t, "columns": "*", "order": keys[t]} for t in tables]
    for _ in range(READS):
        table = random_.choice(sorted(tables))
        columns = sorted({*keys[table], *random_.sample(tables[table], random_.randint(1, len(tables[table])))})
        read: dict[str, Any] = {"table": table, "columns": ",".join(columns), "order": keys[table]}
        value = _value(connection, table, keys[table][0], random_)
        if value is not None and random_.random() < 0.6:
            read["filter"] = (keys[table][0], random_.choice([*OPERATORS]), value)
        if random_.random() < 0.4:
            read["range"] = (start := random_.randint(0, 3), start + random_.randint(0, 4))
        found.append(read)
    return found


def _value(connection: psycopg.Connection[Any], table: str, key: str, random_: random.Random) -> str | None:
    """A key that somebody's row has; None of an empty table."""
    rows = connection.execute(f"select {key}::text from public.{table} order by 1".encode()).fetchall()
    return str(random_.choice(rows)[0]) if rows else None


@pytest.mark.parametrize("actor", ACTORS)
def test_every_door_reads_the_same_rows(doors: Doors, actor: str) -> None:
    refused = 0
    for read in reads(doors.connection):
        wanted = doors.by_sql(actor, read)
        assert doors.by_python(actor, read) == wanted, read
        assert doors.by_javascript(actor, read) == wanted, read
        refused += wanted == REFUSED
    assert (refused > 0) == (actor == "anonymous"), "visitors have no right to people's tables, people do"


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("mode", ["keyword", "semantic", "hybrid"])
def test_every_door_finds_the_same(doors: Doors, actor: str, mode: str) -> None:
    query = "securing a boat before a storm"
    embedder = OnnxEmbedder()
    vector = asyncio.run(embedder.embed_query(query))
    arguments = {
        "query": query,
        "query_embedding": as_literal([float(x) for x in vector]),
        "mode": mode,
        "max_results": 50,
        "passages_per_result": 3,
        "include": ["content", "neighbours"],
    }
    wanted = doors.search_by_sql(actor, arguments)
    assert wanted
    assert any(len(row["passages"]) > 1 for row in wanted)
    assert doors.search_by_python(actor, arguments) == wanted
    assert doors.search_by_javascript(actor, arguments) == wanted
    for root in (f"{doors.stack.gateway_url}/v1/search", f"{doors.stack.supabase_url}/functions/v1/search"):
        found = doors.search_by_http(actor, root, arguments)
        # The gateway embeds the query itself, and its vector is not printed with six digits before it is used.
        assert scores_of(found) == pytest.approx(scores_of(wanted), abs=1e-3)
        assert sorted(map(as_text, map(unscored, found))) == sorted(map(as_text, map(unscored, wanted)))


@pytest.mark.parametrize("mode", ["semantic", "hybrid"])
def test_a_vector_of_the_gateway_is_all_that_semantic_rpc_needs(doors: Doors, mode: str) -> None:
    query = "securing a boat -sail before a storm"
    # Meaning alone knows no operators: the text is embedded as it is.
    syntax = "plain" if mode == "semantic" else "operators"
    embedded = httpx2.post(
        f"{doors.stack.gateway_url}/v1/embeddings",
        json={"input": query, "syntax": syntax},
        headers=doors.headers("owner"),
        timeout=60,
        trust_env=False,
    ).json()
    arguments = {"query": query, "mode": mode, "max_results": 50, "passages_per_result": 2, "include": []}
    wanted = doors.search_by_http("owner", f"{doors.stack.gateway_url}/v1/search", arguments)
    assert wanted
    # As clients have it: a list of numbers.
    arguments |= {"query_embedding": embedded["data"][0]["embedding"], "embedding_model": embedded["model"]}
    assert doors.search_by_javascript("owner", arguments) == wanted
    assert doors.search_by_python("owner", arguments) == wanted


def test_offsets_hold_in_javascript_and_in_python(doors: Doors) -> None:
    arguments = {"query": "storm mooring", "mode": "keyword", "max_results": 50, "passages_per_result": 10}
    arguments |= {"include": ["content"]}
    results = doors.search_by_javascript("owner", arguments)
    marked, cut = [], []
    for result in results:
        marked += [(result["snippet"], *pair) for pair in result["highlights"]]
        for passage in result["passages"]:
            marked += [(passage["content"], *pair) for pair in passage["highlights"]]
            if result["content"] is not None and result["kind"] == "document":
                cut.append(((result["content"], passage["start"], passage["end"]), passage["content"]))
    words = [text[start:end] for text, start, end in marked]
    assert {word.lower() for word in words} <= {"storm", "mooring"}
    assert any("東京" in text and "👩" in text[:start] for text, start, _ in marked), (
        "what UTF-16 counts twice comes first"
    )
    assert doors.slices_in_javascript(marked) == words
    assert [text[start:end] for (text, start, end), _ in cut] == [content for _, content in cut]
    assert doors.slices_in_javascript([place for place, _ in cut]) == [content for _, content in cut]


def scores_of(rows: list[dict[str, Any]]) -> list[float]:
    """The scores of results and of their passages, best first."""
    return [row["score"] for row in rows] + sorted(passage["score"] for row in rows for passage in row["passages"])


def unscored(row: dict[str, Any]) -> dict[str, Any]:
    """A result without scores; passages that score alike in no order."""
    passages = [{name: value for name, value in passage.items() if name != "score"} for passage in row["passages"]]
    rest = {name: value for name, value in row.items() if name != "score"}
    return {**rest, "passages": sorted(passages, key=as_text)}


def test_interleaved_requests_keep_their_callers(doors: Doors) -> None:
    # The Data API shares its connections among callers as well, and some of them hang up.
    read = {"table": "documents", "columns": "id", "order": ["id"]}
    wanted = {actor: doors.by_sql(actor, read)[0] for actor in ACTORS}
    path = "/rest/v1/documents?select=id&order=id"
    random_ = random.Random(SEED)
    answered = 0

    async def ask(client: httpx2.AsyncClient, actor: str) -> None:
        nonlocal answered
        response = await client.get(doors.stack.supabase_url + path, headers=doors.headers(actor), timeout=60)
        assert response.json() == wanted[actor], actor
        answered += 1

    async def hang_up(actor: str, patience_s: float) -> None:
        # By hand: how far the answer came must not decide whether this caller hangs up.
        server = urlsplit(doors.stack.supabase_url)
        reader, writer = await asyncio.open_connection(server.hostname, server.port)
        fields = {"Host": server.netloc, **doors.headers(actor)}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(), patience_s)
        writer.transport.abort()
        with contextlib.suppress(ConnectionAbortedError):
            await writer.wait_closed()

    async def crowd() -> None:
        async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:
            for _ in range(40):
                actors = random_.choices(ACTORS, k=16)
                calls = [hang_up(actor, random_.uniform(0, 0.008)) for actor in actors[:5]]
                calls += [ask(client, actor) for actor in actors[5:]]
                random_.shuffle(calls)
                await asyncio.gather(*calls)

    asyncio.run(crowd())
    assert answered == 440
