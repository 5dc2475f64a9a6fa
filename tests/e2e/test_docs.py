"""Every example of the README and of docs/, run from top to bottom of its page as the reader would run it.

A page begins where docs/quickstart.md#sign-in ends: its blocks there run first. A block that shows JSON or text right
below an example is what that must print. What cannot run here is marked in the page with the reason, and counted in
tests/unit/test_docs.py. What is done in a checkout is done by test_docs_tree.py.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from gateway.local.paths import REPOSITORY
from tests.support.documentation import RUNNABLE, Block, blocks, name_of, pages
from tests.support.examples import Session
from tests.support.runs import Run
from tests.support.transcript import agrees

QUICKSTART = REPOSITORY / "docs" / "quickstart.md"
CLIENTS = REPOSITORY / "supabase" / "clients"
# Run word for word by tests of their own, which need a server of their own.
ELSEWHERE = {
    "docs/adopt/users.md": "tests/adopt/whole/test_users.py",
    "docs/adopt/gateway.md": "tests/adopt/test_identity.py",
    "docs/invitations.md": "tests/integration/test_invitations.py",
    "docs/credentials.md": "tests/integration/test_rotation.py",
}
PAGES = [page for page in pages() if name_of(page) not in ELSEWHERE]


def examples(page: Path) -> list[Block]:
    """What the page's reader runs on a stack. SQL that belongs into the tree is run as well, for what follows it."""
    return [
        block
        for block in blocks(page)
        if block.language in RUNNABLE and block.not_run is None and (block.tree is None or block.language == "sql")
    ]


def sign_in(page: Path) -> list[Block]:
    """The blocks of the section that every page builds on."""
    # The README of a client is read by itself.
    if page == QUICKSTART or page.is_relative_to(CLIENTS):
        return []
    text = QUICKSTART.read_text(encoding="utf-8")
    start = text[: text.index("## Sign in")].count("\n")
    end = start + text[text.index("## Sign in") :].split("\n## ")[0].count("\n")
    return [replace(block, output=None) for block in examples(QUICKSTART) if start < block.line < end]


@pytest.fixture(scope="module")
def run(logs: Path) -> Iterator[tuple[Run, dict[str, str]]]:
    """A stack of this module's own: pages add tables, change limits and sell goods."""
    run = Run(logs, RATE_LIMIT="", RATE_LIMIT_ADDRESS="")
    run.start()
    yield run, run.wait_ready()
    run.dispose()


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=name_of)
def test_the_examples_of_a_page_do_what_it_says(run: tuple[Run, dict[str, str]], page: Path, tmp_path: Path) -> None:
    stack, values = run
    (tmp_path / ".tidegate").symlink_to(stack.home)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "gateway").symlink_to(REPOSITORY / "gateway")
    printed = Session(tmp_path, stack.environment, values).run(sign_in(page), examples(page))
    for block, text in printed.items():
        if block.output is not None:
            try:
                agrees(block.output.code, block.output.language, text)
            except AssertionError as error:
                raise AssertionError(f"{block} printed something else: {error}") from error


def test_every_name_of_the_schema_private_exists(run: tuple[Run, dict[str, str]]) -> None:
    _, values = run
    query = """
        select relname from pg_class where relnamespace = 'private'::regnamespace
        union select proname from pg_proc where pronamespace = 'private'::regnamespace
    """
    with psycopg.connect(values["DATABASE_URL"]) as connection:
        existing = {name for (name,) in connection.execute(query)}
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"\bprivate\.(\w+)", text))
    made = set(re.findall(r"^\+?create (?:table|function|type) private\.(\w+)", text, re.MULTILINE))
    assert "my_scopes" in named
    assert named - existing - made == set()


STATEMENTS = sorted(
    {found for page in PAGES for found in re.findall(r"`(update private[^`]*)`", page.read_text("utf-8"))}
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_operators_are_told_in_passing_runs(run: tuple[Run, dict[str, str]], statement: str) -> None:
    _, values = run
    with psycopg.connect(values["DATABASE_URL"]) as connection:
        assert connection.execute(statement.encode()).rowcount == 1
        connection.rollback()
