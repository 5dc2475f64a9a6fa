"""Details of Office files: lists by style, charts, what is hidden, and what stands in margins."""

from tests.ingestion.office import RELATIONS, packed
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


def test_hidden_text_of_word_is_said_and_not_read_and_margins_are_read_once() -> None:
    def run(text: str, inner: str = "") -> str:
        return f"<w:p><w:r><w:rPr>{inner}</w:rPr><w:t>{text}</w:t></w:r></w:p>"

    body = run("seen") + run("secret", "<w:vanish/>") + run("seen too", '<w:vanish w:val="0"/>')
    kinds = {"header1": "Harbour of Skagen", "header2": "Harbour of Skagen", "footer1": "Draft"}
    related = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{name[:-1]}" Target="{name}.xml"/>' for name in kinds
    )
    parts = {f"word/{name}.xml": f'<w:hdr xmlns:w="{WORD}">{run(text)}</w:hdr>' for name, text in kinds.items()}
    document = {"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'}
    relating = {"word/_rels/document.xml.rels": f"<Relationships>{related}</Relationships>"}
    found = read(packed(document | relating | parts), "a.docx")
    assert found.text.split("\n\n") == ["Harbour of Skagen", "seen", "seen too", "Draft"]
    assert found.remark == "Hidden text is not read."


def test_text_that_a_style_of_word_hides_is_not_read() -> None:
    hidden = "<w:rPr><w:vanish/></w:rPr>"
    named = {"Secret": hidden, "Deeper": '<w:basedOn w:val="Secret"/>', "Shown": '<w:rPr><w:vanish w:val="0"/></w:rPr>'}
    styles = "".join(f'<w:style w:styleId="{name}">{inner}</w:style>' for name, inner in named.items())

    def paragraph(text: str, style: str = "", run: str = "") -> str:
        return (
            f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
            f"<w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r><w:r><w:t>.</w:t></w:r></w:p>"
        )

    body = (
        paragraph("seen")
        + paragraph("no", "Secret")
        + paragraph("no", "Deeper")
        + paragraph("no", run='<w:rStyle w:val="Deeper"/>')
        + paragraph("shown by its run's style", "Secret", '<w:rStyle w:val="Shown"/>')
        + paragraph("shown by its run", "Deeper", '<w:vanish w:val="false"/>')
    )
    found = read(
        packed(
            {
                "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
                "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
            }
        ),
        "a.docx",
    )
    assert found.text.split("\n\n") == ["seen.", ".", "shown by its run's style", "shown by its run"]
    assert found.remark == "Hidden text is not read."


def test_charts_of_slides_are_tables_and_hidden_slides_are_said() -> None:
    def points(name: str, *values: object) -> str:
        listed = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))
        return f"<c:{name}><c:ref><c:cache>{listed}</c:cache></c:ref></c:{name}>"

    series = [
        f"<c:ser>{points('tx', name)}{points('cat', 'Skagen', 'Faro')}{points('val', *values)}</c:ser>"
        for name, values in (("2025", (1, 2)), ("2026", (3,)))
    ]
    title = '<c:title><a:t xmlns:a="a">Boats</a:t></c:title>'
    chart = f'<c:chartSpace xmlns:c="c"><c:chart>{title}{"".join(series)}</c:chart></c:chartSpace>'
    tree = (
        '<p:cSld><p:spTree><p:sp><p:txBody><a:p xmlns:a="a"><a:t>{}</a:t></a:p></p:txBody></p:sp></p:spTree></p:cSld>'
    )
    links = "".join(f'<Relationship Id="r{n}" Type="{RELATIONS}/slide" Target="s{n}.xml"/>' for n in (1, 2))
    parts = {
        "ppt/presentation.xml": f'<p:p xmlns:p="p" xmlns:r="{RELATIONS}"><p:sldIdLst><p:s r:id="r1"/><p:s r:id="r2"/>'
        "</p:sldIdLst></p:p>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{links}</Relationships>",
        "ppt/s1.xml": f'<p:sld xmlns:p="p">{tree.format("seen")}</p:sld>',
        "ppt/s2.xml": f'<p:sld xmlns:p="p" show="0">{tree.format("secret")}</p:sld>',
        "ppt/_rels/s1.xml.rels": f'<Relationships><Relationship Id="a" Type="{RELATIONS}/chart" Target="c.xml"/>'
        "</Relationships>",
        "ppt/c.xml": chart,
    }
    found = read(packed(parts), "a.pptx")
    table = "|  | 2025 | 2026 |\n| --- | --- | --- |\n| Skagen | 1 | 3 |\n| Faro | 2 |  |"
    assert found.text == f"seen\n\nBoats\n\n{table}"
    assert (len(found.page_starts), found.remark) == (2, "Hidden slides are not read: 2.")
