"""SQL in files beside Python: `sql/queries/<name>.sql` is the query called `<name>`.

A file begins with a comment that says what the query returns. Parameters are psycopg's named ones, `%(name)s`; nothing
is ever put into the text. Whole-line comments are not sent, so they may hold a per cent sign.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def sql(kind: str) -> Traversable:
    """The folder `sql/<kind>`: in the package where it was installed, beside it in a checkout."""
    installed = files("gateway") / "sql" / kind
    return installed if installed.is_dir() else Path(__file__).parents[2] / "sql" / kind


def sql_files(folder: Traversable) -> dict[str, Traversable]:
    """The SQL files of a folder by their stem, sorted."""
    found = {each.name.removesuffix(".sql"): each for each in folder.iterdir() if each.name.endswith(".sql")}
    return dict(sorted(found.items()))


DIRECTORY = sql("queries")


@cache
def query(name: str) -> bytes:
    """The SQL of `sql/queries/<name>.sql`, comments removed; LookupError naming the known ones when there is none."""
    known = sql_files(DIRECTORY)
    if name not in known:
        raise LookupError(f"no query is called {name!r}; {DIRECTORY} has {', '.join(known) or 'none'}")
    return read_statement(known[name])


def read_statement(path: Traversable) -> bytes:
    """The SQL of a file, without its whole-line comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip().encode()


def names() -> list[str]:
    """Every query's name, sorted."""
    return list(sql_files(DIRECTORY))
