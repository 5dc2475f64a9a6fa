"""The TypeScript types of the database: `python -m tests.support.database_types` (make types) writes them.

They are what `supabase gen types` of the official CLI says of a database with every migration, formatted by Deno.
"""

import subprocess
import tempfile
from pathlib import Path

import deno

from gateway.local.paths import DENO_CONFIG, REPOSITORY
from tests.support.databases import Database, ScratchCluster
from tests.support.supabase_cli import SupabaseCli, remote

TYPES = REPOSITORY / "supabase" / "clients" / "typescript" / "database.generated.ts"
HEAD = (
    "// Written by `make types` from the migrations. What it cannot say is in database.ts.\n// deno-lint-ignore-file\n"
)


def generated(supabase: SupabaseCli, database: Database) -> str:
    """The types of this database."""
    done = supabase("gen", "types", remote(database.url), "--schema", "public")
    command = [deno.find_deno_bin(), "fmt", f"--config={DENO_CONFIG}", "--ext=ts", "-"]
    formatted = subprocess.run(command, input=HEAD + done.stdout, capture_output=True, text=True, check=True)
    return formatted.stdout


def main() -> None:
    """Write them."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        cluster = ScratchCluster(directory)
        cluster.start()
        try:
            database = cluster.build_template()
            (directory / "supabase").mkdir()
            TYPES.write_text(generated(SupabaseCli(directory / "supabase"), database), encoding="utf-8")
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
