"""Recommendations: how good, and at what cost. `python -m tests.bench.recommendations [quality|cost] [--out FOLDER]`.

quality  A shop with planted structure; what people did until a day is counted by the worker's own steps, and they are
         compared with the plain counts. Then recall@10 of what each person buys new in the fifteen days after it, by
         the blend and by each of its legs alone, against what is most popular.
cost     100,000 products and 10,000,000 interactions (--products, --interactions): p50 and p95 of each source by the
         gateway's statement, interactions rolled up a second, sizes. The past is counted in bulk.
"""

import argparse
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.bench.plots import bars
from tests.bench.shopping import SPLIT, Shop, load_events, load_people, load_products, make_shop, shopping
from tests.support import Database, ScratchCluster

PRODUCTS, PEOPLE, SESSIONS_EACH = 2_000, 3_000, 5.0
CLUSTERS, BUNDLES = 50, 200
TESTED = 250
SEED = 20_261_124
FOLD_ROWS = 1_000
BLENDS = {
    "vectors alone": 0.0,
    "co-purchases alone": 1.0,
    **{f"blend, co-purchases {weight}": weight for weight in (0.5, 0.7, 0.8, 0.9)},
}
AS = "select r.product_id from private.recommend_as(%s, %s, %s, %s, %s) s cross join unnest(s.recommendations) r"
BULK_PAIRS = """
    with bought as (select distinct user_id, product_id from public.interactions where kind = 'purchase')
    select a.product_id, b.product_id as other_id, count(*)::integer as people
    from bought a join bought b on b.user_id = a.user_id and b.product_id <> a.product_id group by 1, 2"""
BULK_BUYERS = """
    select product_id, count(distinct user_id)::integer as people
    from public.interactions where kind = 'purchase' group by 1"""


def claims_of(person: uuid.UUID | None) -> str:
    """As the gateway hands them over."""
    return json.dumps({"role": "anon"} if person is None else {"role": "authenticated", "sub": str(person)})


def fold(database: Database) -> tuple[int, float]:
    """Let the worker's login count everything; how many interactions, and the seconds."""
    started, counted = time.perf_counter(), 0
    with database.connect("tidegate_worker") as worker:
        while (row := worker.execute("select private.roll_up_interactions(%s)", (FOLD_ROWS,)).fetchone()) and row[0]:
            counted += row[0]
    return counted, time.perf_counter() - started


def check_counts(admin: psycopg.Connection[Any]) -> None:
    """The steps must have given what plain counts give, and the scores of a rebuild."""
    differing = admin.execute(
        f"select count(*) from ({BULK_PAIRS}) b full join private.product_pairs p using (product_id, other_id)"
        " where p.people is distinct from b.people".encode()
    ).fetchone()
    if differing != (0,):
        raise SystemExit(f"{differing} pairs differ")
    folded = dict(admin.execute("select product_id, score from public.product_popularity").fetchall())
    admin.execute("select private.rebuild_popularity()")
    rebuilt = dict(admin.execute("select product_id, score from public.product_popularity").fetchall())
    if max(abs(folded[product] - rebuilt[product]) for product in folded) > 1e-6:
        raise SystemExit("the scores are not those of a rebuild")


def recall(gateway: psycopg.Connection[Any], truth: dict[uuid.UUID, set[uuid.UUID]], mode: str, weight: float) -> float:
    """Mean share of what people bought new that the ten hold."""
    gateway.execute("select set_config('tidegate.co_purchase_weight', %s, false)", (str(weight),))
    found = []
    for person, bought in truth.items():
        rows = gateway.execute(AS, (claims_of(person), None, None, 10, mode)).fetchall()
        found.append(len(bought & {row[0] for row in rows}) / min(10, len(bought)))
    return statistics.mean(found)


