"""Mails: subject, people and date, then the text; the same of mails that are attached. Other attachments are named."""

from collections.abc import Iterator
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
    for part in message.iter_attachments():
        if part.get_content_type() == ATTACHED and level < DEEPEST:
            inner = part.get_payload(0)
            if isinstance(inner, EmailMessage) and inner.keys():
                yield from _messages(inner, level + 1)


def _write(markdown: Markdown, message: EmailMessage, level: int) -> None:
    if not message.keys():
        raise ValueError("no headers")
    markdown.heading(level, str(message.get("Subject", "")))
    for name in HEADERS:
        if name in message:
            markdown.item(f"{name}: {message[name]}")
    body = message.get_body(("plain", "html"))
    if body is not None:
        _body(markdown, body)
    others = (part for part in message.iter_attachments() if part.get_content_type() != ATTACHED)
    names = [str(part.get_filename()) for part in others if part.get_filename()]
    if names:
        markdown.paragraph("Attachments, which are not read: " + ", ".join(names))


def _body(markdown: Markdown, body: Message) -> None:
    data = body.get_payload(decode=True)
    assert isinstance(data, bytes)
    charset = body.get_content_charset()
    if body.get_content_type() == "text/html":
        write_html(markdown, data, charset)
    else:
        markdown.plain(decode(data, charset))
