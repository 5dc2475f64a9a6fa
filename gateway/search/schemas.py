"""The request and the answer of POST /v1/search."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.products import without_nul
from gateway.resilience.fallback import Degradation
from gateway.search.explanation import EXPLAIN_COST, MAX_IDS, Explanation
from gateway.search.filters import Filters
from gateway.search.query_syntax import Syntax

MAX_QUERY, MAX_PASSAGES = 4_000, 10
LONG_QUERY, MANY_RESULTS = 1_000, 50
EXACT_COST = 20


class Mode(StrEnum):
    """How to search."""

    SEMANTIC = "semantic"
    KEYWORD = "keyword"
    HYBRID = "hybrid"


class Effort(StrEnum):
    """How much to compare."""

    BOUNDED = "bounded"
    EXACT = "exact"


class Kind(StrEnum):
    """What to search."""

    DOCUMENTS = "documents"
    PRODUCTS = "products"


class Include(StrEnum):
    """What to add to each result."""

    CONTENT = "content"
    NEIGHBOURS = "neighbours"


def stripped(value: Any) -> Any:
    """The text without white space around it."""
    return value.strip() if isinstance(value, str) else value


def whole_number(value: Any) -> Any:
    """The integer that is meant by a float that is one."""
    # 10.0 is an integer to JSON Schema; true is not, though Python thinks so.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _each_once(value: list[Any]) -> list[Any]:
    if len(set(value)) < len(value):
        raise ValueError("Each can be named once")
    return value


Query = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=MAX_QUERY,
        description=f"What is looked for, in words: 1 to {MAX_QUERY:,} characters, white space around it not counted.",
        examples=["how do I moor a boat in strong wind"],
        json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$"},
    ),
    BeforeValidator(stripped),
    AfterValidator(without_nul),
]


Kinds = Annotated[
    list[Kind],
    Field(strict=True, min_length=1, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]


class SearchRequest(BaseModel):
    """A search."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: Query
    mode: Mode = Field(default=Mode.HYBRID, description="By meaning, by words, or both weighed together.")
    kinds: Kinds = Field(default=[Kind.DOCUMENTS, Kind.PRODUCTS], alias="in", description="What to search.")
    limit: Annotated[int, Field(strict=True, ge=1, le=100), BeforeValidator(whole_number)] = Field(
        default=10, description="Most results to return."
    )
    filters: Filters = Field(default=Filters(), description="What a result must be like.")
    effort: Effort = Field(
        default=Effort.BOUNDED,
        description="`bounded` may miss a result by meaning now and then. `exact` compares everything that the caller "
        f"may read; it is for people who are signed in, and counts as {EXACT_COST} requests.",
    )
    passages_per_result: Annotated[int, Field(strict=True, ge=1, le=MAX_PASSAGES), BeforeValidator(whole_number)] = (
        Field(default=1, description="Most passages of each result: its best chunks.")
    )
    include: Annotated[
        list[Include], Field(strict=True, json_schema_extra={"uniqueItems": True}), AfterValidator(_each_once)
    ] = Field(
        default=[],
        description="`content`: the whole text of each result. `neighbours`: the chunks before and after each passage.",
    )

    syntax: Syntax = Field(
        default=Syntax.OPERATORS,
        description='`operators`: `"phrase"`, `-word` and `prefix*` count, unless the query looks like a pasted text, '
        "they leave nothing, or the search is by meaning alone. `plain`: all of it is words.",
    )
    prefix: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Whether the last word is the beginning of one, for search as people type: `fla` finds a flask. "
        "By meaning alone it changes nothing.",
    )
    explain: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Whether to say why it was found: the plan, and the parts of each score. Counts as "
        f"{EXPLAIN_COST} requests more.",
    )
    explain_ids: Annotated[
        list[UUID],
        Field(strict=True, max_length=MAX_IDS, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ] = Field(
        default=[],
        description=f"Documents and products, at most {MAX_IDS}, of which to say why each is where it is, or not in "
        "the list. Implies `explain`.",
    )

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        products = self.filters.names_of_products
        if products and self.kinds == [Kind.DOCUMENTS]:
            raise ValueError(
                f"Only products can pass {', '.join(products)}: add 'products' to 'in', or drop the filter"
            )
        documents = self.filters.names_of_documents
        if documents and self.kinds == [Kind.PRODUCTS]:
            raise ValueError(
                f"Only documents can pass {', '.join(documents)}: add 'documents' to 'in', or drop the filter"
            )
        return self

    @property
    def cost(self) -> int:
        """How many requests it counts for: one, and more for a long query, many results, or an exact comparison."""
        exact = EXACT_COST if self.effort is Effort.EXACT else 1
        chunks = self.limit * self.passages_per_result * (3 if Include.NEIGHBOURS in self.include else 1)
        content = self.limit if Include.CONTENT in self.include else 0
        explained = EXPLAIN_COST if self.is_explained else 0
        return exact + len(self.query) // LONG_QUERY + (chunks + content - 1) // MANY_RESULTS + explained

    @property
    def is_explained(self) -> bool:
        """Whether the answer shall say why."""
        return self.explain or bool(self.explain_ids)

    @property
    def unexplained(self) -> "SearchRequest":
        """The same search without an explanation."""
        return self.model_copy(update={"explain": False, "explain_ids": []}) if self.is_explained else self

    def parameters(self) -> dict[str, object]:
        """What private.search_as wants of it, by name, apart from claims, mode and vector."""
        return {
            "query": self.query,
            "kinds": [str(kind) for kind in self.kinds],
            "max_results": self.limit,
            "filters": self.filters.model_dump(mode="json", exclude_none=True),
            "effort": str(self.effort),
            "passages_per_result": self.passages_per_result,
            "include": [str(part) for part in self.include],
            "syntax": str(self.syntax),
            "prefix": self.prefix,
        }


class Owner(BaseModel):
    """Whose a document is."""

    kind: Literal["organization", "person"]
    id: UUID
    name: str | None = Field(description="Of the organization, or the person's display name, else e-mail address.")
    handle: str | None = Field(
        description="The organization's slug or the person's e-mail address: nobody else has it, as others may a name."
    )


OFFSETS = "In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`."


class Neighbour(BaseModel):
    """The chunk before or after a passage."""

    chunk_id: int
    content: str
    heading_path: list[str]
    page: int | None
    start: int | None
    end: int | None


class Passage(BaseModel):
    """A chunk that was found."""

    chunk_id: int = Field(description="The row of `chunks`.")
    content: str = Field(description="Its text, unchanged.")
    context: str = Field(description="Lines above that it needs: a table's header, a fence's language, a list's lead.")
    heading_path: list[str] = Field(description="Headings above it, outermost first.")
    file_id: UUID | None = Field(description="The file of the document that it is in; null for the document's text.")
    file_name: str | None = Field(description="The file's name.")
    page: int | None = Field(description="The page on which it begins, from 1, in a file that has pages.")
    start: int | None = Field(
        description=f"Its first character in the text of the document, product or file; null while that has changed "
        f"and waits to be cut again, and the passage does not stand there any more. {OFFSETS}"
    )
    end: int | None = Field(description="One past its last character there; null as `start`.")
    score: float = Field(description="As the result's.")
    highlights: list[tuple[int, int]] = Field(
        description=f"Where the query's words are in `content`: first character, and one past the last. {OFFSETS}"
    )
    before: Neighbour | None = Field(description="The chunk before it, where neighbours are included.")
    after: Neighbour | None = Field(description="The chunk after it, where neighbours are included.")


class SearchResult(BaseModel):
    """A document or a product, with the chunks of it that fit best."""

    kind: Literal["document", "product"]
    id: UUID
    document_id: UUID | None = Field(description="The document; null for a product.")
    title: str
    snippet: str = Field(description="A piece of the first passage, unchanged, around the query's words.")
    highlights: list[tuple[int, int]] = Field(
        description=f"Where the query's words are in `snippet`: first character, and one past the last. {OFFSETS}"
    )
    heading_path: list[str] = Field(description="Headings above the first passage, outermost first.")
    score: float = Field(description="More is better; comparable within one answer.")
    metadata: dict[str, Any] = Field(
        description="The document's own and its front matter; for a product also sku, category, price, …"
    )
    owner: Owner | None = Field(description="Whose the document is; null for a product, which is the shop's.")
    passages: list[Passage] = Field(description="The chunk that ranked the result, then others of it, best first.")
    content: str | None = Field(
        description="The whole text, where content is included; null for one that is longer than an answer may be."
    )
    unread_by_model: str | None = Field(
        default=None,
        description="The embedding model that does not know the script of the document: words find it, its meaning "
        "does not. Null for others, and where the model does not tell.",
    )


class Correction(BaseModel):
    """A word that no text has, and the one that was looked for."""

    typed: str = Field(description="The word of the query, in lower case and without accents.")
    read_as: str = Field(description="One that differs in a letter, and that texts have.")


class SearchResponse(BaseModel):
    """What was found."""

    results: list[SearchResult] = Field(description="Best first, each document or product once.")
    mode: Mode = Field(description="How it was searched: the mode asked for, or keyword after a fallback.")
    syntax: Syntax = Field(
        description="How the query was read: as asked, or plain by meaning and where operators gave way."
    )
    corrections: list[Correction] = Field(
        default=[], description="Words of the query that no text has and that were taken for others, by words only."
    )
    complete: bool = Field(
        description="Whether the list holds as many as asked for, or all that match among what is embedded; "
        "not where words were left out: of a prefix such as `boat*` with more than are looked for, of a text of "
        "more than 64 words that did not fill the list, and of results beyond a megabyte."
    )
    more: bool = Field(
        default=False, description="Whether there are further results, or may be: ask with a higher limit."
    )
    degraded: bool = Field(description="Whether something was down and the answer is less good for it.")
    degradations: list[Degradation] = Field(description="What was down, and what was done instead.")
    age_seconds: float | None = Field(
        default=None, description="How old the answer is, when it is stale; null for an answer of now."
    )
    took_ms: float = Field(description="Milliseconds in the gateway.")
    explanation: Explanation | None = Field(
        default=None,
        description="With `explain`: why it was found. null without, and for an answer that fell back to the Data API "
        "or is stale.",
    )
