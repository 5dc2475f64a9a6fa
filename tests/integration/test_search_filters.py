"""Filters of a search: the same facts through SQL and the gateway, for owner, member, stranger and nobody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.test_access import READABLE
from tests.support import Database, as_caller
from tests.support.filters import METADATA, PASSING, REFUSED
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import index_documents
from tests.support.tenants import Tenants, populate
from tests.support.tokens import Project

pytestmark = pytest.mark.anyio

ACTORS = ("owner", "viewer", "stranger", "anonymous")
SEARCH = (
    "select to_jsonb(s.results), s.complete"
    " from public.search('stands', mode => 'keyword', max_results => 100, filters => %s) s"
)
LANGUAGES = {"owner's diary": "de", "harbour draft": "pt-BR", "harbour leaflet": "pt", "meadow leaflet": "pt-BR"}


@dataclass
class World:
    """A started gateway, its clients' project and its documents."""

    client: httpx2.AsyncClient
    project: Project
    tenants: Tenants
    connection: psycopg.Connection[Any]

    def by_sql(self, actor: str, filters: Any) -> tuple[set[str], bool]:
        """Titles, and whether they are complete, as `public.search` answers."""
        with as_caller(self.connection, self.tenants.people[actor]):
            row = self.connection.execute(SEARCH, (Jsonb(filters),)).fetchone()
        assert row is not None
        return {result["title"] for result in row[0]}, row[1]

    async def ask(self, actor: str, filters: Any) -> httpx2.Response:
        """The gateway's answer."""
        person = self.tenants.people[actor]
        headers = {} if person is None else {"Authorization": f"Bearer {self.project.key.token(person)}"}
        body = {"query": "stands", "mode": "keyword", "limit": 100, "filters": filters}
        return await self.client.post("/v1/search", json=body, headers=headers)

    async def passing(self, filters: Any) -> set[str]:
        """The documents that pass, of those that each may read, by both ways."""
        found: set[str] = set()
        for actor in ACTORS:
            response = await self.ask(actor, filters)
            assert response.status_code == 200, response.text
            answer = response.json()
            titles = {result["title"] for result in answer["results"]}
            assert titles <= READABLE[actor]
            assert self.by_sql(actor, filters) == (titles, answer["complete"]) == (titles, True)
            found |= titles
            missing = {title for title in found & READABLE[actor] if title not in titles}
            assert missing == set(), actor
        return found


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    tenants = populate(database)
    with database.connect("tidegate_worker") as worker:
        index_documents(worker, {})
    with database.connect("supabase_admin") as admin:
        admin.execute("set session_replication_role = replica")  # so that times stay as they are written
        for day, (title, metadata) in enumerate(METADATA.items(), 1):
            admin.execute(
                "update public.documents set metadata = %s, language = %s, created_at = %s, updated_at = %s"
                " where title = %s",
                (Jsonb(metadata), LANGUAGES.get(title), f"2026-01-0{day}T12:00Z", f"2026-02-0{day}T12:00Z", title),
            )
    project = Project()
    async with client_of(make_app(project, database.url_for("tidegate_gateway"))) as client:
        with database.connect() as connection:
            yield World(client, project, tenants, connection)


READ_BY_SOMEBODY = set.union(*(READABLE[actor] for actor in ACTORS))


@pytest.mark.parametrize("name", PASSING)
async def test_each_finds_what_passes_of_what_is_theirs(world: World, name: str) -> None:
    metadata, expected = PASSING[name]
    assert await world.passing({"metadata": metadata}) == expected & READ_BY_SOMEBODY


TIMES_AND_LANGUAGES: list[tuple[dict[str, Any], set[str]]] = [
    ({"created_after": "2026-01-05"}, set(list(METADATA)[4:])),
    (
        {"created_after": "2026-01-02T12:00:00Z", "created_before": "2026-01-04T13:00:00+01:00"},
        set(list(METADATA)[1:3]),
    ),
    ({"updated_before": "2026-02-02T12:00:00.5Z"}, set(list(METADATA)[:2])),
    ({"updated_after": "2026-02-02", "updated_before": "2026-02-02"}, set()),
    ({"languages": ["deu"]}, {"owner's diary"}),
    ({"languages": ["pt"]}, {"harbour draft", "harbour leaflet", "meadow leaflet"}),
    ({"languages": ["pt_br", "de"]}, {"owner's diary", "harbour draft", "meadow leaflet"}),
    (
        {"languages": ["pt"], "created_before": "2026-01-05", "metadata": {"kind": {"$ne": "draft"}}},
        {"harbour leaflet"},
    ),
]


