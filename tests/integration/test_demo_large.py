"""The large demonstration: apt's refusals in words, pages into Markdown, and documents added once."""

import asyncio
import shutil
from pathlib import Path

import pytest

from gateway.local.demo_corpus import BASE_URI, PACKAGE, convert, fetch_manual, page_files, read_pages
from gateway.local.demo_large import demo_large
from gateway.local.errors import LocalError
from gateway.local.seed import seed
from tests.support.databases import Database
from tests.support.seeding import seed_environment
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_S

# The shape of the package's pages: XHTML of DocBook, with navigation around one division.
PAGE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>25.1. {title}</title></head><body>
<div class="navheader"><table><tr><td><a href="a.html">Prev</a></td></tr></table><hr /></div>
<div class="sect1" id="X"><div class="titlepage"><div><h2 class="title">25.1. {title}</h2></div></div>
<a id="id-1" class="indexterm"></a><p>The <code class="command">pump</code> lifts water by
<a class="link" href="b.html">one metre</a>, see tide_table.</p>
<div class="sect2"><div class="titlepage"><div><h3 class="title">25.1.1. Priming</h3></div></div>
<pre class="programlisting">
prime --slowly
</pre><div class="itemizedlist"><ul><li><p>Open the valve.</p></li></ul></div></div></div>
<div class="navfooter"><hr /><table><tr><td>Next</td></tr></table></div></body></html>
"""
CONTENTS = """<html><head><title>Part I</title></head><body><div class="navheader">Up</div>
<div class="part"><div class="titlepage"><h1>Part I</h1></div>
<div class="toc"><a href="pump.html">Pumps, siphons</a></div></div>
</body></html>"""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that holds an unpacked package of three pages, one of them a table of contents, and the index."""
    pages = tmp_path / "cache" / PACKAGE / "usr/share/doc" / PACKAGE / "html"
    pages.mkdir(parents=True)
    for name in ("pump", "siphon"):
        (pages / f"{name}.html").write_text(PAGE.format(title=name.title()), encoding="utf-8")
    (pages / "part.html").write_text(CONTENTS, encoding="utf-8")
    (pages / "bookindex.html").write_text(PAGE.format(title="Index"), encoding="utf-8")
    return tmp_path / "cache"


def test_a_page_becomes_markdown_without_navigation_and_links() -> None:
    page = convert("pump.html", PAGE.format(title="Pumps"))
    assert page.title == "25.1. Pumps"
    assert page.source_uri == f"{BASE_URI}pump.html"
    assert page.content == (
        "The `pump` lifts water by\none metre, see tide_table.\n\n### 25.1.1. Priming\n\n"
        "```\nprime --slowly\n```\n\n- Open the valve.\n"
    )


def test_a_page_of_nothing_but_contents_keeps_them() -> None:
    assert convert("part.html", CONTENTS).content == "Pumps, siphons\n"


def test_what_is_no_page_is_named() -> None:
    with pytest.raises(LocalError, match=r"pump.html is not an HTML page"):
        convert("pump.html", "just text")


def test_an_unpacked_package_is_used_without_its_index(cache: Path) -> None:
    files = page_files(fetch_manual(cache, pytest.fail))
    assert [path.name for path in files] == ["part.html", "pump.html", "siphon.html"]
    assert [page.name for page in read_pages(files)] == ["part.html", "pump.html", "siphon.html"]


def test_without_apt_it_says_that_it_wants_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match=r"apt-get was not found: .* Debian package"):
        fetch_manual(tmp_path / "cache", lambda _line: None)


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt on this machine")
def test_without_package_lists_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "apt.conf"
    settings.write_text(f'Dir::State "{tmp_path}";\nDir::Cache "{tmp_path}";\nDir::Etc "{tmp_path}";\n')
    (tmp_path / "lists" / "partial").mkdir(parents=True)
    monkeypatch.setenv("APT_CONFIG", str(settings))
    with pytest.raises(LocalError, match=rf"(?s)E: .*{PACKAGE}.*run `apt-get update` as root"):
        fetch_manual(tmp_path / "cache", lambda _line: None)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.usefixtures("api", "worker")
def test_the_pages_are_added_once_and_become_searchable(
    stack: Stack,
    database: Database,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.local.demo_large.STALLED_AFTER_S", PATIENCE_S)
    environment = {**seed_environment(stack), "TIDEGATE_HOME": str(cache.parent)}
    asyncio.run(seed(environment, lambda _line: None))
    runs: list[list[str]] = [[], []]
    for lines in runs:
        asyncio.run(demo_large(environment, lines.append))
    assert [lines[0] for lines in runs] == ["3 pages to add", "0 pages to add"]
    assert all(lines[-1].startswith("the PostgreSQL manual is searchable: 3 documents in 5 chunks") for lines in runs)
    assert "adding documents: 3 of 3" in capsys.readouterr().out
    with database.connect() as connection:
        rows = connection.execute(
            "select title, visibility::text, status::text from public.documents"
            " where source_uri like %s order by title",
            (f"{BASE_URI}%",),
        ).fetchall()
    assert rows == [
        ("PostgreSQL 15: 25.1. Pump", "public", "ready"),
        ("PostgreSQL 15: 25.1. Siphon", "public", "ready"),
        ("PostgreSQL 15: Part I", "public", "ready"),
    ]


@pytest.mark.usefixtures("api")
def test_an_unseeded_project_is_an_error_that_says_so(stack: Stack, cache: Path) -> None:
    account = {"DEMO_OWNER_EMAIL": "early@seed.example"}
    stack.sign_up(account["DEMO_OWNER_EMAIL"], seed_environment(stack)["DEMO_PASSWORD"])
    environment = {**seed_environment(stack), **account, "TIDEGATE_HOME": str(cache.parent)}
    with pytest.raises(LocalError, match="has no organization fellgate-outfitters: run `make seed` first"):
        asyncio.run(demo_large(environment, lambda _line: None))
