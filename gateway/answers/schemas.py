"""The request and the answer of POST /v1/answers."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gateway.products import without_nul
from gateway.resilience.fallback import Degradation
from gateway.search.filters import Filters
from gateway.search.query_syntax import Syntax
from gateway.search.schemas import (
    MAX_QUERY,
    OFFSETS,
    Kind,
    Kinds,
    Owner,
    Passage,
    Query,
    SearchRequest,
    SearchResult,
    stripped,
    whole_number,
)

MAX_MESSAGES = 20
MAX_CONVERSATION = 16_000
MAX_SAID = 12_000
"""Characters of a message: of an answer, that is, as a question has fewer."""
MAX_PASSAGES, PASSAGES = 10, 5
PASSAGES_PER_RESULT = 3
NOTHING_FOUND = "Nothing that answers this was found."
ANSWER_COST = 10
"""Requests that an answer counts for: to embed the sentences of five passages takes ten times as long as a search."""


Said = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=MAX_SAID,
        description=f"1 to {MAX_SAID:,} characters, white space around them not counted; a question {MAX_QUERY:,}.",
        json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$"},
    ),
    BeforeValidator(stripped),
    AfterValidator(without_nul),
]


class Message(BaseModel):
    """Something that was said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["user", "assistant"] = Field(description="Who said it.")
    content: Said


class AnswerRequest(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Query | None = Field(
        default=None, description="The question; or `messages`.", examples=["How do I moor a boat in strong wind?"]
    )
    messages: Annotated[list[Message], Field(strict=True, min_length=1, max_length=MAX_MESSAGES)] | None = Field(
        default=None,
        description=f"A conversation that ends with the question, at most {MAX_MESSAGES} messages and "
        f"{MAX_CONVERSATION:,} characters.",
    )
    kinds: Kinds = Field(default=[Kind.DOCUMENTS, Kind.PRODUCTS], alias="in", description="What to search.")
    organization_id: UUID | None = Field(
        default=None, description="Documents of this organization; short for `filters.organization_ids`."
    )
    filters: Filters = Field(default=Filters(), description="As those of a search.")
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_PASSAGES), BeforeValidator(whole_number)] = Field(
        default=PASSAGES, description="Most passages to answer from."
    )
    stream: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="Whether the answer comes as server-sent events, piece by piece."
    )

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if (self.question is None) == (self.messages is None):
            raise ValueError("Send either 'question' or 'messages'")
        if self.messages is not None:
            if self.messages[-1].role != "user":
                raise ValueError("The last of 'messages' must be the question: one with the role 'user'")
            if len(self.messages[-1].content) > MAX_QUERY:
                raise ValueError(f"The last of 'messages', the question, has more than {MAX_QUERY:,} characters")
            if sum(len(message.content) for message in self.messages) > MAX_CONVERSATION:
                raise ValueError(f"The messages have more than {MAX_CONVERSATION:,} characters: leave out the oldest")
        if self.organization_id is not None and self.filters.organization_ids is not None:
            raise ValueError("Send 'organization_id' or 'filters.organization_ids', not both")
        try:
            self.search(self.asked)
        except ValidationError as error:
            # What no kind can pass.
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        return self

    @property
    def asked(self) -> str:
        """The question, of a conversation the last one."""
        return self.question if self.question is not None else (self.messages or [])[-1].content

    @property
    def earlier(self) -> list[Message]:
        """What was said before the question."""
        return (self.messages or [])[:-1]

    def search(self, query: str) -> SearchRequest:
        """The search for passages that answer `query`: a question is ordinary text, without operators."""
        filters = self.filters
        if self.organization_id is not None:
            filters = filters.model_copy(update={"organization_ids": [self.organization_id]})
        return SearchRequest.model_validate(
            {
                "query": query,
                "in": self.kinds,
                "filters": filters,
                "limit": self.limit,
                "passages_per_result": PASSAGES_PER_RESULT,
                "syntax": Syntax.PLAIN,
            }
        )


