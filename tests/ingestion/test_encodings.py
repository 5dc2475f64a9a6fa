"""Texts in older encodings are read as they were written: short and long ones, in all formats that are text."""

# ruff: noqa: RUF001 - letters that look like others are the subject

import pytest

from gateway.ingestion.decoding import decode
from gateway.ingestion.errors import UnreadableError
from gateway.ingestion.guessing import guess
from tests.ingestion.reading import read

# Words and sentences of each language, in the encodings of its files.
SHORT = {
    ("cp1252", "mac_roman"): ["Größe", "Müller GmbH, Köln", "Straße; Übergabe", "L’été à Besançon – 20 €", "façade"],
    ("cp1252",): [
        *("Café", "naïve", "Señor", "Smørrebrød på torvet", "São Paulo não é a capital", "Þetta er íslenska", "Città"),
        *("10 °C – 5 µm", "© 2024 Acme", "“quoted”", "20 €", "GRÖSSE ÜBER ALLES", "¿Qué? ¡Mañana!", "Çà et là, œuvre"),
        "Señor Müller traf Ångström im Café, smørrebrød",
    ],
    ("cp1250", "iso8859_2"): [
        *("Zażółć gęślą jaźń w Łodzi, świeże źródło.", "Łódź", "Příliš žluťoučký kůň úpěl ďábelské ódy", "Dvořák"),
        *("Árvíztűrő tükörfúrógép", "Čevapčići, đak, žuti šešir"),
    ],
    ("cp1251", "koi8-r", "cp866"): ["Привет", "привет", "ПРИВЕТ МИР", "Запустите установщик.", "гавань и маяк"],
    ("cp1251",): ["Ціна їжі в Україні"],
    ("cp1253",): ["Εκτελέστε το πρόγραμμα εγκατάστασης.", "Αθήνα"],
    ("cp1254",): ["Yükleyiciyi çalıştırın, ıslak şehir, İzmir ğ."],
    ("cp1257",): ["Ąžuolas, ėjimas į mišką, žuvų ūsai šąla", "Rīga, ķēve, mājās, ļoti grūti"],
    ("cp1255",): ["שלום עולם, מה שלומך היום"],
    ("cp1256",): ["مرحبا بالعالم كيف حالك اليوم"],
    ("cp874",): ["สวัสดีชาวโลก วันนี้อากาศดี"],
    ("shift_jis", "euc_jp"): ["港の桟橋は朝まで閉鎖されています。", "テスト", "こんにちは", "東京都港区"],
    ("gb18030",): ["码头关闭到明天早上，船长请大家等待。", "你好，世界", "我们的公司在北京"],
    ("big5",): ["碼頭關閉到明天早上，船長請大家等待。"],
    ("euc_kr",): ["부두는 내일 아침까지 폐쇄됩니다.", "안녕하세요"],
}
CASES = [(encoding, text) for encodings, texts in SHORT.items() for encoding in encodings for text in texts]
CASES = [case for case in CASES if case[1].encode(case[0], "replace").decode(case[0]) == case[1]]
FRENCH = "L’éditeur a été créé à Besançon près de l'hôtel."


def test_short_and_long_texts_are_read_as_they_were_written() -> None:
    wrong = [
        (encoding, text, decode(text.encode(encoding)))
        for encoding, short in CASES
        for text in (short, f"{short}. " * 10)
        if decode(text.encode(encoding)) != text
    ]
    assert wrong == []
    assert len(CASES) > 50


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "cp1251", "koi8-r", "shift_jis"])
def test_one_letter_after_much_ascii_is_enough(encoding: str) -> None:
    word = {"cp1252": "café", "cp1250": "Łódź", "shift_jis": "桟橋は"}.get(encoding, "маяк")
    text = "plain line\n" * 7000 + f"the last: {word}"
    assert decode(text.encode(encoding)) == text
    one_line = text.replace("\n", " ")
    assert decode(one_line.encode(encoding)) == one_line


@pytest.mark.parametrize(
    ("name", "page"), [("a.txt", "{}"), ("a.csv", 'id;"{}"\n1;"{}"\n'), ("a.html", "<p>{}</p>"), ("a.json", '["{}"]')]
)
def test_every_format_that_is_text_is_decoded(name: str, page: str) -> None:
    for encoding, text in (("cp1252", FRENCH), ("cp1251", "Запустите установщик"), ("shift_jis", "港の桟橋は朝まで")):
        assert text in read(page.replace("{}", text).encode(encoding), name).text


def test_utf16_without_a_mark_is_no_binary() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        for text in (
            "Café",
            "a,b\r\n1,2",
            "Привет, мир! Причал закрыт.\n" * 9,
            "Āda ir ostā 😀 un gaida bāku. " * 9,
            "港の 桟橋は\n" * 9,
        ):
            assert decode(text.encode(encoding)) == text.replace("\r\n", "\n")
        assert read("<html><p>Größe</p></html>".encode(encoding), "page").text == "Größe"
        assert read("place,depth\nFaro,4\n".encode(encoding), "a.csv").text.startswith("| place | depth |")


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\0\1\0\2" * 900, b"\1\0\0\0\2\0\0\0" * 90, b"PNG\0\0ab\0c"])
def test_what_is_binary_stays_so(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="binary"):
        read(data, "a.txt")


def test_utf8_that_is_valid_is_utf8_whatever_is_declared() -> None:
    assert read(FRENCH, "a.txt", "text/plain; charset=windows-1251").text == FRENCH
    assert read(f'<meta charset="shift_jis"><p>{FRENCH}</p>', "a.html").text == FRENCH


@pytest.mark.parametrize(
    ("encoding", "declared", "text"),
    [
        ("cp1251", "windows-1251", "Ё"),
        ("iso8859_2", "ISO-8859-2", "¦ Š"),
        ("cp1252", "iso-8859-1", "20 € – “x”"),
        ("cp932", "shift_jis", "①髙"),
        ("iso2022_jp", "ISO-2022-JP", "港の桟橋"),
    ],
)
def test_a_declared_encoding_wins_over_looks(encoding: str, declared: str, text: str) -> None:
    data = text.encode(encoding, "replace")
    text = data.decode(encoding)
    assert read(data, "a.txt", f'text/plain; charset="{declared}"').text == text
    assert read(f'<meta charset="{declared}"><p>{text}</p>'.encode(encoding), "a.html").text == text
    xml = f'<?xml version="1.0" encoding="{declared}"?><p>{text}</p>'
    assert read(xml.encode(encoding), "a.xml").text == xml


@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "utf-7", "rot13", "unicode_escape", "nonsense", "shift_jis"])
def test_a_wrong_declaration_is_passed_over(declared: str) -> None:
    assert decode(FRENCH.encode("cp1252"), None, declared) == FRENCH


def test_one_broken_character_among_many_does_not_make_another_encoding() -> None:
    data = (FRENCH * 3).encode() + b" \xc3"
    assert decode(data) == FRENCH * 3 + " \ufffd"


def test_what_is_like_no_language_is_not_guessed() -> None:
    assert guess(bytes(range(128, 256)) * 4) is None


def test_a_long_line_is_looked_at_in_parts() -> None:
    """Lines of megabytes take no longer than many lines."""
    data = b"x" * 3_000_000 + "é".encode("cp1252") + b"y" * 3_000_000
    assert decode(data)[3_000_000] == "é"
