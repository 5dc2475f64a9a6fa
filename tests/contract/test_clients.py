"""The clients at a running gateway, of which several people see different things."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.local.bootstrap import deno_command
from tests.support import Stack
from tests.support.waiting import PATIENCE_S
from tidegate_client import (
    AsyncTidegate,
    DocumentFailedError,
    GatewayProblemError,
    SearchAsYouType,
    Tidegate,
)

SENTENCE = "The spare anchor lies under the port bench."
NOTE = ("anchor.md", f"# Anchoring\n\n{SENTENCE}".encode(), "text/markdown")
QUESTION = "Where does the spare anchor lie?"
EVENTS = [{"event": "delta", "data": {"text": "né\u2028e"}}, {"event": "done", "data": {"kind": "quoted"}}]


@pytest.fixture(scope="module")
def people(served: Stack) -> Iterator[dict[str, Tidegate]]:
    """Ada, Bob, Eve and a visitor, each with a client."""
    clients = {"visitor": Tidegate(served.gateway_url, timeout_s=PATIENCE_S)}
    for name in ("ada", "bob", "eve"):
        token = str(served.sign_up(f"{name}@example.com")["access_token"])
        clients[name] = Tidegate(served.gateway_url, lambda token=token: token, timeout_s=PATIENCE_S)  # type: ignore[misc]
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture(scope="module")
def note(people: dict[str, Tidegate]) -> str:
    """A document of Ada's that is searchable."""
    added = people["ada"].add_document(NOTE, title="Spare anchor", metadata={"year": 2026})
    state = people["ada"].wait_for_document(added["id"], timeout_s=PATIENCE_S)
    assert (state["status"], state["files"][0]["status"]) == ("ready", "ready")
    return state["id"]


def test_each_person_finds_their_own(people: dict[str, Tidegate], note: str) -> None:
    found = {name: client.search("anchor", mode="keyword", kinds=["documents"]) for name, client in people.items()}
    assert {name: [each["id"] for each in answer["results"]] for name, answer in found.items()} == {
        "ada": [note],
        "bob": [],
        "eve": [],
        "visitor": [],
    }
    assert found["ada"]["results"][0]["metadata"]["year"] == 2026
    with pytest.raises(GatewayProblemError) as hidden:
        people["bob"].get_document(note)
    assert (hidden.value.status, hidden.value.kind) == (404, "not-found")


def test_an_answer_comes_piece_by_piece(people: dict[str, Tidegate], note: str) -> None:
    whole = people["ada"].answer(QUESTION, limit=1)
    text, quoted, kinds = "", [], []
    for event in people["ada"].stream_answer([{"role": "user", "content": QUESTION}], limit=1):
        kinds.append(event["event"])
        if event["event"] == "delta":
            text += event["data"]["text"]
        elif event["event"] == "citation":
            quoted.append(event["data"]["id"])
        elif event["event"] == "done":
            assert event["data"]["grounded"]
    assert text == whole["answer"] == SENTENCE
    assert (kinds[0], kinds[-1], quoted) == ("search", "done", [note])
    assert [each["event"] for each in people["bob"].stream_answer(QUESTION)][-1] == "done"
    assert not people["bob"].answer(QUESTION)["grounded"]


def test_the_rest_of_the_gateway_is_there(people: dict[str, Tidegate]) -> None:
    assert people["ada"].embed(["boat", "ship"])["data"][1]["index"] == 1
    assert people["visitor"].recommend(limit=3)["recommendations"] == []
    assert people["ada"].get_status()["failed_documents"] == []
    with pytest.raises(GatewayProblemError) as refused:
        people["visitor"].search("anchor", limit=1_000)
    assert (refused.value.kind, refused.value.fields[0]["pointer"]) == ("invalid-input", "#/limit")


def test_a_document_that_cannot_be_read_fails(people: dict[str, Tidegate]) -> None:
    added = people["eve"].add_document(("broken.pdf", b"no PDF", "application/pdf"))
    with pytest.raises(DocumentFailedError, match=r"broken\.pdf") as failed:
        people["eve"].wait_for_document(added["id"], timeout_s=PATIENCE_S)
    assert failed.value.state["files"][0]["status"] == "failed"
    with pytest.raises(TimeoutError):
        people["eve"].wait_for_document(
            people["eve"].add_document(("tea.md", b"Tea.", "text/markdown"))["id"], timeout_s=0
        )


@pytest.mark.anyio
async def test_each_text_ends_the_search_before(people: dict[str, Tidegate], note: str, served: Stack) -> None:
    async def token() -> str | None:
        return people["ada"]._token()

    async with AsyncTidegate(served.gateway_url, token, timeout_s=PATIENCE_S) as client:
        field = SearchAsYouType(client, pause_s=0, kinds=["documents"])
        *earlier, found = await asyncio.gather(*(field.search(text) for text in ("sp", "spare", "spare anc")))
        assert earlier == [None, None]
        assert found is not None
        assert [each["id"] for each in found["results"]] == [note]
        assert await field.search("  ") is None
        waiting = asyncio.create_task(field.search("spare"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        events = [event["event"] async for event in client.stream_answer(QUESTION, limit=1)]
        assert events[-1] == "done"


@pytest.fixture(scope="module")
def said(served: Stack, people: dict[str, Tidegate]) -> dict[str, Any]:
    """What a program that uses @tidegate/client printed, for two other people."""
    tokens = {name.upper(): str(served.sign_up(f"{name}@example.org")["access_token"]) for name in ("ada", "bob")}
    done = subprocess.run(
        deno_command(Path(__file__).with_name("typescript_client.ts"), "-A", "--no-check"),
        env={**os.environ, "GATEWAY_URL": served.gateway_url, **tokens},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def part(said: dict[str, Any], *names: str) -> dict[str, Any]:
    """Some of it."""
    return {name: said[name] for name in names}


def test_in_typescript_each_person_finds_their_own(said: dict[str, Any]) -> None:
    assert part(said, "found", "hidden") == {"found": [[True], [], []], "hidden": [404, "not-found"]}


def test_in_typescript_an_answer_comes_piece_by_piece(said: dict[str, Any]) -> None:
    assert part(said, "text", "answer", "kinds", "grounded") == {
        "text": SENTENCE,
        "answer": SENTENCE,
        "kinds": ["search", "done"],
        "grounded": False,
    }


def test_in_typescript_each_text_ends_the_search_before(said: dict[str, Any]) -> None:
    assert part(said, "typed", "left") == {"typed": [None, None, True], "left": "left"}


def test_in_typescript_what_fails_says_so(said: dict[str, Any]) -> None:
    assert part(said, "broken", "notReady", "failed") == {"broken": True, "notReady": True, "failed": 1}
    assert said["wrong"] == ["invalid-input", "#/limit"]
    assert part(said, "embedded", "recommended") == {"embedded": 2, "recommended": []}


def test_in_typescript_it_asks_again_as_it_is_told_and_no_longer(said: dict[str, Any]) -> None:
    retries = ("retried", "untold", "tooLong", "together", "attempts", "addedTwice", "addedLater")
    assert part(said, *retries) == {
        "retried": [[2_000, 1_000], None],
        "untold": [[], 503],
        "tooLong": [[], 503],
        "together": [[20_000], 503],
        "attempts": [[0, 0], 503],
        "addedTwice": [[], 503],
        "addedLater": [[1_000], None],
    }


def test_in_typescript_events_are_read_wherever_the_stream_is_cut(said: dict[str, Any]) -> None:
    assert part(said, "events", "differ") == {"events": EVENTS, "differ": []}
    assert said["cut"] == said["refused"] == "AnswerBrokenOff"
