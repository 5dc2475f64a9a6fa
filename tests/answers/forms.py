"""What the routes that answer questions say, in one form: that of `POST /v1/answers` without `stream`."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2

Json = dict[str, Any]


class BrokenOffError(Exception):
    """An event said that the answer ends here."""


def whole(response: httpx2.Response) -> Json:
    """An answer as it comes."""
    answer: Json = response.json()
    return answer


def streamed(response: httpx2.Response) -> Json:
    """The answer that events make up. BrokenOffError; KeyError where an event is missing."""
    text = ""
    citations: list[Json] = []
    said: list[Json] = []
    found: Json = {}
    last: Json = {}
    for name, data in events_in(response.text):
        if name == "error":
            raise BrokenOffError(data["detail"])
        if name == "search":
            found = data
        elif name == "delta":
            text += data["text"]
        elif name == "citation":
            citations.append(data)
        elif name == "degradation":
            said.append(data)
        else:
            last = data
    assert said == last["degradations"], "each was said as an event"
    return {**last, "answer": text, "citations": citations, "passages": found["passages"]}


def chat(response: httpx2.Response) -> Json:
    """A completion of the chat API."""
    body = response.json()
    message = body["choices"][0]["message"]
    return _of_chat(message["content"], message["annotations"], body["tidegate"])


def chat_streamed(response: httpx2.Response) -> Json:
    """The completion that chunks make up. BrokenOffError; KeyError where the last one is missing."""
    text = ""
    annotations: list[Json] = []
    rest: Json = {}
    for line in response.text.split("\n\n"):
        data = line.removeprefix("data: ")
        if not data or data.startswith(":") or data == "[DONE]":
            continue
        chunk = json.loads(data)
        if "error" in chunk:
            raise BrokenOffError(chunk["error"]["message"])
        for choice in chunk["choices"]:
            text += choice["delta"].get("content", "")
            annotations += choice["delta"].get("annotations", [])
        rest = chunk.get("tidegate", rest)
    return _of_chat(text, annotations, rest)


def events_in(text: str) -> Iterator[tuple[str, Json]]:
    """Server-sent events: their names and data; comments are left out."""
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def _of_chat(text: str, annotations: list[Json], rest: Json) -> Json:
    citations = [annotation["citation"] for annotation in annotations]
    return {**rest, "answer": text, "citations": citations}
