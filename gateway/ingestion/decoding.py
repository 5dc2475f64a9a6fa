"""Bytes of a text file as text."""

import codecs
import pkgutil
import re
from collections.abc import Sequence
from unicodedata import category

from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.guessing import guess

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY = "The file is binary, and none of the formats that can be read: {}."
FORMATS = "PDF, DOCX, PPTX, XLSX, ODT, EPUB, HTML, Markdown, text, CSV, JSON, Jupyter notebooks, EML"
# Of what is looked at to tell a text from something else.
SAMPLE = 65_536
# More of these than one in a hundred, and it is no text.
CONTROL = frozenset(chr(n) for n in range(32)) - set("\t\n\r\f\b\x1b")
# Of a text in UTF-16 one character in so many is ASCII, so many times as often as the other byte is zero; and none is
# unassigned, a surrogate or private.
FEWEST_ZEROS = 50
LEAST_RATIO = 4
NO_CHARACTER = frozenset({"Cn", "Cs", "Co"})
# Among so many good characters beyond ASCII one may be broken.
MAX_BROKEN = 20
CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)""",
    re.IGNORECASE | re.ASCII,
)
HEAD = 4096
PARAMETER = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE | re.ASCII)
SEVEN_BITS = ("iso-2022", "iso2022", "csiso2022")
# What a page in bytes that could be read so far is not in, and what are no encodings of files.
NOT_DECLARED = ("utf-16", "utf-32", "utf-8", "utf-7", "idna", "punycode", "raw", "unicode", "undefined", "mbcs", "oem")
# What is declared so is more: https://encoding.spec.whatwg.org/#names-and-labels
AS_BROWSERS_DO = {"ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874"}
AS_BROWSERS_DO |= {"shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs"}


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def prepare(data: bytes) -> None:
    """Import encodings where the text may need one that is not loaded."""
    if not is_utf8(data) or b"\0" in data or b"\x1b" in data:
        load_codecs()


def load_codecs() -> None:
    """Import every encoding, which the confined process could not do later."""
    import encodings  # noqa: PLC0415

    import charset_normalizer  # noqa: F401, PLC0415

    for module in pkgutil.iter_modules(encodings.__path__):
        try:
            codecs.lookup(module.name)
        except LookupError:
            continue  # a helper, or an encoding of another system


def decode(data: bytes, *declared: str | None) -> str:
    """The text, in the encoding that its first bytes mark; in UTF-8 or UTF-16 if it is; in one that is declared; in one
    in which it looks like a language. UnreadableError for what is no text.
    """
    for mark, own in BOMS:
        if data.startswith(mark):
            return _checked(data.decode(own, "replace").removeprefix("\ufeff"))
    if (unmarked := unmarked_utf16(data)) is not None:
        return _checked(data.decode(unmarked, "replace"))
    text: str | None = _seven_bits(data, declared) or _utf8(data)
    for encoding in declared:
        if text is None and encoding:
            text = _declared(data, encoding)
    if text is not None:
        return _checked(text)
    guessed = guess(data) or _detected(data)
    if guessed is None:
        raise UnreadableError(BINARY.format(FORMATS))
    return _checked(data.decode(guessed, "replace"))


def unmarked_utf16(data: bytes) -> str | None:
    """The encoding of a text in UTF-16 without a mark: where one byte of two is often zero, hardly the other."""
    sample = data[: SAMPLE // 2 * 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    # Line ends and spaces are enough; of a program or a picture both are zero now and then.
    if (
        max(even, odd) * FEWEST_ZEROS < len(sample) // 2
        or min(even, odd) * LEAST_RATIO > max(even, odd)
        or len(data) % 2
    ):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        # A character of four bytes may be cut at the end.
        text = sample[: error.start].decode(encoding)
        if error.start < len(sample) - 2:
            return None
    return None if any(each == "\0" or category(each) in NO_CHARACTER for each in set(text)) else encoding


def declared_in(data: bytes) -> str | None:
    """The encoding that HTML or XML declares in its first lines."""
    found = CHARSET.search(data[:HEAD])
    return (found[1] or found[2]).decode("ascii") if found else None


def charset_of(content_type: str | None) -> str | None:
    """The encoding that a type declares, as in `text/plain; charset=koi8-r`."""
    found = PARAMETER.search(content_type or "")
    return found[1] if found else None


def _utf8(data: bytes) -> str | None:
    """The text if it is UTF-8, but for a few broken characters among many good ones, as where a log was cut."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
    broken = text.count("\ufffd")
    return text if _beyond_ascii(text) > MAX_BROKEN * broken else None


def _seven_bits(data: bytes, declared: Sequence[str | None]) -> str | None:
    """The text if it is in a declared encoding that has only bytes of ASCII, as Japanese mails are."""
    for encoding in declared:
        if encoding and encoding.lower().startswith(SEVEN_BITS) and data.isascii():
            return _declared(data, encoding)
    return None


def _declared(data: bytes, encoding: str) -> str | None:
    """The text in an encoding that somebody declared, None if that cannot be true."""
    try:
        name = codecs.lookup(encoding).name
        name = AS_BROWSERS_DO.get(name, name)
        if name.startswith(NOT_DECLARED):
            return None
        text = data.decode(name, "replace")
    except (LookupError, ValueError):
        return None
    return text if text.count("\ufffd") * MAX_BROKEN <= _beyond_ascii(text) else None


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _detected(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(data[:SAMPLE]).best()
    return best.encoding if best is not None else None


def _checked(text: str) -> str:
    sample = text[:SAMPLE]
    if sum(character in CONTROL for character in sample) * 100 > len(sample):
        raise UnreadableError(BINARY.format(FORMATS))
    return text.replace("\r\n", "\n").replace("\r", "\n")
