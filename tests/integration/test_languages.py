"""Language tags: understood, brought into one form, refused; chosen by people or detected by the worker."""

# ruff: noqa: RUF001
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from gateway.worker.embedding.languages import LanguageDetector
from tests.support import Database, ScratchCluster, as_caller
from tests.support.tenants import Tenants, populate
from tests.support.workshop import Workshop, open_workshop

TAGS = {
    "de": "de",
    "DE": "de",
    "deu": "de",
    "ger": "de",
    " de ": "de",
    "nb": "nb",
    "nob": "nb",
    "no": "no",
    "nn-NO": "nn-NO",
    "pt-BR": "pt-BR",
    "pt_br": "pt-BR",
    "por-076": None,
    "ZH-HANT-tw": "zh-Hant-TW",
    "zho-Hans": "zh-Hans",
    "zh-yue": "yue",
    "zh-cmn-Hans-CN": "zh-Hans-CN",
    "cmn": "zh",
    "es-419": "es-419",
    "sr-Latn-RS": "sr-Latn-RS",
    "iw": "he",
    "in": "id",
    "gsw": "gsw",
    "haw": "haw",
    "fil": "fil",
    "aaa": "aaa",
    "und": "und",
    "mul": "mul",
    "qaa": "qaa",
    "sl-rozaj-biske": "sl-rozaj-biske",
    "de-CH-1996": "de-CH-1996",
    "en-u-CA-gregory-x-shop": "en-u-ca-gregory-x-shop",
    "de-DE-u-co-phonebk": "de-DE-u-co-phonebk",
    "xx": None,
    "zz": None,
    "xxx": None,
    "English": None,
    "german": None,
    "e": None,
    "": None,
    "de-": None,
    "de--DE": None,
    "de-u": None,
    "de-YY": None,
    "de-Foob": None,
    "de-DE-DE": None,
    "x-shop": None,
    "de.UTF-8": None,
    "de" + "-variants" * 20: None,
}
STEMMERS = {"nb": "norwegian", "nn-NO": "norwegian", "pt-BR": "portuguese", "zh-Hant": "simple", "und": "english"}
TEXTS = {
    "en": "The lamp is lit at dusk and put out at sunrise, and the keeper writes the hour into the log.",
    "de": "Die Lampe wird in der Dämmerung angezündet und bei Sonnenaufgang gelöscht.",
    "fr": "La lampe est allumée au crépuscule et éteinte au lever du soleil par le gardien.",
    "es": "La lámpara se enciende al anochecer y se apaga al amanecer, como cada día del año.",
    "pl": "Lampa zapala się o zmierzchu i gaśnie o wschodzie słońca.",
    "ru": "Лампа зажигается в сумерках и гаснет на рассвете, а смотритель записывает час.",
    "el": "Ο λαμπτήρας ανάβει το σούρουπο και σβήνει την ανατολή του ηλίου.",
    "ja": "東京都庁は新宿区にあります。展望室は無料で、誰でも入れます。",
    "zh": "自来水需要煮沸后饮用，水质检测每月进行一次，结果公布在网站上。",
    "ko": "학생이 기숙사에 들어가려면 학생증과 신청서를 내야 한다.",
    "th": "นักเรียนที่ต้องการเข้าหอพักต้องแสดงบัตรประจำตัวและใบสมัคร",
}
READ = {"en", "de", "fr", "es", "pl"}


@pytest.fixture(scope="module")
def tenants(database: Database) -> Tenants:
    return populate(database)


@pytest.fixture(scope="module")
def workshop(cluster: ScratchCluster, logs: Path) -> Iterator[Workshop]:
    with open_workshop(cluster, logs) as opened:
        opened.start_worker()
        yield opened