def quality(cluster: ScratchCluster, console: Console, out: Path | None) -> None:
    """The table, and a plot."""
    database, now = cluster.clone("quality"), datetime.now(UTC)
    shop = make_shop(PRODUCTS, CLUSTERS, BUNDLES, SEED)
    events = shopping(shop, PEOPLE, SESSIONS_EACH)
    past = [event for event in events if event[0] <= SPLIT]
    with database.connect("supabase_admin") as admin:
        load_products(admin, shop, now)
        load_people(admin, shop, PEOPLE)
        load_events(admin, shop, past, now)
        admin.execute("vacuum analyze")
        counted, seconds = fold(database)
        check_counts(admin)
        admin.execute("vacuum analyze")
    console.print(f"{counted:,} interactions folded, {counted / seconds:,.0f}/s; the same as counted plainly")
    truth = _bought_later(shop, past, [event for event in events if event[0] > SPLIT])
    scores = {}
    with database.connect("tidegate_gateway") as gateway:
        scores["most popular"] = recall(gateway, truth, "popular", 0)
        for name, weight in track(BLENDS.items(), "asking"):
            scores[name] = recall(gateway, truth, "personal", weight)
    table = Table("way", "recall@10", title=f"{len(truth)} people, {PRODUCTS:,} products")
    for name, score in scores.items():
        table.add_row(name, f"{score:.3f}")
    console.print(table)
    if out is not None:
        bars(out / "recommendations.png", "New purchases among the ten recommended", scores, "recall@10")


