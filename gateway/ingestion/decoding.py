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
    if is_utf8(data):
        return _checked(data.decode())
    for encoding in filter(None, (declared, _detected(data))):
        try:
            return _checked(data.decode(encoding, "replace"))
        except (LookupError, ValueError):
            continue
    raise UnreadableError(BINARY.format(FORMATS))


def _detected(data: bytes) -> str | None:
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(data[:SAMPLE]).best()
    return best.encoding if best is not None else None


def _checked(text: str) -> str:
    sample = text[:SAMPLE]
    if sum(character in CONTROL for character in sample) * 100 > len(sample):
        raise UnreadableError(BINARY.format(FORMATS))
    return text.replace("\r\n", "\n").replace("\r", "\n")