class UsedPassage(BaseModel):
    """A passage that the answer was made from."""

    kind: Literal["document", "product"]
    id: UUID
    document_id: UUID | None = Field(description="The document; null for a product.")
    title: str
    owner: Owner | None = Field(description="Whose the document is; null for a product, which is the shop's.")
    chunk_id: int = Field(description="The row of `chunks`.")
    content: str = Field(description="Its text, unchanged.")
    context: str = Field(description="Lines above that it needs, such as a table's header.")
    heading_path: list[str] = Field(description="Headings above it, outermost first.")
    file_id: UUID | None = Field(description="The file of the document that it is in; null for the document's text.")
    file_name: str | None
    page: int | None = Field(description="The page on which it begins, from 1, in a file that has pages.")
    start: int | None = Field(
        description=f"Its first character in the text of the document, product or file; null while that has changed "
        f"and the passage does not stand there any more. {OFFSETS}"
    )
    end: int | None = Field(description="One past its last character there; null as `start`.")
    score: float = Field(description="More is better; comparable within one answer.")
    sku: str | None = Field(default=None, exclude=True)
    """Of a product: a question may name it."""
    unread_by_model: str | None = Field(default=None, exclude=True)
    """The embedding model that does not read its script."""

    @classmethod
    def of(cls, result: SearchResult, passage: Passage) -> Self:
        """A passage of a result of the search."""
        sku = result.metadata.get("sku") if result.kind == "product" else None
        return cls.model_validate({**result.model_dump(), **passage.model_dump(), "sku": sku})


class Citation(BaseModel):
    """Where a part of the answer stands."""

    start: int = Field(description=f"First character of the part of `answer` that it supports. {OFFSETS}")
    end: int = Field(description="One past the last.")
    kind: Literal["document", "product"]
    id: UUID
    document_id: UUID | None = Field(description="The document; null for a product.")
    title: str
    file_id: UUID | None
    file_name: str | None
    page: int | None
    heading_path: list[str]
    chunk_id: int = Field(description="The passage, one of `passages`.")
    passage_start: int = Field(description="First character of the quotation in the passage's `content`.")
    passage_end: int = Field(description="One past the last.")
    quote: str = Field(
        description="The quotation, as it stands in the passage but for white space; code keeps its lines."
    )


class AnswerUsage(BaseModel):
    """What the answer took."""

    prompt_tokens: int = Field(default=0, description="As the model counts them.")
    completion_tokens: int = Field(default=0, description="As the model counts them.")
    total_tokens: int = Field(default=0, description="Both.")
    sentences: int = Field(default=0, description="Sentences that were compared with the question.")
    citations_dropped: int = Field(
        default=0,
        description="Citations of the model that were left out: not in a passage, or no ground for their sentence.",
    )


class AnswerResponse(BaseModel):
    """An answer."""

    answer: str = Field(description="The answer, or that nothing was found.")
    citations: list[Citation] = Field(description="In the order of the answer. Each was checked.")
    passages: list[UsedPassage] = Field(description="What the answer was made from, best first.")
    kind: Literal["generated", "quoted"] = Field(
        description="`generated` by a model, or `quoted`: sentences of passages, the best first."
    )
    question: str = Field(description="What was searched for: the question, or what a conversation made of it.")
    grounded: bool = Field(description="Whether the answer has a citation; false where nothing was found.")
    complete: bool = Field(description="Whether the search was complete, and the model came to an end.")
    degraded: bool = Field(description="Whether something was down and the answer is less good for it.")
    degradations: list[Degradation] = Field(description="What was down, and what was done instead.")
    age_seconds: float | None = Field(
        default=None, description="How old the answer or the search is, when it is stale; null for one of now."
    )
    usage: AnswerUsage
    took_ms: float = Field(description="Milliseconds in the gateway.")
