"""What the pages have their reader do in a checkout: done in a copy of it, word for word, page after page.

A block under `<!-- tree: path -->` is text of that file, or, as a diff, a change of it. One under `<!-- tree -->` is
commands, which run when the page's files are written.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.local.paths import REPOSITORY
from tests.support.documentation import Block, blocks, name_of, pages

PAGES = [page for page in pages() if any(block.tree is not None for block in blocks(page))]
# What the targets depend on is installed, or this test would not run.
SHELL = 'set -eu\nmake() { command make --assume-old=.venv/dev.stamp "$@"; }\n'
OTHER_PROJECT = ("DATABASE_URL", "SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the checks read, and the environment of this run."""
    for name in ("gateway", "sql", "supabase", "tests"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", ".squawk.toml"):
        shutil.copy2(REPOSITORY / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def write(checkout: Path, block: Block) -> None:
    """Put the block's text at the end of its file, or change the file as the diff says."""
    path = checkout / (block.tree or "")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if block.language == "diff":
        lines = block.code.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] != "+")
        new = "".join(line[1:] for line in lines if line[0] != "-")
        assert text.count(old) == 1, f"{block}: {text.count(old)} times in {block.tree}:\n{old}"
        path.write_text(text.replace(old, new), encoding="utf-8")
    else:
        path.write_text(f"{text}\n{block.code}" if text else block.code, encoding="utf-8")


def run(checkout: Path, script: str) -> None:
    """Run a script there as a reader would; AssertionError with what it printed where it fails."""
    done = subprocess.run(
        ["bash", "-c", SHELL + script],
        check=False,
        cwd=checkout,
        env={name: value for name, value in os.environ.items() if name not in OTHER_PROJECT},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_change_that_a_page_shows_passes_the_checks_that_it_names(checkout: Path, page: Path) -> None:
    done = [block for block in blocks(page) if block.tree is not None]
    for block in done:
        if block.tree:
            write(checkout, block)
    python = sorted({block.tree for block in done if block.tree and block.tree.endswith(".py")})
    run(checkout, f".venv/bin/ruff check {' '.join(python)}\n.venv/bin/ruff format --check {' '.join(python)}\n")
    for block in done:
        if not block.tree:
            run(checkout, block.code)