def _bought_later(shop: Shop, past: Sequence[Any], future: Sequence[Any]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """What people with a past bought for the first time after it."""
    had: dict[int, set[int]] = {}
    news: dict[int, set[int]] = {}
    for _, person, product, kind in past:
        if kind == "purchase":
            had.setdefault(person, set()).add(product)
    for _, person, product, kind in future:
        if kind == "purchase" and person in had and product not in had[person]:
            news.setdefault(person, set()).add(product)
    chosen = sorted(news)[:TESTED]
    return {shop.people[person]: {shop.ids[product] for product in news[person]} for person in chosen}


# Cost ---------------------------------------------------------------------------------------------------------------


def cost(cluster: ScratchCluster, console: Console, products: int, interactions: int) -> None:
    """The table of the sources, the pace of counting, the sizes."""
    database = cluster.clone("cost")
    shop = make_shop(products, max(1, products // 100), 1, SEED)
    people = max(100, interactions // 50)
    with database.connect("supabase_admin") as admin:
        steps = {
            "products, vectors and their index": partial(load_products, admin, shop, datetime.now(UTC)),
            "people": partial(load_people, admin, shop, people),
            "interactions": partial(_interactions, admin, interactions),
            "counts": partial(_counts, admin),
        }
        for what, step in steps.items():
            started = time.perf_counter()
            step()
            console.print(f"{what}: {time.perf_counter() - started:.0f} s")
        console.print(_sizes(admin))
        asked = _questions(admin, shop)
    with database.connect("tidegate_gateway") as gateway:
        console.print(_times(gateway, asked))
    with database.connect("supabase_admin") as admin:
        admin.execute(SOME_EVENTS.encode(), {"events": 20_000, "from": interactions})
    counted, seconds = fold(database)
    console.print(f"{counted:,} more interactions folded, {counted / seconds:,.0f}/s")


# A person's events are mostly of five clusters of a hundred, by Zipf's law within; one in ten is a purchase.
SOME_EVENTS = """
    insert into public.interactions (user_id, product_id, kind, order_id, created_at)
    select u.id, p.id,
           (case e.n %% 10 when 0 then 'purchase' when 1 then 'cart' else 'view' end)::public.interaction_kind,
           case e.n %% 10 when 0 then gen_random_uuid() end, now() - interval '1 second' * (random() * 90 * 86400)
    from (
      select g.n, g.person,
             case when g.r < 0.7
                  then 100 * ((g.person * 7919 + floor(5 * g.s)::bigint * 104729) %% greatest(1, c.products / 100))
                       + floor(100 * g.t ^ 3)
                  else floor(c.products * g.t ^ 4) end::bigint as product
      from (select n, floor(random() * c.people)::bigint as person, random() as r, random() as s, random() as t
            from generate_series(%(from)s + 1, %(from)s + %(events)s) n, numbers c) g, numbers c) e
    join people u on u.number = e.person join wares p on p.number = e.product
"""
NUMBERED = """
    create unlogged table people as select id, row_number() over () - 1 as number from auth.users;
    create unlogged table wares as select id, row_number() over () - 1 as number from public.products;
    create unlogged table numbers as
      select (select count(*) from people) as people, (select count(*) from wares) as products;
    analyze people, wares, numbers;
"""


def _interactions(admin: psycopg.Connection[Any], count: int) -> None:
    """Without triggers, indexes made afterwards."""
    admin.execute(NUMBERED.encode())
    definitions = admin.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        " where indrelid = 'public.interactions'::regclass and not indisprimary"
    ).fetchall()
    for name, _ in definitions:
        admin.execute(f"drop index {name}".encode())
    with admin.transaction():
        admin.execute("set local session_replication_role = replica; set local work_mem = '1GB'")
        admin.execute(SOME_EVENTS.encode(), {"events": count, "from": 0})
    for _, definition in definitions:
        admin.execute(definition.encode())
    admin.execute("analyze public.interactions")


def _counts(admin: psycopg.Connection[Any]) -> None:
    """As the steps of the worker would have made them; `quality` compares the two. The memory is everything here."""
    with admin.transaction():
        admin.execute("set local work_mem = '1GB'")
        admin.execute("select private.rebuild_popularity()")
        admin.execute(f"insert into private.product_pairs {BULK_PAIRS}".encode())
        admin.execute(f"insert into private.product_buyers {BULK_BUYERS}".encode())
    admin.execute("vacuum analyze")


def _questions(admin: psycopg.Connection[Any], shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    """The arguments of each source's calls: people, popular products and categories, at random."""
    people = [shop.people[n] for n in shop.generator.integers(0, len(shop.people), ASKED)]
    rows = admin.execute("select product_id from public.product_popularity order by score desc limit 1000").fetchall()
    wares = [rows[n][0] for n in shop.generator.integers(0, len(rows), ASKED)]
    nobody = claims_of(None)
    return {
        "personal": [(claims_of(person), None, None, 10, None) for person in people],
        "similar": [(nobody, product, None, 10, None) for product in wares],
        "similar, signed in": [
            (claims_of(person), product, None, 10, None) for person, product in zip(people, wares, strict=True)
        ],
        "popular in category": [(nobody, None, f"c{n % 20}", 10, None) for n in range(ASKED)],
        "most popular": [(nobody, None, None, 10, None)] * ASKED,
        "most popular, signed in": [(claims_of(person), None, None, 10, "popular") for person in people],
    }


ASKED = 200
SIZED = ("public.interactions", "private.product_pairs", "public.product_popularity", "public.chunk_embeddings")


def _times(gateway: psycopg.Connection[Any], asked: dict[str, list[tuple[Any, ...]]]) -> Table:
    table = Table("source", "p50", "p95", "rows", title="one statement, to the client")
    for name, calls in asked.items():
        times, rows = [], 0
        for arguments in [*calls[:20], *calls]:
            started = time.perf_counter()
            rows += len(gateway.execute(AS, arguments).fetchall())
            times.append(1000 * (time.perf_counter() - started))
        times = times[20:]
        p95 = statistics.quantiles(times, n=20)[-1]
        table.add_row(name, f"{statistics.median(times):.1f} ms", f"{p95:.1f} ms", f"{rows / (ASKED + 20):.1f}")
    return table


def _sizes(admin: psycopg.Connection[Any]) -> Table:
    table = Table("table", "rows", "MB", "with indexes, MB")
    for name in SIZED:
        row = admin.execute(
            f"select count(*), pg_table_size('{name}'), pg_total_relation_size('{name}') from {name}".encode()
        ).fetchone()
        assert row is not None
        table.add_row(name, f"{row[0]:,}", f"{row[1] / 1e6:,.0f}", f"{row[2] / 1e6:,.0f}")
    return table


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=("quality", "cost"))
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        cluster.start()
        try:
            cluster.build_template()
            if options.part != "cost":
                quality(cluster, console, options.out)
            if options.part != "quality":
                cost(cluster, console, options.products, options.interactions)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
