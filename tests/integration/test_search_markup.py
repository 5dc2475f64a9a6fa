"""What looks like HTML in a text is text: the parser of text search drops tags, entities, and all after <style>."""

from typing import Any

import psycopg
import pytest

from tests.support import Database, as_caller
from tests.support.tenants import Tenants, populate
from tests.support.words import gather, organization, titles, write

TEXTS = {
    "Elements": "Use the <style> element. Then walrus comes.",
    "Log": "192.0.2.7 GET /?q=<script>alert(xylophone)</script> 403, and later penguin",
    "Trace": "at <clinit> (a.js:1)\nstd::vector<Foobar> gannet; push <lighthouse-id>",
    "Server": '<host name="pikeword" port="8080"/>\n<!-- curlew -->\n&puffinry; or &#123;',
    "Comparison": "if x <carpword and y> 3 then heron",
    "Map<Keystone>": "A title with a parameter. <Ann@example.org> wrote: AT&T; &amp; others.",
    "Wide": "\uff1c\uff4f\uff54\uff54\uff45\uff52\uff1e and \uff06seal;",
}


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    tenants = populate(database)
    with database.connect("supabase_admin") as admin:
        for title, content in TEXTS.items():
            write(admin, None, title, content, organization_id=organization(admin))
    return tenants


@pytest.fixture(scope="module", autouse=True, params=[False, True], ids=["waiting", "gathered"])
def gathered(database: Database, tenants: Tenants, request: pytest.FixtureRequest) -> None:
    """Before and after the words of the texts are in the index."""
    if request.param:
        gather(database)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("walrus", "Elements"),
        ("<style> element", "Elements"),
        ("xylophone", "Log"),
        ("penguin", "Log"),
        ('"GET /?q=<script>alert(xylophone)</script> 403"', "Log"),
        ("GET /?q=<script>alert(xylophone)</script> 403", "Log"),
        ("clinit", "Trace"),
        ("at <clinit> (a.js:1)", "Trace"),
        ("vector<Foobar>", "Trace"),
        ("foobar", "Trace"),
        ("push <lighthouse-id>", "Trace"),
        ("pikeword", "Server"),
        ("puffinry", "Server"),
        ("&puffinry;", "Server"),
        ("curlew", "Server"),
        ("carpword", "Comparison"),
        ("if x <carpword and y> 3", "Comparison"),
        ("keystone", "Map<Keystone>"),
        ("map<keystone>", "Map<Keystone>"),
        ("ann@example.org", "Map<Keystone>"),
        ("at&t", "Map<Keystone>"),
        ("otter", "Wide"),
        ("seal", "Wide"),
    ],
)
def test_its_words_are_found(connection: psycopg.Connection[Any], tenants: Tenants, query: str, title: str) -> None:
    assert titles(connection, None, query, gives_way=False)[:1] == [title]


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("walrus", ["walrus"]),
        ("style", ["style"]),
        ("foobar", ["Foobar"]),
        ("pikeword", ["pikeword"]),
        ("puffinry", ["puffinry"]),
        ("otter", ["\uff4f\uff54\uff54\uff45\uff52"]),
    ],
)
def test_its_words_are_marked(
    connection: psycopg.Connection[Any], tenants: Tenants, query: str, marked: list[str]
) -> None:
    with as_caller(connection, None):
        row = connection.execute(
            "select r.snippet, r.highlights from public.search(%s, mode => 'keyword') s, unnest(s.results) r", (query,)
        ).fetchone()
    assert row is not None
    snippet, highlights = row
    assert [snippet[start:end] for start, end in highlights] == marked
