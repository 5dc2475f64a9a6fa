"""`make check-sql` on a healthy schema and on breaches of each kind of check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.local.paths import REPOSITORY
from tests.check_sql import check_migrations
from tests.support import Database, ScratchCluster
from tests.support.supabase_cli import AVAILABLE


def check_sql(database: Database) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DATABASE_URL": database.url, "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, "-m", "tests.check_sql"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_healthy_database_has_no_finding(database: Database) -> None:
    done = check_sql(database)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "isolation/row_level_security_forced" in done.stdout
    assert "supabase db advisors" in done.stdout


def test_a_breach_is_shown_with_its_remedy(cluster: ScratchCluster) -> None:
    database = cluster.clone("breached")
    with database.connect() as connection:
        connection.execute("create view public.titles as select title from public.documents")
        connection.execute("grant select on public.titles to anon")
    done = check_sql(database)
    cluster.drop(database)
    assert done.returncode == 1
    assert "reads_as_caller: public.titles" in done.stdout
    assert "alter view public.titles set (security_invoker = true);" in done.stdout
    if AVAILABLE:
        assert "security_definer_view" in done.stdout


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("alter table public.documents alter column title type varchar(200);", "changing-column-type"),
        ("alter table public.documents add column x uuid not null;", "adding-required-field"),
        ("drop table public.documents;", "ban-drop-table"),
    ],
)
def test_a_migration_that_locks_or_breaks_is_noticed(tmp_path: Path, statement: str, rule: str) -> None:
    migration = tmp_path / "20270101000000_careless.sql"
    migration.write_text(f"set local lock_timeout = '10s';\nset local statement_timeout = '60s';\n{statement}\n")
    (findings,) = check_migrations([migration]).values()
    assert not isinstance(findings, str)
    assert rule in {finding.rule for finding in findings}


def test_new_migrations_pass() -> None:
    assert list(check_migrations().values()) == [[]]
