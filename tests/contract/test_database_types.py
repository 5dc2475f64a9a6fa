"""The TypeScript types of the database: the examples of the pages compile against them, and answers are as they say."""

import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deno
import pytest

from gateway.local.paths import DENO_CONFIG, REPOSITORY
from tests.e2e.test_docs import examples, sign_in
from tests.support import Database
from tests.support.documentation import name_of, pages
from tests.support.shop import Shop

TYPES = REPOSITORY / "supabase" / "clients" / "typescript" / "database.ts"
HEAD = f"""\
import type {{ SupabaseClient }} from "@supabase/supabase-js";
import type {{ Database }} from "{TYPES}";
declare const process: {{ env: Record<string, string> }};
declare const ada: SupabaseClient<Database>, ben: SupabaseClient<Database>, harbour: string, diary: string;
"""
# One adds a table of its own; the other has JavaScript for Node and nothing of Supabase.
EXCEPT = {"docs/access.md", "docs/adopt/gateway.md"}
PAGES = [
    page for page in pages() if name_of(page) not in EXCEPT and any(block.language == "js" for block in examples(page))
]


def check(*scripts: Path) -> str:
    """What TypeScript, which is strict in Deno, says against these modules."""
    command = [deno.find_deno_bin(), "check", "--quiet", "--cached-only", f"--config={DENO_CONFIG}", *map(str, scripts)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    errors = re.sub(r"\x1b\[[\d;]*m", "", done.stderr)
    assert (done.returncode == 0) == ("TS" not in errors), errors
    return errors if done.returncode else ""


def test_every_example_of_the_documentation_compiles(tmp_path: Path) -> None:
    scripts = []
    for page in PAGES:
        blocks = [block for block in [*sign_in(page), *examples(page)] if block.language == "js"]
        code = "\n".join(block.code for block in blocks).replace("createClient(", "createClient<Database>(")
        scripts.append(tmp_path / f"{page.stem}.ts")
        scripts[-1].write_text(HEAD + code, encoding="utf-8")
    assert len(scripts) > 8
    assert check(*scripts) == ""


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with database.connect("supabase_admin") as admin, database.connect() as people:
        yield Shop(database, admin, people)


def test_what_functions_return_is_of_their_type(shop: Shop, tmp_path: Path) -> None:
    """An object that is written out must have all fields of its type, and no other."""
    script = tmp_path / "answers.ts"
    lines = [
        f'({json.dumps(answer)}) satisfies Database["public"]["Functions"]["{name}"]["Returns"];\n'
        for name, answer in answers(shop)
    ]
    script.write_text(HEAD + "".join(lines), encoding="utf-8")
    assert check(script) == ""


def answers(shop: Shop) -> Iterator[tuple[str, Any]]:
    """What the functions that return JSON return."""
    buyer, product = shop.buyer(), shop.product(9)
    order = shop.place(buyer, {product: 1}, str(uuid.uuid4()))
    yield "place_order", order
    yield "purchase", shop.call(buyer, "purchase", product_id=product, quantity=1, idempotency_key=str(uuid.uuid4()))
    for name in ("mark_paid", "ship_order", "refund_order"):
        yield name, shop.call(shop.staff, name, order_id=order["id"])
    yield "my_orders", shop.call(buyer, "my_orders")
    yield "recommend", json.loads(shop.value("select to_json(public.recommend())::text"))
    yield "search", json.loads(shop.value("select to_json(public.search('lamp', mode => 'keyword'))::text"))
    yield "read_source", shop.call(buyer, "read_source", source_id=product)
    yield "read_source", shop.call(buyer, "read_source", source_id=uuid.uuid4())
    yield "close_account", shop.call(buyer, "close_account")
