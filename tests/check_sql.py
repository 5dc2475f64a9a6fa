"""`make check-sql`: the invariants, Supabase's advisors and squawk, in one table; the exit status is 1 on any finding.

Without DATABASE_URL in the environment a scratch database is made of the migrations; with it, that database is looked
at, as the role of the URL, and nothing in it is changed. Squawk reads the migrations themselves.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from gateway.database.invariants import Finding, findings_query, invariants
from gateway.local.paths import REPOSITORY
from gateway.migrations.runner import read_migrations
from tests.support import ScratchCluster
from tests.support.supabase_cli import AVAILABLE, UNAVAILABLE, SupabaseCli

# After every baseline migration. The baseline creates what it touches, so squawk's rules on locks do not apply to it.
BASELINE = "20261128110000"
SQUAWK = Path(sys.executable).with_name("squawk")

Results = dict[str, list[Finding] | str]


def check_invariants(url: str) -> Results:
    """The findings of each rule of sql/invariants in the database at `url`."""
    results: Results = {}
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection, connection.transaction():
        connection.execute("set transaction read only")
        connection.execute("set local search_path = ''")  # so that names are printed in full
        for rule in invariants():
            rows = connection.execute(findings_query([rule])).fetchall()
            results[f"{rule.kind}/{rule.name}"] = [Finding(*row) for row in rows]
    return results


def check_advisors(url: str) -> Results:
    """The findings of Splinter, or why there are none."""
    if not AVAILABLE:
        return {"supabase db advisors": f"not run: {UNAVAILABLE}"}
    with tempfile.TemporaryDirectory() as directory:
        found = SupabaseCli(Path(directory)).advisors(url)
    return {
        "supabase db advisors": [
            Finding(one["name"], one["title"], one["detail"], one.get("remediation") or one["description"])
            for one in found
        ]
    }


def check_migrations(files: list[Path] | None = None) -> Results:
    """The findings of squawk in `files`, by default in every migration after the baseline."""
    if files is None:
        files = [migration.path for migration in read_migrations() if migration.version > BASELINE]
    done = subprocess.run(
        [str(SQUAWK), "--config", str(REPOSITORY / ".squawk.toml"), "--reporter", "json", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode in (0, 1), done.stderr
    return {
        f"squawk, {len(files)} new migrations": [
            Finding(
                one["rule_name"],
                f"{Path(one['file']).name}:{one['line'] + 1}",
                one["message"],
                one.get("help") or "See squawk's documentation of the rule.",
            )
            for one in json.loads(done.stdout or "[]")
        ]
    }


@contextmanager
def database_to_check() -> Iterator[str]:
    """The URL of the environment's database, or of a scratch one that has every migration."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory() as logs:
        cluster = ScratchCluster(Path(logs))
        try:
            cluster.start()
            yield cluster.build_template().url
        finally:
            cluster.stop()


def report(results: Results) -> bool:
    """Print every rule with what it found; whether nothing was found."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table("rule", "findings")
    for rule, found in results.items():
        count = found if isinstance(found, str) else f"[red]{len(found)}[/]" if found else "none"
        table.add_row(rule, count)
    console.print(table)
    findings = [finding for found in results.values() if not isinstance(found, str) for finding in found]
    for finding in findings:
        console.print(f"\n[red]{finding.rule}[/]: [bold]{finding.object}[/]", highlight=False)
        console.print(f"  {finding.detail}\n  {finding.remediation}", highlight=False, markup=False)
    return not findings


def main() -> int:
    """Check everything, and return the exit status."""
    with database_to_check() as url:
        results = {**check_invariants(url), **check_advisors(url), **check_migrations()}
    return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
