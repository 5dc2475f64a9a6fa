"""Answers in the form of OpenAI's chat API, for clients that know that: what is asked, and what is answered.

A client's conversation is as long as it likes; the latest of it counts. Its instructions to a model and its settings of
one are left out, as the answer is made of passages whatever they say.
"""

import json
import time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gateway.answers.events import DeltaEvent, DoneEvent, Event, SearchEvent
from gateway.answers.schemas import (
    MAX_CONVERSATION,
    MAX_MESSAGES,
    MAX_PASSAGES,
    MAX_SAID,
    PASSAGES,
    AnswerRequest,
    AnswerResponse,
    Citation,
)
from gateway.answers.writing import QUOTATIONS
from gateway.clients.chat import NOT_ALLOWED
from gateway.clients.data_api import row_url
from gateway.search.filters import Filters
from gateway.search.schemas import Kind

MODEL = "tidegate"
MAX_CHAT_MESSAGES = 1_000
CHAT_DONE = b"data: [DONE]\n\n"
FinishReason = Literal["stop", "length", "content_filter"]


class TextPart(BaseModel):
    """A part of a message."""

    type: Literal["text"] = Field(description="Only text is read.")
    text: Annotated[str, Field(strict=True)] = Field(description="The text.")


class ChatMessage(BaseModel):
    """Something that was said; other fields are ignored."""

    role: Literal["system", "developer", "user", "assistant"] = Field(description="The first two are left out.")
    content: Annotated[str, Field(strict=True)] | list[TextPart] = Field(description="Text, whole or in parts.")

    @property
    def text(self) -> str:
        """All of it."""
        return self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """How events are sent; other fields are ignored."""

    include_usage: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the last event has `usage`."
    )


class ChatRequest(BaseModel):
    """A conversation that ends with a question; settings of models are ignored, `tools` are refused."""

    model_config = ConfigDict(frozen=True)

    model: Annotated[str, Field(strict=True, max_length=200)] = Field(
        default=MODEL, description="Repeated in the answer; which models write is a setting of the gateway."
    )
    messages: Annotated[list[ChatMessage], Field(strict=True, min_length=1, max_length=MAX_CHAT_MESSAGES)] = Field(
        description=f"The last {MAX_MESSAGES} count, as far as they have {MAX_CONVERSATION:,} characters together."
    )
    stream: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the answer comes as server-sent events, piece by piece."
    )
    stream_options: StreamOptions | None = Field(default=None, description="How events are sent.")
    kinds: list[Kind] = Field(default=[Kind.DOCUMENTS, Kind.PRODUCTS], alias="in", description="As of /v1/answers.")
    organization_id: UUID | None = Field(default=None, description="As of /v1/answers.")
    filters: Filters = Field(default=Filters(), description="As of /v1/answers.")
    limit: int = Field(default=PASSAGES, ge=1, le=MAX_PASSAGES, description="As of /v1/answers.")

    @model_validator(mode="before")
    @classmethod
    def _without_tools(cls, value: Any) -> Any:
        if isinstance(value, dict) and (value.get("tools") or value.get("functions")):
            raise ValueError("No tools are used: leave out 'tools' and 'functions'")
        return value

    @field_validator("messages")
    @classmethod
    def _asks(cls, value: list[ChatMessage]) -> list[ChatMessage]:
        if value[-1].role != "user":
            raise ValueError("The last message must be the question: one with the role 'user'")
        return value

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        try:
            self.question()
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        return self

    def question(self) -> AnswerRequest:
        """The same as /v1/answers is asked. ValidationError."""
        said: list[dict[str, str]] = []
        room = MAX_CONVERSATION
        for message in reversed([each for each in self.messages if each.role in ("user", "assistant")]):
            # A question that is too long is refused; an answer is history.
            text = message.text.strip()[: MAX_SAID if said else None]
            if said and (not text or len(text) > room or len(said) == MAX_MESSAGES):
                if text:
                    break
                continue
            said.append({"role": message.role, "content": text})
            room -= len(text)
        return AnswerRequest.model_validate(
            {
                "messages": said[::-1],
                "in": self.kinds,
                "organization_id": self.organization_id,
                "filters": self.filters,
                "limit": self.limit,
                "stream": self.stream,
            }
        )


