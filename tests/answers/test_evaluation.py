"""`tidegate-evaluate`: a file of questions, a gateway that is running, and what is printed."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from gateway.evaluation.__main__ import FAILED, MET, MISSED, main
from gateway.evaluation.asking import Answer, Asker, AskingError
from gateway.evaluation.figures import Asked, coverage, figures, percentile, stands
from gateway.evaluation.questions import Question, QuestionsError, read_questions
from gateway.evaluation.report import Demand, DemandError
from tests.answers.world import World, canary

pytestmark = pytest.mark.anyio

HANDBOOK = "harbour handbook"
QUESTIONS: list[dict[str, Any]] = [
    {"question": "In which locker is the mooring kept?", "answers": [canary(HANDBOOK)], "sources": [HANDBOOK]},
    {"question": "In which locker is the lantern kept?", "answers": ["a word that nobody wrote"], "in": ["documents"]},
    {"question": "Who painted the ceiling of the Sistine Chapel?", "answerable": False},
]


@pytest.fixture(scope="module")
async def url(world: World) -> AsyncIterator[str]:
    """The address of the gateway, on a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(world.app, lifespan="off", log_level="error"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """What is asked, where a test does not say."""
    return QUESTIONS


@pytest.fixture
def questions(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture
def ask(
    world: World, url: str, questions: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Runs the command as somebody; its status, and what it printed."""

    async def run(actor: str, *arguments: str, **environment: str) -> tuple[int, str, str]:
        token = world.headers(actor).get("Authorization", "").removeprefix("Bearer ")
        for name in ("TIDEGATE_TOKEN", "TIDEGATE_EMAIL", "TIDEGATE_PASSWORD", "GATEWAY_URL", "SUPABASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"TIDEGATE_TOKEN": token, "GATEWAY_URL": url, **environment}.items():
            monkeypatch.setenv(name, value)
        status = await asyncio.to_thread(main, [str(questions), *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


async def test_it_measures_what_a_person_is_answered(ask: Any) -> None:
    status, printed, _ = await ask("viewer", "--json", "--min", "gold_first=0", "--max", "end_ms_p95=60000")
    assert status == MET
    found = json.loads(printed)
    values = {name: (each["value"], each["of"]) for name, each in found["figures"].items()}
    assert values["retrieval_hit_rate"] == (1, 1)
    assert values["answered"] == (1, 2)
    assert values["refused"] == (1, 1)
    assert values["gold_quoted"] == values["gold_answered"] == (0.5, 2)
    assert values["citation_truth"][0] == values["citation_coverage"][0] == 1
    assert 0 < values["citation_precision"][0] < 1
    assert 0 < values["first_event_ms_p50"][0] <= values["end_ms_p50"][0] <= values["end_ms_p95"][0]
    first, _, last = found["questions"]
    assert (first["line"], first["kind"], first["gold_quoted"]) == (1, "quoted", 1)
    assert (last["line"], last["answer"], last["refused"]) == (5, "Nothing that answers this was found.", 1)


async def test_another_person_sees_something_else(ask: Any) -> None:
    status, printed, said = await ask("anonymous", "--min", "retrieval_hit_rate=1", "--min", "refused=1")
    assert status == MISSED
    assert "Asking as nobody" in said
    assert said.endswith("Not met: retrieval_hit_rate is 0.000, least 1.\n")
    rows = {line.split()[0]: line.split()[1:3] for line in printed.splitlines()}
    assert rows["figure"] == ["value", "of"]
    assert rows["retrieval_hit_rate"] == ["0.000", "1"]
    assert rows["refused"] == ["1.000", "1"]


@pytest.mark.parametrize(
    ("actor", "arguments", "environment", "words"),
    [
        ("viewer", ["--min", "gold=1"], {}, "There is no figure 'gold'. Known are retrieval_hit_rate"),
        ("viewer", ["--max", "end_ms_p50=fast"], {}, "write end_ms_p50=0.9"),
        ("viewer", [], {"GATEWAY_URL": ""}, "Set GATEWAY_URL, or use --gateway"),
        ("viewer", ["--gateway", "http://127.0.0.1:1"], {}, "The gateway does not answer"),
        ("viewer", [], {"TIDEGATE_TOKEN": "a.b.c"}, "line 1: the gateway answers 401."),
        ("anonymous", [], {"TIDEGATE_EMAIL": "a@b.example"}, "set SUPABASE_URL and TIDEGATE_PASSWORD as well"),
        (
            "anonymous",
            [],
            {"TIDEGATE_EMAIL": "a", "TIDEGATE_PASSWORD": "b", "SUPABASE_URL": "http://127.0.0.1:1"},
            "http://127.0.0.1:1 does not answer",
        ),
    ],
)
async def test_what_cannot_be_measured_is_said(
    ask: Any, actor: str, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    status, printed, said = await ask(actor, *arguments, SUPABASE_PUBLISHABLE_KEY="x", **environment)
    assert (status, printed) == (FAILED, "")
    assert words in said


@pytest.mark.parametrize("rows", [[{"question": "x", "filters": {"price_min": 1}, "in": ["documents"]}]])
async def test_what_the_gateway_refuses_is_said_with_its_line(ask: Any) -> None:
    status, _, said = await ask("viewer")
    assert status == FAILED
    assert said.startswith("line 1: the gateway answers 422.")
    assert "Only products can pass" in said


BAD = {
    '{"question": "x"': "this is no JSON at character 17",
    '["x"]': "this is no object",
    '{"questions": "x"}': "there is no field 'questions'. Known are question,",
    '{"answers": ["x"]}': "send either 'question' or 'messages'",
    '{"question": "x", "answers": "y"}': "'answers': Input should be a valid list",
    '{"question": "x", "answers": [" "]}': "an empty text is among",
    '{"question": "x", "answers": ["y"], "answerable": false}': "drop one of them",
}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_told_what_to_change(tmp_path: Path, line: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"question": "x"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(QuestionsError, match="line 2: ") as refused:
        read_questions(path)
    assert BAD[line] in str(refused.value)


def test_ten_bad_lines_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text("{}\n" * 12, encoding="utf-8")
    with pytest.raises(QuestionsError) as refused:
        read_questions(path)
    assert str(refused.value).count("line ") == 10
    assert str(refused.value).endswith("… and 2 more.")
    for content, words in ((b"\n", "holds no question"), (b"\xff", "is not UTF-8")):
        path.write_bytes(content)
        with pytest.raises(QuestionsError, match=words):
            read_questions(path)


def respond(*responses: httpx2.Response) -> tuple[httpx2.MockTransport, list[httpx2.Request]]:
    """A gateway that answers with these, the last one again and again, and what it was asked."""
    asked: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return responses[min(len(asked), len(responses)) - 1]

    return httpx2.MockTransport(handle), asked


DONE = 'event: search\ndata: {"passages": []}\n\n: still at work\n\nevent: done\ndata: {"grounded": false}\n\n'


def test_it_waits_for_its_turn_and_signs_in_again() -> None:
    busy = httpx2.Response(429, headers={"Retry-After": "7"}, json={"detail": "Too many."})
    transport, asked = respond(busy, httpx2.Response(401, json={"detail": "Over."}), httpx2.Response(200, text=DONE))
    slept: list[float] = []
    tokens = iter(["old", "new"])
    with Asker("http://gateway.test", lambda: next(tokens), transport=transport, sleep=slept.append) as asker:
        assert asker.ask(Question(question="x")).rest == {"grounded": False}
    assert slept == [7]
    assert [request.headers["authorization"] for request in asked] == ["Bearer old", "Bearer old", "Bearer new"]


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx2.Response(429, headers={"Retry-After": "200"}, json={"detail": "Too many."}), "answers 429. Too many."),
        (httpx2.Response(500, text="<html>"), "answers 500. <html>"),
        (httpx2.Response(200, text='event: search\ndata: {"passages": []}\n\n'), "broke off"),
        (httpx2.Response(200, text='event: error\ndata: {"detail": "Rights changed."}\n\n'), "Rights changed."),
    ],
)
def test_it_does_not_wait_for_ever_nor_count_half_an_answer(response: httpx2.Response, words: str) -> None:
    transport, _ = respond(response)
    asker = Asker("http://gateway.test", lambda: None, transport=transport, sleep=lambda _s: None)
    with asker, pytest.raises(AskingError, match=words.replace(".", r"\.")):
        asker.ask(Question(question="x"))


def test_citations_are_checked_and_text_without_one_is_counted() -> None:
    passage = {"chunk_id": 1, "content": "Double the\nlines.", "title": "Storms"}
    true = {"chunk_id": 1, "passage_start": 0, "passage_end": 17, "quote": "Double the lines.", "start": 0, "end": 4}
    assert stands(true, [passage])
    for change in ({"chunk_id": 2}, {"passage_start": 7}, {"quote": "Double the line."}):
        assert not stands({**true, **change}, [passage])
    answer = Answer(text="abcd efgh", citations=[true], passages=[passage], rest={"grounded": True, "degraded": False})
    assert coverage(answer) == 0.5
    assert coverage(Answer()) == 0
    found = figures([Asked(Question(question="x", sources=["storms "], answers=["double the  LINES"]), answer)])
    assert (found["citation_precision"].value, found["gold_quoted"].value) == (0, 0)
    assert "refused" not in found
    with pytest.raises(DemandError, match="No question says anything about refused"):
        Demand("refused", 1, is_least=True).complaint(found)
    assert [percentile([3, 1, 2], percent) for percent in (0, 50, 95)] == [1, 2, 3]
