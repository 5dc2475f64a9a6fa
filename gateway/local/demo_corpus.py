"""Debian's PostgreSQL manual as Markdown: fetched by apt, unpacked by dpkg, converted page by page."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from markdownify import ATX, MarkdownConverter

from gateway.local.errors import LocalError

PACKAGE = "postgresql-doc-15"
BASE_URI = "https://www.postgresql.org/docs/15/"
_PAGES = Path("usr/share/doc") / PACKAGE / "html"
_INDEX = "bookindex.html"  # half a megabyte of words and page links: nothing to find in it
_NAVIGATION = "div.navheader, div.navfooter, a.indexterm"


@dataclass(frozen=True)
class Page:
    """One page of the manual; `content` is Markdown."""

    name: str
    title: str
    content: str

    @property
    def source_uri(self) -> str:
        """Where the page is on the web."""
        return BASE_URI + self.name


def fetch_manual(cache: Path, report: Callable[[str], None]) -> Path:
    """The directory of HTML pages below `cache`, downloaded and unpacked at the first call.

    Raises LocalError where there is no apt, its package lists lack the package, or the download fails.
    """
    pages = cache / PACKAGE / _PAGES
    if pages.is_dir():
        return pages
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise LocalError(f"{program} was not found: the large demonstration takes its text from a Debian package")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        report(f"downloading {PACKAGE}")
        package = _download(Path(scratch))
        unpacked = Path(scratch) / "unpacked"
        _run(["dpkg-deb", "-x", str(package), str(unpacked)], Path(scratch), f"unpacking {package.name}")
        if not (unpacked / _PAGES).is_dir():
            raise LocalError(f"{package.name} has no /{_PAGES}")
        shutil.rmtree(cache / PACKAGE, ignore_errors=True)
        unpacked.rename(cache / PACKAGE)
    return pages


def page_files(pages: Path) -> list[Path]:
    """The HTML files that are worth reading, in the order of their names."""
    return [path for path in sorted(pages.glob("*.html")) if path.name != _INDEX]


def read_pages(files: list[Path]) -> Iterator[Page]:
    """Convert the files one by one."""
    return (convert(path.name, path.read_text(encoding="utf-8")) for path in files)


def convert(name: str, html: str) -> Page:
    """The page as Markdown: its text, else its table of contents; LocalError when it is no page."""
    soup = BeautifulSoup(html, "html.parser")
    if not isinstance(soup.body, Tag) or soup.title is None:
        raise LocalError(f"{name} is not an HTML page")
    for navigation in soup.select(_NAVIGATION):
        navigation.decompose()
    for heading in soup.body.select("div.titlepage")[:1]:
        heading.decompose()  # the title again
    contents = [toc.extract() for toc in soup.body.select("div.toc")]
    text = _to_markdown(soup.body) or "\n\n".join(map(_to_markdown, contents))
    return Page(name, title=" ".join(soup.title.get_text().split()), content=text + "\n")


def _to_markdown(element: Tag) -> str:
    """Headings with `#`, fenced listings, and no links: their targets are other pages, not places in a document."""
    converter = MarkdownConverter(
        heading_style=ATX, bullets="-", strip=["a", "img"], escape_asterisks=False, escape_underscores=False
    )
    return re.sub(r"\n{3,}", "\n\n", str(converter.convert_soup(element))).strip()


def _download(directory: Path) -> Path:
    """Let apt check and store the package in `directory`; it needs no root for that."""
    hint = "when apt has no package lists, run `apt-get update` as root first, then this again"
    _run(["apt-get", "-q", "download", PACKAGE], directory, f"downloading {PACKAGE}", hint)
    packages = list(directory.glob(f"{PACKAGE}_*.deb"))
    if len(packages) != 1:
        raise LocalError(f"apt-get download {PACKAGE} succeeded but left {len(packages)} packages")
    return packages[0]


def _run(command: list[str], directory: Path, what: str, hint: str = "") -> None:
    done = subprocess.run(
        command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        lines = "\n".join(line for line in (done.stderr.strip(), hint) if line)
        raise LocalError(f"{what} failed with exit status {done.returncode}:\n{lines}")
