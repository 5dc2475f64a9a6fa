"""A text that a language model writes, and what is told of its writing: a span and numbers, never a word of it.

The span follows OpenTelemetry's conventions for generative AI (github.com/open-telemetry/semantic-conventions-genai):
one for each text, around the attempts to get it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.resilience.request_metrics import FIRST_TOKEN_SECONDS, LLM_TOKENS
from gateway.resilience.spans import CLIENT, Attribute, annotate, span

FINISH_REASONS = ("stop", "length", "content_filter")
MODEL_NAME = re.compile(r"[\w.:/@+-]{1,100}", re.ASCII)
"""What else an endpoint calls its model may be a text."""


@dataclass
class ChatUsage:
    """Tokens, as the model counts them; known at the end of its text."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass
class ChatText:
    """A text that is being written: `pieces` in order, and what is known at its end."""

    usage: ChatUsage = field(default_factory=ChatUsage)
    model: str = ""
    """The model that wrote it, as the endpoint says."""
    finish_reason: str = ""
    """Why it stopped, if it said so, as some do without [DONE]."""
    first_s: float | None = None
    """Seconds until its first piece."""

    @property
    def is_cut(self) -> bool:
        """Whether the model stopped for want of room."""
        return self.finish_reason == "length"


@contextmanager
def model_call(dependency: str, url: str, model: str, text: ChatText) -> Iterator[None]:
    """The block has `model` at `url` write `text`."""
    address = urlsplit(url)
    asked: dict[str, Attribute] = {
        "gen_ai__operation__name": "chat",
        # As the conventions say of whatever speaks OpenAI's API.
        "gen_ai__provider__name": "openai",
        "gen_ai__request__model": model,
        "gen_ai__request__stream": True,
        "server__address": address.hostname or "",
        "server__port": address.port or (443 if address.scheme == "https" else 80),
    }
    with span(f"chat {model}", CLIENT, **asked):
        try:
            yield
        finally:
            _tell(dependency, text)


def _tell(dependency: str, text: ChatText) -> None:
    """What is known of it in the end."""
    usage = {"input": text.usage.prompt_tokens, "output": text.usage.completion_tokens}
    for kind, tokens in usage.items():
        LLM_TOKENS.labels(dependency, kind).inc(tokens)
    if any(usage.values()):
        annotate(gen_ai__usage__input_tokens=usage["input"], gen_ai__usage__output_tokens=usage["output"])
    if text.first_s is not None:
        FIRST_TOKEN_SECONDS.labels(dependency).observe(text.first_s)
        annotate(gen_ai__response__time_to_first_chunk=text.first_s)
    if text.finish_reason:
        annotate(gen_ai__response__finish_reasons=(text.finish_reason,))
    if MODEL_NAME.fullmatch(text.model):
        annotate(gen_ai__response__model=text.model)
