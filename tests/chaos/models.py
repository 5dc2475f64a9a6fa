"""The two language models of the world: stand-ins behind doors of their own, which write what can be told apart."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from tests.answers.double import MODEL, Double, passages_of, pieces_of
from tests.support.proxy import Proxy

FIRST_WRITES, SECOND_WRITES = "It is said:", "It is written:"
LLM_S = 3.0
WAIT_S = 1.0
"""For the first word, and between two."""
ASKED = "How are boats moored?"

Write = Callable[[str], Iterator[str | bytes]]


class Models:
    """The first one and its stand-by."""

    def __init__(self) -> None:
        self.first, self.second = Double(), Double()
        self.to_first, self.to_second = Proxy(self.first.port), Proxy(self.second.port)
        self.work()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Models"]:
        """Both answer within the block."""
        async with AsyncExitStack() as ending:
            for model, door in ((self.first, self.to_first), (self.second, self.to_second)):
                ending.enter_context(model.running())
                await ending.enter_async_context(door.running())
            yield self

    @property
    def environment(self) -> dict[str, str]:
        """Settings that make a gateway use them, with the waits above."""
        return {
            "LLM_URL": f"http://127.0.0.1:{self.to_first.port}/v1",
            "LLM_MODEL": MODEL,
            "LLM_FALLBACK_URL": f"http://127.0.0.1:{self.to_second.port}/v1",
            "LLM_FALLBACK_MODEL": MODEL,
            "LLM_FIRST_TOKEN_S": str(WAIT_S),
            "LLM_STALL_S": str(WAIT_S),
            "LLM_TIMEOUT_S": str(LLM_S),
        }

    def work(self) -> None:
        """As at the beginning."""
        for model, words in ((self.first, FIRST_WRITES), (self.second, SECOND_WRITES)):
            model.reset()
            model.write = citing(words)


def citing(words: str) -> Write:
    """A model that says `words` and quotes the first passage, and knows which question a conversation ends with."""

    def write(prompt: str) -> Iterator[str | bytes]:
        if is_rewriting(prompt):
            return iter([ASKED])
        return pieces_of(f"{words} {cited(prompt)}")

    return write


def is_rewriting(prompt: str) -> bool:
    """Whether a question is asked for, rather than an answer."""
    return prompt.startswith(json.dumps({"role": "user"})[:-1])


def cited(prompt: str) -> str:
    """What the first passage says, with its citation."""
    text = passages_of(prompt)[0]["text"]
    return f"{text}[[1|{text}]]"
