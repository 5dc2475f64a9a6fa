"""The demonstration data: well-formed, large enough, safe to apply twice, and made through the public doors."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from gateway.local.errors import LocalError
from gateway.local.seed import ACCOUNTS, seed
from gateway.local.seed_files import SEED_SQL, SeedDocument, read_document, read_documents, read_organizations
from tests.support.callers import as_caller
from tests.support.databases import Database
from tests.support.seeding import seed_environment
from tests.support.stack import Process, Stack

ORGANIZATIONS = {organization.slug: organization for organization in read_organizations()}
DOCUMENTS = [
    pytest.param(document, id=f"{slug}:{document.source_uri.rsplit('/', 1)[-1]}")
    for slug in ORGANIZATIONS
    for document in read_documents(slug)
]
KINDS = {"handbook", "policy", "guide", "runbook"}
ENGLISH_DOCUMENTS_WANTED = 24


@pytest.fixture(scope="module")
def catalogue(database: Database) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(database.url, autocommit=True, row_factory=dict_row) as connection:
        for _ in range(2):
            with connection.transaction():
                connection.execute(SEED_SQL.read_bytes())
        yield connection


@pytest.fixture(scope="module")
def environment(stack: Stack, api: Process) -> dict[str, str]:
    return seed_environment(stack)


@pytest.fixture(scope="module")
def reports(environment: Mapping[str, str]) -> list[list[str]]:
    """What two seedings of one project reported."""
    runs: list[list[str]] = [[], []]
    for lines in runs:
        asyncio.run(seed(environment, lines.append))
    return runs


# The files ----------------------------------------------------------------------------------------------------------


def test_both_organizations_have_every_visibility_and_kind() -> None:
    assert len(ORGANIZATIONS) == 2
    assert {organization.account for organization in ORGANIZATIONS.values()} == {"owner", "outsider"}
    for slug in ORGANIZATIONS:
        documents = read_documents(slug)
        assert {document.visibility for document in documents} == {"private", "organization", "public"}
        assert sum(document.visibility == "private" for document in documents) >= 2
        assert {document.metadata["kind"] for document in documents} == KINDS


def test_there_are_enough_documents_and_none_twice() -> None:
    documents = [document for slug in ORGANIZATIONS for document in read_documents(slug)]
    assert sum(document.language == "en" for document in documents) >= ENGLISH_DOCUMENTS_WANTED
    assert {document.language for document in documents} == {"en", "de", "es"}
    for values in ([d.source_uri for d in documents], [d.title for d in documents], [d.content for d in documents]):
        assert [value for value, times in Counter(values).items() if times > 1] == []


def test_no_paragraph_is_used_twice() -> None:
    paragraphs = Counter(
        paragraph.strip()
        for slug in ORGANIZATIONS
        for document in read_documents(slug)
        for paragraph in document.content.split("\n\n")
        if len(paragraph.split()) > 12
    )
    assert [paragraph for paragraph, times in paragraphs.items() if times > 1] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_is_structured_and_long_enough_to_be_chunked(document: SeedDocument) -> None:
    headings = re.findall(r"^(#{1,6}) \S", document.content, flags=re.MULTILINE)
    assert 600 <= len(document.content.split()) <= 1500
    assert len(headings) >= 5
    assert re.search(r"^(- |\d+\. )", document.content, flags=re.MULTILINE), "no list"
    assert document.content.count("```") % 2 == 0
    assert document.source_uri.startswith("https://")
    assert ".example/" in document.source_uri, "only reserved names: a real site must not be named by accident"
    assert not re.search(r"[Ll]orem|TODO|FIXME|TBD", document.content)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# No front matter\n", "must begin with TOML"),
        ("+++\ntitle = \n+++\n", "Invalid value"),
        ('+++\ntitle = "A"\n+++\ntext\n', "missing 3 required"),
        (
            '+++\ntitle = "A"\nvisibility = "secret"\nlanguage = "en"\nsource_uri = "https://a.example/"\n+++\n',
            "'secret', not one of private, organization, public",
        ),
    ],
)
def test_a_malformed_document_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "bad.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LocalError, match=re.escape(complaint)) as raised:
        read_document(path)
    assert str(path) in str(raised.value)


# The catalogue ------------------------------------------------------------------------------------------------------


def test_the_catalogue_applies_twice_without_a_double(catalogue: psycopg.Connection[dict[str, Any]]) -> None:
    sizes = catalogue.execute(
        "select c.slug, count(*) as products from public.categories c join public.products p on p.category_id = c.id"
        " group by c.slug"
    ).fetchall()
    assert len(sizes) == 8
    assert all(row["products"] >= 10 for row in sizes)
    assert sum(row["products"] for row in sizes) >= 80
    repeated = catalogue.execute("select name from public.products group by name having count(*) > 1").fetchall()
    assert repeated == []
    alike = catalogue.execute("select 1 from public.products group by description having count(*) > 1").fetchall()
    assert alike == []


def test_products_are_plausible(catalogue: psycopg.Connection[dict[str, Any]]) -> None:
    products = catalogue.execute("select * from public.products").fetchall()
    for product in products:
        assert 1 < product["price"] < 2000
        assert product["price"].as_tuple().exponent == -2
        assert product["currency"] == "EUR"
        assert 0 <= product["stock"] <= 500
        assert product["id"].version == 4
        assert len(re.findall(r"[.!?](?:\s|$)", product["description"])) in range(2, 5), product["name"]
        assert 15 <= len(product["description"].split()) <= 90
        assert {"brand", "colours"} <= product["metadata"].keys()
    assert sum(product["stock"] == 0 for product in products) >= 5
    assert 3 <= sum(not product["is_active"] for product in products) <= 6
    replacements = {product["metadata"].get("replaced_by") for product in products} - {None}
    assert replacements <= {product["sku"] for product in products if product["is_active"]}


def test_the_catalogue_keeps_what_staff_changed(catalogue: psycopg.Connection[dict[str, Any]]) -> None:
    catalogue.execute("update public.products set price = 31.5 where sku = 'CK-1001'")
    catalogue.execute(SEED_SQL.read_bytes())
    row = catalogue.execute("select price from public.products where sku = 'CK-1001'").fetchone()
    assert row is not None
    assert float(row["price"]) == 31.5


# Through the public doors -------------------------------------------------------------------------------------------


def test_the_second_seeding_adds_nothing(reports: list[list[str]]) -> None:
    first, second = ([line for line in lines if "documents added" in line] for lines in reports)
    assert first == [
        f"{organization.name} ready: {len(read_documents(slug))} documents added"
        for slug, organization in ORGANIZATIONS.items()
    ]
    assert all(line.endswith(" 0 documents added") for line in second)
    for lines in reports:
        assert "catalogue ready: 96 products in 8 categories" in lines


@pytest.mark.usefixtures("reports")
def test_each_account_reads_what_it_should(database: Database) -> None:
    with database.connect() as connection:
        people = dict(connection.execute("select email, id from auth.users").fetchall())
        assert people.keys() == {f"{account}@seed.example" for account in ACCOUNTS}
        seen = {
            account: _visible(connection, people[f"{account}@seed.example"])
            for account in ("owner", "member", "outsider")
        }
        seen["nobody"] = _visible(connection, None)
    shop, yard = (read_documents(slug) for slug in ("fellgate-outfitters", "skerry-point-boatyard"))
    public = {d.source_uri for d in (*shop, *yard) if d.visibility == "public"}
    assert seen["nobody"] == public
    assert seen["owner"] == public | {d.source_uri for d in shop}
    assert seen["member"] == public | {d.source_uri for d in shop if d.visibility == "organization"}
    assert seen["outsider"] == public | {d.source_uri for d in yard}


@pytest.mark.usefixtures("reports")
def test_roles_and_claims_are_as_the_demonstration_needs_them(database: Database) -> None:
    with database.connect() as connection:
        roles = connection.execute(
            "select o.slug, u.email, m.role::text from public.memberships m"
            " join public.organizations o on o.id = m.organization_id join auth.users u on u.id = m.user_id"
        ).fetchall()
        staff = connection.execute(
            "select email from auth.users where raw_app_meta_data -> 'staff' = 'true'::jsonb"
        ).fetchall()
    assert sorted(roles) == [
        ("fellgate-outfitters", "member@seed.example", "viewer"),
        ("fellgate-outfitters", "owner@seed.example", "owner"),
        ("skerry-point-boatyard", "outsider@seed.example", "owner"),
    ]
    assert staff == [("staff@seed.example",)]


@pytest.mark.usefixtures("reports")
def test_a_lost_password_is_set_again(environment: Mapping[str, str]) -> None:
    lines: list[str] = []  # the seed itself signs in with the password that it has set
    asyncio.run(seed({**environment, "DEMO_PASSWORD": "another long password"}, lines.append))
    assert len(lines) == 2 + len(ORGANIZATIONS)


@pytest.mark.usefixtures("reports")
def test_a_slug_that_somebody_else_has_is_an_error_that_names_it(environment: Mapping[str, str]) -> None:
    swapped = {
        **environment,
        "DEMO_OWNER_EMAIL": environment["DEMO_OUTSIDER_EMAIL"],
        "DEMO_OUTSIDER_EMAIL": environment["DEMO_OWNER_EMAIL"],
    }
    with pytest.raises(LocalError, match="founding the organization fellgate-outfitters: the Data API refused"):
        asyncio.run(seed(swapped, lambda _line: None))


def test_what_is_missing_from_the_environment_is_named() -> None:
    with pytest.raises(LocalError, match=r"SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, .*DEMO_STAFF_EMAIL must be set"):
        asyncio.run(seed({}, lambda _line: None))


def _visible(connection: psycopg.Connection[Any], user_id: Any) -> set[str]:
    with as_caller(connection, user_id, commit=False):
        return {row[0] for row in connection.execute("select source_uri from public.documents").fetchall()}
