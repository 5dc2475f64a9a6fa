"""A hundred good files: eight of each format, of different words, sizes and encodings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.ingestion import office, texts
from tests.ingestion.content import ACCENTED, CYRILLIC, GREEK, LATIN, Content, make
from tests.ingestion.pdfs import pdf

VOCABULARIES = (LATIN, [*LATIN, *ACCENTED], GREEK, CYRILLIC)
EACH = 8


@dataclass(frozen=True)
class GoodFile:
    """A file, and the words, rows and headings that its text must have; `pages` where it has pages."""

    name: str
    data: bytes
    words: list[str]
    rows: list[list[str]]
    headings: list[str]
    pages: int = 0


def good_files() -> Iterator[GoodFile]:
    """All of them, always the same."""
    for number in range(EACH):
        content = make(number, VOCABULARIES[number % 4], sections=2 + number % 4)
        latin = make(100 + number, (LATIN, VOCABULARIES[1])[number % 2], sections=2 + number % 4)
        yield _whole(f"{number}.pdf", pdf(latin), latin, pages=len(latin.sections))
        yield _whole(f"{number}.docx", office.docx(content), content)
        yield _whole(f"{number}.pptx", office.pptx(content), content, pages=1 + len(content.sections))
        yield _whole(f"{number}.xlsx", office.xlsx(content), content)
        yield _whole(f"{number}.odt", office.odt(content), content)
        yield _whole(f"{number}.epub", office.epub(content, texts.xhtml(content)), content)
        yield from _texts(number, content, latin)


def _texts(number: int, content: Content, latin: Content) -> Iterator[GoodFile]:
    encode = _encoder(number)
    yield _whole(f"{number}.html", _declared(texts.html(content), number), content)
    yield _whole(f"{number}.md", encode(texts.markdown(content)), content)
    yield _whole(f"{number}.ipynb", texts.notebook(content).encode(), content)
    as_html = number % 2 == 1
    mail = _whole(f"{number}.eml", texts.mail(content, as_html=as_html), content)
    # In plain text nothing is a heading but the subject.
    yield mail if as_html else replace(mail, headings=[content.title])
    flat = [word for part in (content.title, *content.headings()) for word in part.split()]
    for section in content.sections:
        flat += [word for part in (*section.paragraphs, *section.items) for word in part.split()]
    yield GoodFile(f"{number}.txt", encode(texts.plain(content)), flat, [], [])
    delimiter = (",", ";", "\t", "|")[number % 4]
    rows = latin.sections[0].table
    words = [cell for row in rows for cell in row]
    yield GoodFile(f"{number}.csv", encode(texts.table(latin, delimiter)), words, rows, [])
    yield _whole(f"{number}.json", texts.records(content).encode(), content)


def _whole(name: str, data: bytes, content: Content, *, pages: int = 0) -> GoodFile:
    return GoodFile(name, data, content.words(), content.rows(), content.headings(), pages)


def _encoder(number: int) -> Callable[[str], bytes]:
    encodings = ("utf-8", "utf-16", "utf-8-sig", "utf-8", "utf-8", "utf-32", "utf-8", "utf-16")
    return lambda text: text.encode(encodings[number % 8])


def _declared(page: str, number: int) -> bytes:
    """A page in an encoding that it declares."""
    encoding = ("utf-8", "windows-1252", "iso-8859-7", "koi8-r")[number % 4]
    return page.replace("<head>", f'<head><meta charset="{encoding}">').encode(encoding)
