"""Mails: subject, people and date, then every text in order; the same of attached mails. Other parts are named."""

from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from itertools import islice

from gateway.ingestion.archive import DAMAGED
from gateway.ingestion.decoding import decode, load_codecs
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.extraction import Extraction, Markdown
from gateway.ingestion.limits import Limits
from gateway.ingestion.readers import File
from gateway.ingestion.readers.html import write_html

HEADERS = ("From", "To", "Cc", "Date")
ATTACHED = "message/rfc822"
# Of parts that say the same, the first of these that has text; others beside them, such as an invitation, are no copy.
SAME_TEXT = ("text/plain", "text/html", "text/enriched", "text/richtext")
MAX_MESSAGES = 500
DEEPEST = 10
SAMPLE = b"""From: "A" <a@example.org>
To: =?utf-8?q?B?= <b@example.org>
Date: Fri, 27 Nov 2026 09:00:00 +0100
Subject: =?utf-8?b?QQ==?=
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<p>A=20B
--x
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''a.pdf
Content-Transfer-Encoding: base64

QQ==
--x
Content-Type: message/rfc822

Subject: B

C
--x--
"""


def prepare(_file: File) -> None:
    """Load encodings, of which its parts may have any, and what the library loads by and by."""
    load_codecs()
    for message, level in _messages(_parsed(SAMPLE), 1):
        _write(Markdown(Limits()), message, level)


def read(file: File) -> Extraction:
    """The mail. UnreadableError."""
    markdown = Markdown(file.limits)
    try:
        messages = list(islice(_messages(_parsed(file.data), 1), MAX_MESSAGES))
        for number, (message, level) in enumerate(messages, 1):
            _write(markdown, message, level)
            file.progress(number, len(messages))
    # The library raises what it likes for what is no mail.
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, AssertionError) as error:
        raise UnreadableError(DAMAGED.format(f"it is no mail ({error})")) from error
    return markdown.done()


def _parsed(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def _messages(message: EmailMessage, level: int) -> Iterator[tuple[EmailMessage, int]]:
    """A mail and those attached to it, each with the level of its heading."""
    yield message, level
    for part in _parts(message):
        if (inner := _attached(part)) is not None and level < DEEPEST:
            yield from _messages(inner, level + 1)


def _parts(part: Message) -> Iterator[Message]:
    """The parts that hold something, in order; of those that say the same only the best."""
    if not part.is_multipart() or part.get_content_maintype() == "message":
        yield part
        return
    inner = _inner(part)
    if part.get_content_subtype() == "alternative":
        inner = _without_copies(inner)
    for each in inner:
        yield from _parts(each)


def _inner(part: Message) -> list[Message]:
    inner = part.get_payload()
    return [each for each in inner if isinstance(each, Message)] if isinstance(inner, list) else []


def _without_copies(parts: Sequence[Message]) -> list[Message]:
    """Without those that repeat in another form what one of them says."""

    def has(part: Message, kind: str) -> bool:
        return any(leaf.get_content_type() == kind and _data(leaf).strip() for leaf in part.walk())

    copies = [part for part in parts if any(has(part, kind) for kind in SAME_TEXT)]
    best = next((part for kind in SAME_TEXT for part in copies if has(part, kind)), None)
    return [part for part in parts if part is best or part not in copies]


def _attached(part: Message) -> EmailMessage | None:
    """The mail that a part is."""
    inner = _inner(part) if part.get_content_type() == ATTACHED else []
    return inner[0] if inner and isinstance(inner[0], EmailMessage) and inner[0].keys() else None


def _write(markdown: Markdown, message: EmailMessage, level: int) -> None:
    if not message.keys():
        raise ValueError("no headers")
    markdown.heading(level, str(message.get("Subject", "")))
    for name in HEADERS:
        if name in message:
            markdown.item(f"{name}: {message[name]}")
    unread = [_name(part) for part in _parts(message) if not _is_read(markdown, part) and _attached(part) is None]
    if unread:
        markdown.paragraph("Attachments, which are not read: " + ", ".join(unread))


def _is_read(markdown: Markdown, part: Message) -> bool:
    """Write a part that is text or a report; False for others."""
    is_file = part.get_content_disposition() == "attachment"
    if part.get_content_type() == "message/delivery-status":
        for fields in _inner(part):
            markdown.plain("\n".join(f"{name}: {value}" for name, value in fields.items()))
        return True
    if part.get_content_maintype() != "text" or is_file:
        return False
    if name := part.get_filename():
        markdown.paragraph(f"{name}:")
    data, charset = _data(part), part.get_content_charset()
    if part.get_content_type() == "text/html":
        write_html(markdown, data, charset)
    else:
        markdown.plain(decode(data, charset))
    return True


def _data(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _name(part: Message) -> str:
    return str(part.get_filename() or f"a part without a name ({part.get_content_type()})")