def test_tags_have_one_form(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("select t, private.language_tag(t) from unnest(%s::text[]) t", (list(TAGS),)).fetchall()
    assert dict(rows) == TAGS | {"por-076": None}


def test_a_tag_selects_its_stemmer(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("select t, private.stemmer(t) from unnest(%s::text[]) t", (list(STEMMERS),)).fetchall()
    assert dict(rows) == STEMMERS


@pytest.mark.parametrize("table", ["documents", "products"])
def test_what_is_no_tag_is_refused_with_what_to_write(
    database: Database, connection: psycopg.Connection[Any], tenants: Tenants, table: str
) -> None:
    with database.connect("supabase_admin") as admin:
        admin.execute("insert into public.categories (slug, name) values ('x', 'X') on conflict do nothing")
    columns, values = (
        ("title", "'x'")
        if table == "documents"
        else ("category_id, sku, name, price", "(select id from public.categories limit 1), 'X-1', 'x', 1")
    )
    statement = f"insert into public.{table} ({columns}, language) values ({values}, %s) returning language".encode()
    with as_caller(connection, tenants.person("owner"), commit=False) as caller:
        if table == "products":
            caller.execute("reset role")
        assert caller.execute(statement, ("DEU",)).fetchone() == ("de",)
    with as_caller(connection, tenants.person("owner"), commit=False) as caller:
        if table == "products":
            caller.execute("reset role")
        with pytest.raises(errors.CheckViolation, match='"xx" is not known') as refusal:
            caller.execute(statement, ("xx",))
    assert "pt-BR" in (refusal.value.diag.message_hint or "")
    assert refusal.value.diag.constraint_name == "language is a BCP 47 tag, such as en or pt-BR"


def test_clients_cannot_write_what_the_worker_finds(connection: psycopg.Connection[Any], tenants: Tenants) -> None:
    for column in ("language_is_detected", "unread_by_model"):
        with (
            as_caller(connection, tenants.person("owner"), commit=False) as caller,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            caller.execute(f"update public.documents set {column} = null".encode())


def state(workshop: Workshop, document: uuid.UUID) -> tuple[str | None, bool]:
    row = workshop.document(document)
    return row["language"], row["language_is_detected"]


def test_the_worker_detects_what_was_left_out(workshop: Workshop) -> None:
    ids = dict(zip(TEXTS, workshop.add_many([(text[:20], text) for text in TEXTS.values()]), strict=True))
    unclear = workshop.add("SKU-1234", "12345 | 67890")
    workshop.wait_until_done()
    assert {tag: state(workshop, document) for tag, document in ids.items()} == {tag: (tag, True) for tag in TEXTS}
    assert state(workshop, unclear) == (None, True)
    stemmers = {tag: {chunk["stemmer"] for chunk in workshop.chunks(document)} for tag, document in ids.items()}
    assert stemmers["de"] == {"german"} and stemmers["ja"] == {"simple"}
    assert {chunk["stemmer"] for chunk in workshop.chunks(unclear)} == {"english"}
    # What the model does not read is marked, what it does is not.
    marks = {tag: workshop.document(document)["unread_by_model"] for tag, document in ids.items()}
    assert marks == {tag: None if tag in READ else "all-MiniLM-L6-v2" for tag in TEXTS}


def test_a_choice_wins_until_it_is_taken_back(workshop: Workshop) -> None:
    document = workshop.add("Lampe", TEXTS["de"])
    workshop.wait_until_done()
    assert state(workshop, document) == ("de", True)
    # Saving what was detected is no choice, and embeds nothing again.
    workshop.write("update public.documents set language = 'deu' where id = %s", document)
    assert state(workshop, document) == ("de", True)
    assert workshop.document(document)["status"] == "ready"
    workshop.write("update public.documents set content = %s where id = %s", TEXTS["fr"], document)
    workshop.wait_until_done()
    assert state(workshop, document) == ("fr", True)
    workshop.write("update public.documents set language = 'nl' where id = %s", document)
    assert workshop.document(document)["status"] == "pending"
    workshop.wait_until_done()
    assert {chunk["stemmer"] for chunk in workshop.chunks(document)} == {"dutch"}
    workshop.write("update public.documents set content = %s where id = %s", TEXTS["es"], document)
    workshop.wait_until_done()
    assert state(workshop, document) == ("nl", False)
    workshop.write("update public.documents set language = null where id = %s", document)
    workshop.wait_until_done()
    assert state(workshop, document) == ("es", True)
    assert {chunk["stemmer"] for chunk in workshop.chunks(document)} == {"spanish"}


def test_short_texts_are_not_guessed() -> None:
    detector = LanguageDetector()
    assert [detector.detect(text) for text in ("boat", "Roadmap 2027", "git commit -m 'x'", "", "12")] == [None] * 5
