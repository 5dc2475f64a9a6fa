"""Logins may create nothing (test_logins.py); and if they could, no function of ours would take what they made.

Here the right to create temporary objects is given back, so that the second wall is tested on its own: names in
functions that run as their owner still mean what they meant. The catalog drives the attack (tests/support/attacks.py).
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.support import Database, ScratchCluster, as_caller
from tests.support.attacks import KINDS, Attack, Call, Names, Persona, Values, attack_with, calls
from tests.support.passages import index_documents
from tests.support.shop import Shop
from tests.support.tenants import Tenants, populate

VECTOR = "[" + ",".join(["1"] + ["0"] * 383) + "]"
LOGINS = ("tidegate_gateway", "tidegate_worker")
SEARCHES = (
    "select * from public.search('handbook le* -x')",
    f"select * from public.search('handbook', query_embedding => '{VECTOR}', mode => 'hybrid')",
    f"select * from public.search('lamp', query_embedding => '{VECTOR}', mode => 'semantic', kinds => '{{products}}')",
    "select * from public.search_products('lamp')",
    "select * from public.recommend()",
    "select * from public.recommend(like_product => (select p.id from public.products p limit 1))",
)
# Calls that mean something, and what people and the worker write themselves, so that the triggers run that do the rest.
SCENES = {
    "anon": SEARCHES,
    "authenticated": (
        *SEARCHES,
        "select public.place_order(jsonb_build_array(jsonb_build_object('product_id', p.id, 'quantity', 1)), 'attack')"
        " from public.products p limit 1",
        "select public.cancel_order(o.id) from public.orders o",
        "select public.ship_order(o.id) from public.orders o where o.status = 'paid'",
        "select public.refund_order(o.id) from public.orders o where o.status = 'paid'",
        "select public.retry_document(d.id) from public.documents d where d.status = 'failed'",
        "select public.close_account()",
        "insert into public.organizations (name, slug) values ('Attack', 'attack')",
        "insert into public.documents (title, content) values ('attack', 'text')",
        "update public.documents set title = title || '.', content = content || '.'",
        "update public.documents set visibility = 'private', organization_id = null",
        "delete from public.documents",
        "delete from public.memberships",
        "delete from public.organizations",
        "delete from public.document_shares",
        "update public.profiles set display_name = 'Attack'",
        "insert into public.interactions (product_id, kind) select id, 'view' from public.products",
        "insert into public.categories (slug, name) values ('attack', 'Attack')",
        "insert into public.products (category_id, sku, name, price)"
        " select id, 'ATTACK', 'Lamp', 1 from public.categories",
        "update public.products set name = name || '.', is_active = not is_active, stock = stock + 1",
        "delete from public.products",
    ),
    "tidegate_worker": (
        "insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset,"
        " token_count, language, input_hash)"
        " select d.id, d.scope_id, 9, d.title, d.content, 0, 1, 1, 'en', '' from public.documents d",
        "update public.chunks set content = content || '.'",
        "delete from public.chunks",
        "update public.documents set status = 'ready'",
        "update public.products set updated_at = now()",
        "delete from private.embedding_jobs",
    ),
}


@dataclass(frozen=True)
class Target:
    """A database with something of everything, where the logins may create temporary objects after all."""

    database: Database
    names: Names
    values: Values
    personas: dict[str, list[Persona]]

    def calls(self, login: str) -> list[Call]:
        """Everything that somebody with the password of `login` may call, as whoever they say they are."""
        found: list[Call] = []
        with self.database.connect("supabase_admin") as admin:
            for persona in self.personas[login]:
                found += calls(admin, persona, self.values)
                found += [Call(persona, scene, scene) for scene in SCENES.get(persona.acts_as, ())]
        return found


def _claims(person: uuid.UUID, *, staff: bool = False) -> str:
    return json.dumps({"sub": str(person), "role": "authenticated", "app_metadata": {"staff": staff}})


@pytest.fixture(scope="module")
def target(database: Database, cluster: ScratchCluster) -> Iterator[Target]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        tenants = populate(database)
        with database.connect("tidegate_worker") as worker:
            index_documents(worker, {})
        with as_caller(people, tenants.person("owner")):
            people.execute("update public.documents set content = content || ' It waits to be embedded.'")
            people.execute("delete from public.memberships where role <> 'owner'")  # so that the account can be closed
        admin.execute("update public.documents set status = 'failed' where title = 'harbour draft'")
        shop = Shop(database, admin, people)
        lamp, rope = shop.product(50), shop.product(50, name="Rope")
        buyer = tenants.person("owner")
        orders = [shop.place(buyer, {lamp: 1}, str(uuid.uuid4()))["id"], shop.paid_order(buyer, {rope: 2})]
        admin.execute(f"grant temporary on database {database.name} to public".encode())
        people.execute("analyze")
        yield Target(database, Names(admin), _values(admin, tenants, [lamp, rope], orders), _personas(tenants, shop))


def _personas(tenants: Tenants, shop: Shop) -> dict[str, list[Persona]]:
    gateway, worker = LOGINS
    person, staff = _claims(tenants.person("owner")), _claims(shop.staff, staff=True)
    become = [(None, ""), ("anon", '{"role": "anon"}'), ("authenticated", person), ("authenticated", staff)]
    return {gateway: [Persona(gateway, *one) for one in become], worker: [Persona(worker)]}


def _values(admin: psycopg.Connection[Any], tenants: Tenants, products: list[object], orders: list[object]) -> Values:
    documents = list(tenants.documents.values())
    lines = [{"product_id": str(products[0]), "quantity": 1}]
    by_name: dict[str, list[object]] = {
        "order_id": orders,
        "claims": [_claims(tenants.person("owner")), '{"role": "anon"}'],
        "items": [json.dumps(lines)],
        "idempotency_key": [str(uuid.uuid4())],
        "name": [row[0] for row in admin.execute("select name from private.limits order by name limit 2").fetchall()],
        "mode": ["hybrid", "keyword", "semantic", "personal", "similar", "popular"],
        "query": ["handbook bo* leaflet -x", "lamp", "SKU-1"],
        "kind": ["charge", "refund"],
        "kinds": ["{documents,products}"],
        "user_ids": [f"{{{tenants.person('owner')}}}"],
        "model": [1],
        "of_model": [1],
        "query_embedding": [VECTOR, None],
        "filters": [None, '{"category": "lamps", "metadata": {"year": {"$not": {"$gte": "2026-01-01"}}}}'],
        "category": [None, "lamps"],
        "organization_id": [None, tenants.harbour],
        "price_min": [None],
        "price_max": [None],
        "in_stock": [None],
        "metadata": [None],
        "embedding_model": [None],
        "like_product": [None, products[0]],
    }
    ids = [products[0], documents[0], orders[0], tenants.harbour, tenants.person("owner")]
    return Values(admin, by_name, ids)


def _breaches(attacks: list[Attack]) -> list[str]:
    return [breach for attack in attacks for breach in attack.breaches]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", LOGINS)
def test_no_definer_takes_what_its_caller_made(target: Target, login: str, kind: str) -> None:
    calls_ = target.calls(login)
    attacks = attack_with(target.database, calls_, target.names.plants(kind))
    definers, reached = {call.name for call in calls_ if call.is_definer}, {n for one in attacks for n in one.reached}
    tried, made = sum(one.calls for one in attacks), sum(one.objects for one in attacks)
    print(f"{login}: {tried} calls, {len(definers)} definers and {len(reached - definers)} others, among {made} {kind}")
    assert _breaches(attacks) == []
    assert made > 200, "the attack must have weapons"
    assert definers <= reached, f"never called: {definers - reached}"


# Walls with a hole: (what is spoiled, whose password leads through it, by which calls, with what).
HOLES = {
    "a definer with an empty path": ("private.my_scopes()", "tidegate_gateway", "my_scopes", "domains"),
    "a function that a definer calls": ("private.order_lines(jsonb)", "tidegate_gateway", "place_order", "domains"),
    "by a cast": ("private.order_lines(jsonb)", "tidegate_gateway", "place_order", "types and casts"),
    "a definer of the worker's": (
        "private.create_scope_index(smallint)",
        "tidegate_worker",
        "create_scope_index",
        "domains",
    ),
    "a trigger": ("private.enqueue_changed_documents()", "tidegate_gateway", "update public.documents", "domains"),
}


@pytest.mark.parametrize("hole", HOLES)
def test_the_attack_finds_a_hole(target: Target, hole: str) -> None:
    function, login, through, kind = HOLES[hole]
    calls_ = [call for call in target.calls(login) if through in call.name]
    with target.database.connect("supabase_admin") as admin:
        admin.execute(f"alter function {function} set search_path = ''".encode())
        try:
            attacks = attack_with(target.database, calls_, target.names.plants(kind))
        finally:
            admin.execute(f"alter function {function} set search_path = pg_catalog, pg_temp".encode())
    assert any(breach.startswith("evil as postgres") for breach in _breaches(attacks))


@pytest.mark.parametrize(
    ("kind", "body", "breach"),
    [
        ("views", "perform id from careless_list;", "evil as postgres, by private.careless"),
        ("tables", "update careless_list set id = 1;", "evil as postgres, by private.careless"),
        ("tables", "perform secret from careless_list;", "private.careless: 42P01 relation"),
    ],
    ids=["views", "tables", "other columns"],
)
def test_the_attack_finds_a_relation_without_its_schema(target: Target, kind: str, body: str, breach: str) -> None:
    with target.database.connect("supabase_admin") as admin:
        admin.execute(
            "create function private.careless() returns void language plpgsql security definer"
            f" set search_path = pg_catalog, pg_temp as $$ begin {body} end $$;"
            " grant execute on function private.careless() to tidegate_worker;"
            " alter function private.careless() owner to postgres".encode()
        )
        try:
            attacks = attack_with(target.database, target.calls("tidegate_worker"), Names(admin).plants(kind))
        finally:
            admin.execute("drop function private.careless()")
    assert any(found.startswith(breach) for found in _breaches(attacks))
