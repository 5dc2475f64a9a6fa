"""`tidegate-evaluate` as people who sign in by password: each is asked about what they may read, and about what not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.evaluation.__main__ import FAILED, MET, main

QUESTIONS = (
    ("Rental Fleet Handbook", "When may a rental customer be on the water after thunder?"),
    ("Yard Handbook", "What must be worn in the boatyard outside the office?"),
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evaluate(
    project: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs the command as one of the demo accounts; its status, and what it printed."""
    path = tmp_path / "questions.jsonl"
    rows = [{"question": question, "in": ["documents"], "sources": [title]} for title, question in QUESTIONS]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def run(account: str, *, password: str = project["DEMO_PASSWORD"]) -> tuple[int, str, str]:
        monkeypatch.delenv("TIDEGATE_TOKEN", raising=False)
        for name in ("GATEWAY_URL", "SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY"):
            monkeypatch.setenv(name, project[name])
        monkeypatch.setenv("TIDEGATE_EMAIL", project[f"DEMO_{account.upper()}_EMAIL"])
        monkeypatch.setenv("TIDEGATE_PASSWORD", password)
        status = main([str(path), "--json"])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_two_people_who_sign_in_are_answered_from_what_each_may_read(evaluate: Run) -> None:
    for account, own, other in (("owner", 0, 1), ("outsider", 1, 0)):
        status, printed, said = evaluate(account)
        assert (status, said) == (MET, "")
        answers: list[dict[str, Any]] = json.loads(printed)["questions"]
        assert answers[own]["retrieval_hit_rate"] == 1
        assert answers[own]["citation_precision"] > 0
        assert answers[other]["retrieval_hit_rate"] == answers[other].get("citation_precision", 0) == 0


def test_a_wrong_password_is_said(evaluate: Run, project: dict[str, str]) -> None:
    status, printed, said = evaluate("owner", password="not it")
    assert (status, printed) == (FAILED, "")
    assert said.startswith(f"{project['DEMO_OWNER_EMAIL']} cannot sign in: ")
    assert "invalid_credentials" in said
