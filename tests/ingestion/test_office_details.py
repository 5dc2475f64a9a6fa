"""Details of Word: lists by style."""

from tests.ingestion.office import packed
from tests.ingestion.reading import read

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STYLES = {
    "ListBullet": '<w:name w:val="List Bullet"/>',
    "ListNumber2": '<w:name w:val="List Number 2"/>',
    "Steps": '<w:name w:val="Steps"/><w:basedOn w:val="ListBullet"/>',
    "Own": '<w:name w:val="Own"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr></w:pPr>',
    "Normal": '<w:name w:val="Normal"/>',
}


def test_styles_make_lists_in_word() -> None:
    def paragraph(style: str, text: str, inner: str = "") -> str:
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{inner}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'

    out = '<w:numPr><w:numId w:val="0"/></w:numPr>'
    body = "".join(paragraph(style, f"in {style}") for style in STYLES) + paragraph("ListBullet", "out of it", out)
    styles = "".join(f'<w:style w:styleId="{name}">{inner}</w:style>' for name, inner in STYLES.items())
    data = packed(
        {
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
        }
    )
    assert read(data, "a.docx").text == (
        "- in ListBullet\n  - in ListNumber2\n- in Steps\n  - in Own\n\nin Normal\n\nout of it"
    )
