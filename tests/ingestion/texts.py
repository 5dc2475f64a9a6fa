"""Good files of formats that are text."""

import csv
import io
import json
from email.message import EmailMessage
from html import escape

from tests.ingestion.content import Content


def html(content: Content) -> str:
    """A page with navigation and a script that are not to be found, and end tags that are left out."""

    def table(rows: list[list[str]]) -> str:
        head = "".join(f"<th>{escape(cell)}" for cell in rows[0])
        body = "".join("<tr>" + "".join(f"<td><b>{escape(cell)}</b></td>" for cell in row) for row in rows[1:])
        return f"<table><thead><tr>{head}</thead><tbody>{body}</tbody></table>"

    body = f"<h1>{escape(content.title)}</h1><nav>deletedword</nav><script>var deletedword</script>"
    for section in content.sections:
        body += f"<section><h2>{escape(section.heading)}</h2>"
        body += "".join(f"<p>{escape(text).replace(' ', ' <i></i>', 1)}" for text in section.paragraphs)
        body += "<ul>" + "".join(f"<li>{escape(item)}" for item in section.items) + "</ul>" if section.items else ""
        body += (table(section.table) if section.table else "") + "</section>"
    return f"<html><head><title>{escape(content.title)}</title></head><body>{body}</body></html>"


def xhtml(content: Content) -> str:
    """A page that is well-formed XML."""
    body = ""
    for section in content.sections:
        body += f"<h2>{escape(section.heading)}</h2>" + "".join(f"<p>{escape(text)}</p>" for text in section.paragraphs)
        body += "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in section.items) + "</ul>"
        rows = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in section.table)
        body += f"<table>{''.join(rows)}</table>" if section.table else ""
    return f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{body}</body></html>'


def markdown(content: Content) -> str:
    """Markdown."""
    parts = [f"# {content.title}"]
    for section in content.sections:
        parts += [f"## {section.heading}", *section.paragraphs]
        parts += ["\n".join(f"- {item}" for item in section.items)] if section.items else []
        if section.table:
            lines = ["| " + " | ".join(row) + " |" for row in section.table]
            lines.insert(1, "|" + " --- |" * len(section.table[0]))
            parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def plain(content: Content) -> str:
    """Plain text without tables."""
    parts = [content.title]
    for section in content.sections:
        parts += [section.heading, *section.paragraphs, *section.items]
    return "\r\n\r\n".join(parts)


def table(content: Content, delimiter: str) -> str:
    """The first table, with a cell that holds the delimiter."""
    file = io.StringIO()
    rows = content.sections[0].table
    csv.writer(file, delimiter=delimiter).writerows([*rows, [f"with{delimiter}mark", *rows[0][1:]]])
    return file.getvalue()


def records(content: Content) -> str:
    """A JSON object: texts, and tables as lists of records."""
    return json.dumps(
        {
            content.title: {
                section.heading: {
                    "paragraphs": section.paragraphs,
                    "items": section.items,
                    "rows": [dict(zip(section.table[0], row, strict=True)) for row in section.table[1:]],
                }
                for section in content.sections
            }
        },
        ensure_ascii=False,
    )


def notebook(content: Content) -> str:
    """A notebook: its sections as text, and code that prints."""
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "source": [markdown(content)]}]
    cells.append(
        {
            "cell_type": "code",
            "source": ["print('printedword')\n", "answer = 42"],
            "outputs": [{"output_type": "stream", "text": ["printedword\n"]}],
        }
    )
    return json.dumps({"nbformat": 4, "cells": cells, "metadata": {"kernelspec": {"language": "python"}}})


def mail(content: Content, *, as_html: bool) -> bytes:
    """A mail with an attachment."""
    message = EmailMessage()
    message["Subject"] = content.title
    message["From"] = "Keeper <keeper@example.org>"
    message["To"] = "mate@example.org"
    message.set_content("see the page" if as_html else markdown(content))
    if as_html:
        del message["Content-Type"], message["Content-Transfer-Encoding"]
        message.set_content(html(content), subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="chart.pdf")
    return bytes(message)
