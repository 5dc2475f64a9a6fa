"""Where the repository keeps what the local stack runs."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SUPABASE = REPOSITORY / "supabase"
SUPABASE_LOCAL = SUPABASE / "local"
SCHEMAS = SUPABASE / "schemas"
MIGRATIONS = SUPABASE / "migrations"
FUNCTIONS = SUPABASE / "functions"
DENO_CONFIG = SUPABASE_LOCAL / "deno.json"
API_SERVER = SUPABASE_LOCAL / "server.ts"
