"""The state of documents and files is published to Realtime where there is a publication, whoever made it."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.support import Database, ScratchCluster

PUBLISH = "select private.publish_state()"
PUBLISHED = "select tablename from pg_publication_tables where pubname = 'supabase_realtime' order by 1"


@pytest.fixture
def database(cluster: ScratchCluster) -> Iterator[Database]:
    database = cluster.clone("realtime")
    yield database
    cluster.drop(database)


def test_documents_and_their_files_are_published_once(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("drop publication if exists supabase_realtime")
        connection.execute(PUBLISH)
        assert connection.execute(PUBLISHED).fetchall() == [], "there is no publication"
        connection.execute("create publication supabase_realtime for table public.products")
        for _ in range(2):
            connection.execute(PUBLISH)
            assert connection.execute(PUBLISHED).fetchall() == [("document_files",), ("documents",), ("products",)]


@pytest.mark.parametrize("tables", ["", " for all tables"])
def test_a_publication_of_somebody_else_or_of_all_tables_is_left_alone(database: Database, tables: str) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute("drop publication if exists supabase_realtime")
        admin.execute(f"create publication supabase_realtime{tables}".encode())
        before = admin.execute(PUBLISHED).fetchall()
        notices: list[str] = []
        with database.connect() as connection:
            connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
            connection.execute(PUBLISH)
        assert admin.execute(PUBLISHED).fetchall() == before
        assert [text for text in notices if "not changed" in text] == ([] if tables else notices)


def test_only_their_migration_publishes(database: Database) -> None:
    for role in ("anon", "authenticated", "tidegate_gateway", "tidegate_worker"):
        with database.connect("supabase_admin") as connection, connection.transaction(force_rollback=True):
            connection.execute("select set_config('role', %s, true)", (role,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(PUBLISH)
