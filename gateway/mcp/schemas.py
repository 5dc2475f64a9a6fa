"""What tools take and give."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from gateway.answers.schemas import MAX_PASSAGES, PASSAGES, AnswerRequest, Citation
from gateway.reading.schemas import MAX_ORDERS, Order, Source
from gateway.recommendations.schemas import RecommendationsRequest
from gateway.resilience.fallback import Degradation
from gateway.search.filters import Filters
from gateway.search.schemas import Kind, Kinds, Query, SearchRequest, whole_number

MAX_RESULTS, RESULTS = 20, 8
LONGEST_TEXT = 100_000_000
"""Characters; more than any text has."""


class Arguments(BaseModel):
    """What a tool is called with; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchArguments(Arguments):
    """Of `search`."""

    query: Query
    kinds: Kinds = Field(default=[Kind.DOCUMENTS, Kind.PRODUCTS], alias="in", description="What to search.")
    filters: Filters = Field(default=Filters(), description="What a result must be like.")
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_RESULTS), BeforeValidator(whole_number)] = Field(
        default=RESULTS, description="Most results to return."
    )

    def request(self) -> SearchRequest:
        """The search. ValidationError for filters that nothing can pass."""
        return SearchRequest.model_validate(
            {"query": self.query, "in": self.kinds, "filters": self.filters, "limit": self.limit}
        )


class FetchArguments(Arguments):
    """Of `fetch`."""

    id: UUID = Field(description="The id of a result of `search`.")
    skip: Annotated[int, Field(strict=True, ge=0, le=LONGEST_TEXT), BeforeValidator(whole_number)] = Field(
        default=0, description="Characters of the text to skip: `next_skip` of the part before."
    )


class AnswerArguments(Arguments):
    """Of `answer`."""

    question: Query
    kinds: Kinds = Field(default=[Kind.DOCUMENTS, Kind.PRODUCTS], alias="in", description="What to answer from.")
    filters: Filters = Field(default=Filters(), description="What a passage's document or product must be like.")
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_PASSAGES), BeforeValidator(whole_number)] = Field(
        default=PASSAGES, description="Most passages to answer from."
    )

    def request(self) -> AnswerRequest:
        """The question. ValidationError for filters that nothing can pass."""
        return AnswerRequest.model_validate(
            {"question": self.question, "in": self.kinds, "filters": self.filters, "limit": self.limit}
        )


class RecommendArguments(RecommendationsRequest):
    """Of `recommend`."""


class ListOrdersArguments(Arguments):
    """Of `list_orders`."""

    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_ORDERS), BeforeValidator(whole_number)] = Field(
        default=10, description="Most orders to return, the latest first."
    )


class GetOrderArguments(Arguments):
    """Of `get_order`."""

    id: UUID = Field(description="The order.")


class ToolResult(BaseModel):
    """What every tool says of how its result came about."""

    degraded: bool = Field(description="Whether something was down and the result is less good for it.")
    degradations: list[Degradation] = Field(description="What was down, and what was done instead.")


class Found(BaseModel):
    """A result of a search."""

    id: UUID = Field(description="For `fetch`.")
    kind: Literal["document", "product"]
    title: str
    url: str = Field(description="The row in the Data API.")
    text: str = Field(description="The passage that fits best.")
    heading_path: list[str] = Field(description="Headings above it, outermost first.")
    file_name: str | None = Field(description="The file that it stands in; null for the document's own text.")
    page: int | None = Field(description="The page on which it begins.")
    score: float = Field(description="More is better; comparable within one search.")
    metadata: dict[str, Any] = Field(description="Of a product also sku, category, price, currency, in_stock.")


class SearchResult(ToolResult):
    """Of `search`."""

    results: list[Found] = Field(description="Best first, each document or product once.")
    complete: bool = Field(description="Whether it holds as many as asked for, or all that match.")
    age_seconds: float | None = Field(description="How old the result is, when it is stale.")


class FetchResult(ToolResult):
    """Of `fetch`."""

    id: UUID
    kind: Literal["document", "product"]
    title: str
    text: str = Field(description="The text, or a part of it: see `next_skip`.")
    url: str = Field(description="The row in the Data API.")
    metadata: dict[str, Any] = Field(description="Properties; `source_uri` and `updated_at` of the row among them.")
    complete: bool = Field(description="Whether the text ends here.")
    next_skip: int | None = Field(description="`skip` for the next part; null at the end.")

    @classmethod
    def of(cls, source: Source, url: str, skip: int, degradations: list[Degradation]) -> "FetchResult":
        """A part of a source."""
        end = skip + len(source.text)
        is_all = end >= source.characters
        more = {"source_uri": source.source_uri, "updated_at": source.updated_at.isoformat()}
        return cls(
            **source.model_dump(include={"id", "kind", "title", "text"}),
            url=url,
            metadata={**more, **source.metadata},
            complete=is_all,
            next_skip=None if is_all else end,
            degraded=bool(degradations),
            degradations=degradations,
        )


class CitationWithUrl(Citation):
    """A citation."""

    url: str = Field(description="The row in the Data API.")


class AnswerResult(ToolResult):
    """Of `answer`."""

    answer: str = Field(description="The answer, or that nothing was found.")
    citations: list[CitationWithUrl] = Field(description="In the order of the answer. Each was checked.")
    kind: Literal["generated", "quoted"] = Field(description="Written by a model, or sentences of passages.")
    grounded: bool = Field(description="Whether the answer has a citation; false where nothing was found.")
    complete: bool = Field(description="Whether the search was complete, and the model came to an end.")
    age_seconds: float | None = Field(description="How old the answer is, when it is stale.")


class ListOrdersResult(ToolResult):
    """Of `list_orders`."""

    orders: list[Order] = Field(description="The latest first.")
    complete: bool = Field(description="Whether there are no more.")


class GetOrderResult(ToolResult):
    """Of `get_order`."""

    order: Order
