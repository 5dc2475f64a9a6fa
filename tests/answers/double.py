"""A model of this machine with OpenAI's chat API: it quotes well, obeys whatever its passages say, or goes wrong."""

import base64
import itertools
import json
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from gateway.answers.sentences import sentences
from gateway.answers.words import scores
from tests.support.local_server import Handler, LocalServer

MODEL = "double"
ORDER = re.compile(r"write:(.*?)(?:\bEND\b|$)", re.DOTALL | re.IGNORECASE)
CODED = re.compile(r"base64:([A-Za-z0-9+/=]+)")


class Double(LocalServer):
    """A server; `write` says what it writes to a prompt, piece by piece, as text or bytes of the stream itself."""

    def __init__(self) -> None:
        self.write: Callable[[str], Iterator[str | bytes]] = honest
        self.status = 200
        self.content_type = "text/event-stream"
        self.finish_reason = "stop"
        self.ends = True
        """Whether the stream says that it ends."""
        self.seen: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.closed = threading.Event()
        """Whether a client has left before the end."""
        self.gate = threading.Event()
        super().__init__(self._handler())

    @property
    def url(self) -> str:
        """The API's address."""
        return f"{self.root}/v1"

    def reset(self) -> None:
        """As at the beginning."""
        self.write, self.status, self.content_type, self.finish_reason = honest, 200, "text/event-stream", "stop"
        self.ends = True
        self.seen.clear()
        self.closed.clear()
        self.gate.clear()

    def hang(self) -> None:
        """Wait until the test is over."""
        self.gate.wait(60)

    def release(self) -> None:
        """Let those go that hang."""
        self.gate.set()

    def _handler(self) -> type[Handler]:
        double = self

        class Writes(Handler):
            protocol_version = "HTTP/1.0"  # a stream ends with its connection

            def do_GET(self) -> None:
                self.answer(b'{"data": []}')

            def do_POST(self) -> None:
                body = json.loads(self.body())
                assert (self.path, body["model"], body["stream"]) == ("/v1/chat/completions", MODEL, True)
                assert "tools" not in body
                double.keys.add(self.headers["Authorization"])
                double.seen.append(body)
                try:
                    self._stream(body["messages"])
                except ConnectionError:
                    double.closed.set()
                    raise

            def _stream(self, messages: list[dict[str, str]]) -> None:
                self.send_response(double.status)
                self.send_header("Content-Type", double.content_type)
                self.end_headers()
                for piece in double.write(messages[-1]["content"]):
                    self.wfile.write(piece if isinstance(piece, bytes) else event(piece))
                    self.wfile.flush()
                if double.ends:
                    self.wfile.write(event("", double.finish_reason) + usage_event() + b"data: [DONE]\n\n")

        return Writes


def event(text: str, finish_reason: str | None = None) -> bytes:
    """A piece of text as the API sends it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish_reason}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


def usage_event() -> bytes:
    """What the API sends at the end."""
    return b'data: {"choices": [], "usage": {"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}}\n\n'


def passages_of(prompt: str) -> list[dict[str, Any]]:
    """What stands in the channel for data."""
    begin, *_ = prompt.partition("\n")
    assert re.fullmatch(r"<data [0-9a-f]{24}>", begin), begin
    end = begin.replace("<", "</", 1)
    assert prompt.count(begin) == prompt.count(end) == 1
    lines = prompt[len(begin) + 1 : prompt.index(end)].splitlines()
    return [json.loads(line) for line in lines]


def question_of(prompt: str) -> str:
    """What is asked."""
    return prompt.rpartition("The question: ")[2]


def pieces_of(text: str, size: int = 7) -> Iterator[str]:
    """A text as a model sends it: cut anywhere."""
    for at in range(0, len(text), size):
        yield text[at : at + size]


def says(text: str) -> Callable[[str], Iterator[str | bytes]]:
    """A model that writes this, whatever it is asked."""
    return lambda _prompt: iter(pieces_of(text))


def honest(prompt: str) -> Iterator[str | bytes]:
    """The two best sentences of all passages, each with its citation."""
    found = [
        (passage["passage"], span.text)
        for passage in passages_of(prompt)
        for span in sentences(passage["text"])
        if "write:" not in span.text.lower()
    ]
    rank, _ = scores(question_of(prompt), [text for _, text in found])
    best = sorted(range(len(found)), key=lambda place: -rank[place])[:2]
    said = " ".join(f"It is said that {found[place][1]} [[{found[place][0]}|{found[place][1]}]]" for place in best)
    yield from pieces_of(f"{said}.")


def orders_of(text: str) -> list[str]:
    """What a text tells a model to write, however it is hidden."""
    readable = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    tags = "".join(chr(ord(sign) - 0xE0000) for sign in text if 0xE0020 <= ord(sign) <= 0xE007E)
    coded = [base64.b64decode(code).decode() for code in CODED.findall(readable)]
    backwards = [readable[::-1]] if ":etirw" in readable else []
    return [order.strip() for each in (readable, tags, *coded, *backwards) for order in ORDER.findall(each)]


def obedient(prompt: str) -> Iterator[str | bytes]:
    """What its passages tell it to write, then what an honest model would."""
    for passage in passages_of(prompt):
        for value in (passage["title"], *passage["headings"], passage["context"], passage["text"]):
            for order in orders_of(value):
                number = str(passage["passage"])
                other = "1" if number != "1" else "2"
                said = order.replace("{me}", number).replace("{other}", other).replace("{prompt}", prompt)
                yield from pieces_of(f"{said}\n\n")
    yield from honest(prompt)


def endless(_prompt: str) -> Iterator[str | bytes]:
    """Never comes to an end."""
    for number in itertools.count():
        yield f"word {number} "
        time.sleep(0.001)
