"""Bytes of a text file as text."""

import codecs
import pkgutil

from gateway.ingestion.errors import UnreadableError

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY = "The file is binary, and none of the formats that can be read: {}."
FORMATS = "PDF, DOCX, PPTX, XLSX, ODT, EPUB, HTML, Markdown, text, CSV, JSON, Jupyter notebooks, EML"
# Of what is sent for detection: the rest of a text has the encoding of its beginning.
SAMPLE = 65_536
# Where nothing tells a language, of encodings that read Latin letters the most frequent is likelier than the first.
WESTERN = "cp1252"
LATIN = frozenset({"cp1250", "cp1257", "cp1258", "hp_roman8", "mac_iceland", "mac_latin2", "mac_roman"})
LATIN |= {f"iso8859_{n}" for n in (2, 3, 4, 10, 13, 14, 15, 16)}
# Signs that are no letters in it, without those that are letters of a neighbour: they would be within words.
SIGNS = frozenset(bytes(range(0x80, 0xC0)).decode(WESTERN, "ignore")) - set("\xb9\xb2\xb3\xa5\xaf\xac")
# More of these than one in a hundred, and it is no text.
CONTROL = frozenset(chr(n) for n in range(32)) - set("\t\n\r\f\b\x1b")


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def load_codecs() -> None:
    """Import every encoding, which the confined process could not do later."""
    import encodings  # noqa: PLC0415

    import charset_normalizer  # noqa: F401, PLC0415

    for module in pkgutil.iter_modules(encodings.__path__):
        try:
            codecs.lookup(module.name)
        except LookupError:
            continue  # a helper, or an encoding of another system


def decode(data: bytes, declared: str | None = None) -> str:
    """The text. UnreadableError for what is none."""
    for mark, own in BOMS:
        if data.startswith(mark):
            return _checked(data.decode(own, "replace").removeprefix("\ufeff"))
    if (unmarked := unmarked_utf16(data)) is not None:
        return _checked(data.decode(unmarked, "replace"))
    if is_utf8(data):
        return _checked(data.decode())
    for encoding in filter(None, (declared, _detected(data))):
        try:
            return _checked(data.decode(encoding, "replace"))
        except (LookupError, ValueError):
            continue
    raise UnreadableError(BINARY.format(FORMATS))


def unmarked_utf16(data: bytes) -> str | None:
    """The encoding of a text in UTF-16 without a mark, in which most characters are Latin: one byte of two is zero."""
    sample = data[: SAMPLE // 2 * 2]
    even, odd = sample[::2], sample[1::2]
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) * 2 > len(zeros) and not others.count(0):
            return encoding
    return None


def _detected(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415

    sample = data[:SAMPLE]
    found = from_bytes(sample)
    best = found.best()
    if best is None:
        return None
    western = next((match.coherence for match in found if match.encoding == WESTERN), 0.0)
    if best.encoding in LATIN and western >= best.coherence and _is_western(sample):
        return WESTERN
    return best.encoding


def _is_western(sample: bytes) -> bool:
    """Whether every character beyond ASCII is a letter, or a sign that texts have, in the encoding of the West."""
    try:
        text = sample.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    return all(character.isascii() or character.isalpha() or character in SIGNS for character in text)


def _checked(text: str) -> str:
    sample = text[:SAMPLE]
    if sum(character in CONTROL for character in sample) * 100 > len(sample):
        raise UnreadableError(BINARY.format(FORMATS))
    return text.replace("\r\n", "\n").replace("\r", "\n")
