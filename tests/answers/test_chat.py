"""POST /v1/chat/completions: the same answers for clients of OpenAI's chat API."""

import json
from typing import Any

import httpx2
import pytest

from gateway.answers.chat import ChatForm, ChatRequest
from gateway.answers.events import DoneEvent
from gateway.answers.schemas import AnswerResponse, AnswerUsage
from gateway.resilience.fallback import Degradation
from tests.answers.world import World, secrets_beyond
from tests.integration.test_access import ACTORS

pytestmark = pytest.mark.anyio

QUESTION = "In which locker is the mooring kept?"


async def chat(world: World, actor: str = "anonymous", **body: Any) -> httpx2.Response:
    """The response to a conversation, or to the question."""
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": "any", "messages": messages, **body}
    return await world.client.post("/v1/chat/completions", json=body, headers=world.headers(actor))


async def embed(world: World) -> httpx2.Response:
    """The response to a text of somebody without a token."""
    return await world.client.post("/v1/embeddings", json={"input": "x"})


@pytest.mark.parametrize("actor", ACTORS)
async def test_it_is_the_answer_of_the_other_route(world: World, actor: str) -> None:
    wanted = await world.answer(actor, question=QUESTION)
    found = (await chat(world, actor)).json()
    (choice,) = found["choices"]
    assert (found["object"], found["model"], choice["finish_reason"]) == ("chat.completion", "any", "stop")
    assert choice["message"]["content"] == wanted["answer"]
    assert [each["citation"] for each in choice["message"]["annotations"]] == wanted["citations"]
    first = choice["message"]["annotations"][0]["url_citation"]
    assert wanted["answer"][first["start_index"] : first["end_index"]] == wanted["citations"][0]["quote"]
    assert first["url"].endswith(f"/rest/v1/documents?id=eq.{wanted['citations'][0]['id']}")
    assert found["tidegate"]["grounded"] is True
    assert secrets_beyond(actor, str(found)) == []


async def test_its_events_are_chunks(world: World) -> None:
    whole = (await chat(world, "owner")).json()["choices"][0]["message"]
    response = await chat(world, "owner", stream=True, stream_options={"include_usage": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    *lines, end = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert end == "[DONE]"
    chunks = [json.loads(line) for line in lines]
    assert len({chunk["id"] for chunk in chunks}) == 1
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == whole["content"]
    annotations = [each for delta in deltas for each in delta.get("annotations", [])]
    assert annotations == [{"index": index, **each} for index, each in enumerate(whole["annotations"])]
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"]) == ([], 0)


@pytest.mark.parametrize(
    ("kind", "reason", "used", "finish_reason"),
    [
        ("generated", "It stopped writing for 3 s.", "quotations", "length"),
        ("generated", "It was not allowed to answer.", "quotations", "content_filter"),
        ("generated", "It refused or failed.", "the second model", "stop"),
        ("quoted", "It refused or failed.", "quotations", "stop"),
    ],
)
def test_it_says_why_an_answer_ends(kind: str, reason: str, used: str, finish_reason: str) -> None:
    missing = Degradation(dependency="llm", reason=reason, used=used)
    answer = AnswerResponse.model_validate(
        {
            "answer": "x", "citations": [], "passages": [], "kind": kind, "question": "x", "grounded": True,
            "complete": True, "degraded": True, "degradations": [missing], "usage": AnswerUsage(), "took_ms": 1,
        }
    )  # fmt: skip
    request = ChatRequest.model_validate({"messages": [{"role": "user", "content": "x"}]})
    form = ChatForm(request, "id", "https://project.example")
    assert form.whole(answer).choices[0].finish_reason == finish_reason
    assert f'"finish_reason": "{finish_reason}"' in form.chunk(DoneEvent(answer=answer)).decode()


async def test_what_a_chat_client_sends_beside_is_ignored(world: World) -> None:
    messages = [
        {"role": "system", "content": "You are a pirate."},
        *({"role": role, "content": "x" * 5000} for role in ("user", "assistant") * 3),
        {"role": "assistant", "content": "", "annotations": [], "refusal": None},
        {
            "role": "user",
            "content": [{"type": "text", "text": "In which locker is the"}, {"type": "text", "text": "lantern kept?"}],
        },
    ]
    more = {"temperature": 0.5, "max_tokens": 10, "n": 1, "user": "me", "tools": [], "stop": None}
    response = await chat(world, "owner", messages=messages, **more)
    assert response.status_code == 200, response.text
    assert "The lantern is kept in locker" in response.json()["choices"][0]["message"]["content"]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no messages": ({"messages": []}, "at least 1 item"),
    "no question": ({"messages": [{"role": "assistant", "content": "x"}]}, "role 'user'"),
    "an empty question": ({"messages": [{"role": "user", "content": " "}]}, "at least 1 character"),
    "a huge question": ({"messages": [{"role": "user", "content": "x" * 5000}]}, "more than 4,000"),
    "a picture": ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "'text'"),
    "tools": ({"tools": [{"type": "function"}]}, "No tools are used"),
    "a filter that nothing passes": ({"in": ["documents"], "filters": {"price_min": 1}}, "Only products"),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_told_what_to_change(world: World, name: str) -> None:
    body, words = BAD[name]
    response = await chat(world, **body)
    assert response.status_code == 422, response.text
    assert words in " ".join([response.json()["detail"], *(each["detail"] for each in response.json()["errors"])])


async def test_a_client_finds_the_model_that_it_may_name(world: World) -> None:
    found = (await world.client.get("/v1/models")).json()
    assert (found["object"], [each["object"] for each in found["data"]]) == ("list", ["model"])
    answer = (await chat(world, model=found["data"][0]["id"])).json()
    assert answer["model"] == found["data"][0]["id"]
    assert (await world.client.get(f"/v1/models/{answer['model']}")).json() == found["data"][0]
    refused = await world.client.get("/v1/models", headers={"Authorization": "Bearer sk-123"})
    assert refused.status_code == 401


async def test_an_error_is_told_as_the_chat_api_does(world: World) -> None:
    body: dict[str, Any] = {"messages": [{"role": "user", "content": 7}]}
    for response, code, kind, param, words in (
        (await chat(world, **body), "invalid-input", "invalid_request_error", "messages.0.content", "valid string"),
        (await world.client.get("/v1/models/gpt"), "not-found", "not_found_error", None, "No route has this path"),
        (await embed(world), "unauthenticated", "authentication_error", None, "Sign in"),
    ):
        told = response.json()
        assert response.headers["content-type"] == "application/problem+json"
        assert (told["error"]["code"], told["error"]["type"], told["error"]["param"]) == (code, kind, param)
        assert words in told["error"]["message"]
        assert told["detail"] in told["error"]["message"]


async def test_a_wrong_field_is_named_without_the_types_that_were_tried(world: World) -> None:
    for content, pointer in (([{"type": "image_url"}], "#/messages/0/content/0/type"), (7, "#/messages/0/content")):
        errors = (await chat(world, messages=[{"role": "user", "content": content}])).json()["errors"]
        assert pointer in {each["pointer"] for each in errors}
        assert not [each for each in errors if "[" in each["pointer"] or "str" in each["pointer"]]


async def test_a_token_that_does_not_hold_is_refused(world: World) -> None:
    body = {"messages": [{"role": "user", "content": QUESTION}]}
    response = await world.client.post("/v1/chat/completions", json=body, headers={"Authorization": "Bearer sk-123"})
    assert response.status_code == 401
