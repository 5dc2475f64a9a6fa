"""The conformance suite (`make conformance`) and its page agree on how the local stack differs."""

import re

from tests.conformance.comparing import BEGIN, END, EXPECTED, PAGE, compared


def test_the_page_lists_the_known_differences() -> None:
    part = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    listed = dict(re.findall(r"^\| ((?:auth|data|functions|storage).*?) \| (.*?) \|", part, re.MULTILINE))
    noted = {name: wanted["local"] for name, wanted in EXPECTED["calls"].items() if "local" in wanted}
    assert listed == noted, "run make conformance WRITE=--write"
    assert {wanted["source"] for wanted in EXPECTED["calls"].values()} == set(EXPECTED["sources"])


def test_a_difference_is_news_unless_it_is_known() -> None:
    answers = [
        {"name": name, "status": 200, "code": wanted.get("code"), "headers": {}, "fields": wanted.get("fields")}
        for name, wanted in EXPECTED["calls"].items()
    ]
    news = {finding.name for finding in compared(answers, is_local=True) if finding.is_news}
    assert "data: read, unknown table" in news
    assert "auth: enroll a factor" in news, "it differs no longer"
    assert "functions: search" not in news