class ChatUsage(BaseModel):
    """Tokens, as the model counts them; 0 without one."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AssistantMessage(BaseModel):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[dict[str, Any]] = Field(
        description="Citations: `url_citation`, and `citation` as of /v1/answers."
    )


class Choice(BaseModel):
    """The one answer that there is."""

    index: int = Field(default=0, description="Always 0.")
    message: AssistantMessage
    finish_reason: FinishReason = Field(
        description="`length` where the model broke off and quotations follow, `content_filter` where it had to."
    )


class ChatCompletion(BaseModel):
    """An answer in the form of OpenAI's API."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage
    tidegate: dict[str, Any] = Field(description="The other fields of an answer of /v1/answers.")


class ChatModelEntry(BaseModel):
    """A model that a chat client may name."""

    id: str
    object: Literal["model"] = "model"
    created: int = Field(default=0, description="Unknown: 0.")
    owned_by: Literal["tidegate"] = "tidegate"


class ChatModelList(BaseModel):
    """The models, in the form of OpenAI's API."""

    object: Literal["list"] = "list"
    data: list[ChatModelEntry]


ENTRY = ChatModelEntry(id=MODEL)
MODELS = ChatModelList(data=[ENTRY])


class ChatForm:
    """Writes one answer in the form of that API."""

    def __init__(self, request: ChatRequest, request_id: str, project_url: str) -> None:
        """The answer to `request`; sources are addresses of the Data API at `project_url`."""
        self._id = f"chatcmpl-{request_id}"
        self._created = int(time.time())
        self._model = request.model
        self._with_usage = request.stream_options is not None and request.stream_options.include_usage
        self._project_url = project_url
        self._has_begun = False
        self._cited = 0

    def whole(self, answer: AnswerResponse) -> ChatCompletion:
        """All of it at once."""
        annotations = [self._annotation(citation) for citation in answer.citations]
        return ChatCompletion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[
                Choice(
                    message=AssistantMessage(content=answer.answer, annotations=annotations),
                    finish_reason=_finish_reason(answer),
                )
            ],
            usage=_usage(answer),
            tidegate=_rest(answer),
        )

    def chunk(self, event: Event) -> bytes:
        """An event of it; nothing for one that this API does not have."""
        if isinstance(event, SearchEvent):
            begins, self._has_begun = not self._has_begun, True
            return self._written({"role": "assistant", "content": ""}) if begins else b""
        if isinstance(event, DeltaEvent):
            return self._written({"content": event.text})
        if isinstance(event, Citation):
            # By their index the parts of a list are put together.
            annotation = {"index": self._cited, **self._annotation(event)}
            self._cited += 1
            return self._written({"annotations": [annotation]})
        if isinstance(event, DoneEvent):
            last = self._written({}, finish_reason=_finish_reason(event.answer), tidegate=_rest(event.answer))
            usage = _usage(event.answer).model_dump()
            return last + (self._written(None, usage=usage) if self._with_usage else b"")
        return b""

    def _written(self, delta: dict[str, Any] | None, finish_reason: str | None = None, **more: Any) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
        head = {"id": self._id, "object": "chat.completion.chunk", "created": self._created, "model": self._model}
        return f"data: {json.dumps({**head, 'choices': choices, **more})}\n\n".encode()

    def _annotation(self, citation: Citation) -> dict[str, Any]:
        url = row_url(self._project_url, citation.kind, citation.id)
        cited = {"start_index": citation.start, "end_index": citation.end, "url": url, "title": citation.title}
        return {"type": "url_citation", "url_citation": cited, "citation": citation.model_dump(mode="json")}


def chat_error(detail: str) -> bytes:
    """The event of an error midway."""
    return f"data: {json.dumps({'error': {'message': detail, 'type': 'server_error'}})}\n\n".encode()


def _finish_reason(answer: AnswerResponse) -> FinishReason:
    """Why the answer ends: quotations are used for a model that had begun to write only where it broke off."""
    broken = [missing.reason for missing in answer.degradations if missing.used == QUOTATIONS]
    if answer.kind == "quoted" or not broken:
        return "stop"
    return "content_filter" if NOT_ALLOWED in broken else "length"


def _usage(answer: AnswerResponse) -> ChatUsage:
    return ChatUsage.model_validate(answer.usage.model_dump())


def _rest(answer: AnswerResponse) -> dict[str, Any]:
    return answer.model_dump(mode="json", exclude={"answer", "citations", "passages"})