@pytest.mark.parametrize(("filters", "expected"), TIMES_AND_LANGUAGES)
async def test_times_and_languages_are_compared(world: World, filters: dict[str, Any], expected: set[str]) -> None:
    assert await world.passing(filters) == expected & READ_BY_SOMEBODY


async def test_documents_are_named_by_their_ids(world: World) -> None:
    titles = {"harbour handbook", "meadow leaflet", "meadow draft"}
    ids = [str(world.tenants.documents[title]) for title in titles]
    assert await world.passing({"document_ids": ids}) == titles & READ_BY_SOMEBODY
    organizations = [str(world.tenants.harbour), str(world.tenants.meadow)]
    assert await world.passing({"document_ids": ids, "organization_ids": organizations[:1]}) == {"harbour handbook"}
    assert await world.passing({"document_ids": ids, "organization_ids": organizations}) == titles & READ_BY_SOMEBODY


def is_refused(world: World, filters: Any) -> str:
    """The database's words on it."""
    with pytest.raises(psycopg.Error) as refused:
        world.by_sql("owner", filters)
    assert refused.value.sqlstate == "PT422"
    return str(refused.value.diag.message_primary)


@pytest.mark.parametrize("metadata", REFUSED, ids=str)
async def test_what_is_no_filter_is_refused_in_the_same_words(world: World, metadata: dict[str, Any]) -> None:
    answer = await world.ask("owner", {"metadata": metadata})
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["pointer"] == "#/filters/metadata"
    said = is_refused(world, {"metadata": metadata}).removeprefix("filters.")
    assert problem["detail"].rstrip(".") in (said, said.removeprefix("metadata: "))


async def test_an_unknown_operator_is_named_with_the_known_ones(world: World) -> None:
    for said in (
        (await world.ask("anonymous", {"metadata": {"year": {"$after": 2024}}})).json()["detail"],
        is_refused(world, {"metadata": {"year": {"$after": 2024}}}),
    ):
        assert "metadata.year: $after is no operator; known are $eq, $ne, $in," in said


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        ({"colour": "red"}, "colour: There is no such filter; known are category, created_after"),
        ({"document_ids": ["x"]}, "document_ids"),
        ({"document_ids": []}, "document_ids"),
        ({"organization_ids": [1]}, "organization_ids"),
        ({"languages": ["xx"]}, 'languages: "xx" is no BCP 47 tag'),
        ({"languages": []}, "languages"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"price_min": "5"}, "price_min: It must be of the type number"),
        ({"metadata": []}, "metadata: It must be of the type object"),
        ([], "filters must be an object"),
    ],
)
async def test_other_filters_are_refused_too(world: World, filters: Any, name: str) -> None:
    assert name in is_refused(world, filters)
    answer = await world.ask("owner", filters)
    assert answer.status_code == 422


async def test_a_language_that_is_none_is_the_filters_fault(world: World) -> None:
    answer = (await world.ask("owner", {"languages": ["de", "xx"]})).json()
    assert answer["errors"] == [
        {
            "pointer": "#/filters/languages",
            "detail": '"xx" is no BCP 47 tag, such as de, pt-BR or zh-Hant.',
            "code": "filter",
        }
    ]


async def test_an_explanation_names_the_filter_that_a_document_fails(world: World) -> None:
    filters = {"metadata": {"year": {"$gte": 2030}}, "created_after": "2026-01-01", "languages": ["de"]}
    body = {
        "query": "stands",
        "mode": "keyword",
        "filters": filters,
        "explain_ids": [str(world.tenants.documents["harbour leaflet"])],
    }
    explained = (await world.client.post("/v1/search", json=body)).json()["explanation"]["ids"][0]
    assert (explained["reason"], explained["filters"]) == ("filtered", ["languages", "metadata"])


MANY: dict[str, dict[str, Any]] = {
    "sixteen operators": {f"k{number}": {"$gte": number, "$lt": 99} for number in range(8)},
    "dates": {f"k{number}": {"$not": {"$gte": "2026-01-01"}} for number in range(8)},
    "values": {"k": {"$nin": [f"v{number}" for number in range(100)]}},
}


def look_ups(world: World, metadata: dict[str, Any]) -> int:
    """How many rows are looked at to find what passes this filter."""
    statement = "select (private.read_filters(%s)).look_ups"
    row = world.connection.execute(statement, (Jsonb({"metadata": metadata}),)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("name", MANY)
def test_the_more_a_filter_compares_the_fewer_rows_are_looked_at(world: World, name: str) -> None:
    usual = look_ups(world, {"kind": "manual", "year": {"$gte": 2024, "$lt": 2026}})
    assert usual / 40 < look_ups(world, MANY[name]) <= usual / 2
