"""What `make run` prints once everything answers: where, with which keys, who may sign in, and what to try."""

import shlex
from collections.abc import Mapping
from pathlib import Path

_ADDRESSES = (
    ("Gateway", "GATEWAY_URL", ""),
    ("API documentation", "GATEWAY_URL", "/docs"),
    ("Status, metrics", "OPERATIONS_URL", "/status, /metrics"),
    ("Supabase URL", "SUPABASE_URL", ""),
    ("Publishable key", "SUPABASE_PUBLISHABLE_KEY", ""),
    ("Secret key", "SUPABASE_SECRET_KEY", ""),
    ("Database", "DATABASE_URL", ""),
)
_PEOPLE = (
    ("DEMO_OWNER_EMAIL", "owns an organization"),
    ("DEMO_MEMBER_EMAIL", "viewer in the same organization"),
    ("DEMO_OUTSIDER_EMAIL", "of another organization"),
    ("DEMO_STAFF_EMAIL", "staff: maintains the catalogue"),
)
_TRY = """\
Try, in another terminal, after   . {env}

1. Search as nobody in particular: public documents and the catalogue
   curl -s "$GATEWAY_URL/v1/search" -H 'content-type: application/json' \\
     -d '{{"query": "a warm jacket for cold evenings"}}'

2. Sign in, and search with what that person may read
   TOKEN=$(curl -s "$SUPABASE_URL/auth/v1/token?grant_type=password" -H "apikey: $SUPABASE_PUBLISHABLE_KEY" \\
     -H 'content-type: application/json' \\
     -d "{{\\"email\\": \\"$DEMO_OWNER_EMAIL\\", \\"password\\": \\"$DEMO_PASSWORD\\"}}" \\
     | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
   curl -s "$GATEWAY_URL/v1/search" -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
     -d '{{"query": "what to do when customers cannot pay", "in": ["documents"]}}'

3. Add a document through the Data API; it can be found by meaning a moment later
   curl -s "$SUPABASE_URL/rest/v1/documents" -H "apikey: $SUPABASE_PUBLISHABLE_KEY" -H "authorization: Bearer $TOKEN" \\
     -H 'content-type: application/json' -H 'prefer: return=representation' \\
     -d '{{"title": "Lighthouse", "content": "The lamp is lit at dusk and put out at sunrise."}}'

Ctrl-C stops everything."""


def ready(values: Mapping[str, str], env_file: Path, seconds: float) -> str:
    """The text, from the values of the `env` file."""
    rows = [(label, values[name] + suffix) for label, name, suffix in _ADDRESSES if name in values]
    rows.append(("Mails of Auth", str(env_file.parent / "files/mails")))
    people = [(values[name], what) for name, what in _PEOPLE if name in values]
    lines = ["", f"Ready in {seconds:.1f} s", "", *_table(rows)]
    if people and "DEMO_PASSWORD" in values:
        lines += ["", f"Demo accounts, password {values['DEMO_PASSWORD']}", *_table(people)]
    return "\n".join([*lines, "", _TRY.format(env=shlex.quote(str(env_file))), ""])


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [f"  {left:<{width}}  {right}" for left, right in rows]
