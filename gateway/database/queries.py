"""SQL in files beside Python: `sql/queries/<name>.sql` is the query called `<name>`.

A file begins with a comment that says what the query returns. Parameters are psycopg's named ones, `%(name)s`; nothing
is ever put into the text. Whole-line comments are not sent, so they may hold a per cent sign.
"""

from functools import cache
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parents[2] / "sql" / "queries"


@cache
def query(name: str) -> bytes:
    """The SQL of `sql/queries/<name>.sql`, comments removed; LookupError naming the known ones when there is none."""
    known = names()
    if name not in known:
        raise LookupError(f"no query is called {name!r}; {DIRECTORY} has {', '.join(known) or 'none'}")
    return read_statement(DIRECTORY / f"{name}.sql")


def read_statement(path: Path) -> bytes:
    """The SQL of a file, without its whole-line comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip().encode()


def names() -> list[str]:
    """Every query's name, sorted."""
    return sorted(path.stem for path in DIRECTORY.glob("*.sql"))
