"""Written by `make types` from the OpenAPI document of the gateway."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AnswerUsage(TypedDict):
    """What the answer took."""

    prompt_tokens: int
    """As the model counts them."""
    completion_tokens: int
    """As the model counts them."""
    total_tokens: int
    """Both."""
    sentences: int
    """Sentences that were compared with the question."""
    citations_dropped: int
    """Citations of the model that were left out: not in a passage, or no ground for their sentence."""


class AssistantMessage(TypedDict):
    """The answer."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[dict[str, Any]]
    """Citations: `url_citation`, and `citation` as of /v1/answers."""


BecauseKind: TypeAlias = Literal["bought_together", "viewed", "similar", "popular_in_category", "popular"]
"""Why a product is recommended."""


class ChatModelEntry(TypedDict):
    """A model that a chat client may name."""

    id: str
    object: Literal["model"]
    created: int
    """Unknown: 0."""
    owned_by: Literal["tidegate"]


class ChatModelList(TypedDict):
    """The models, in the form of OpenAI's API."""

    object: Literal["list"]
    data: list[ChatModelEntry]


class ChatUsage(TypedDict):
    """Tokens, as the model counts them; 0 without one."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Choice(TypedDict):
    """The one answer that there is."""

    index: int
    """Always 0."""
    message: AssistantMessage
    finish_reason: Literal["stop", "length", "content_filter"]
    """`length` where the model broke off and quotations follow, `content_filter` where it had to."""


class Citation(TypedDict):
    """Where a part of the answer stands."""

    start: int
    """First character of the part of `answer` that it supports. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`."""
    end: int
    """One past the last."""
    kind: Literal["document", "product"]
    id: str
    document_id: str | None
    """The document; null for a product."""
    title: str
    file_id: str | None
    file_name: str | None
    page: int | None
    heading_path: list[str]
    chunk_id: int
    """The passage, one of `passages`."""
    passage_start: int
    """First character of the quotation in the passage's `content`."""
    passage_end: int
    """One past the last."""
    quote: str
    """The quotation, as it stands in the passage but for white space; code keeps its lines."""


class Correction(TypedDict):
    """A word that no text has, and the one that was looked for."""

    typed: str
    """The word of the query, in lower case and without accents."""
    read_as: str
    """One that differs in a letter, and that texts have."""


class Degradation(TypedDict):
    """One dependency that was down, and what was done instead."""

    dependency: str
    """What was down."""
    reason: str
    """Why, in words."""
    used: str
    """What was done instead."""


Effort: TypeAlias = Literal["bounded", "exact"]
"""How much to compare."""


class EmbeddingEntry(TypedDict):
    """The vector of one text."""

    object: Literal["embedding"]
    index: int
    """Place of the text in `input`, from 0."""
    embedding: list[float] | str
    """Of unit length."""


InputItem: TypeAlias = str


class EmbeddingsUsage(TypedDict):
    """What was read."""

    prompt_tokens: int
    """By the model's tokenizer; what is beyond the model's limit does not count."""
    total_tokens: int
    """The same."""


EncodingFormat: TypeAlias = Literal["float", "base64"]
"""How vectors are written."""


class FailedDocument(TypedDict):
    """A document that could not be embedded, and why."""

    id: str
    title: str
    error: str | None
    updated_at: str


class FileState(TypedDict):
    """A file, and how far it has been read."""

    name: str
    """Name within the document."""
    status: Literal["queued", "reading", "ready", "failed"]
    """State of its newest version."""
    error: str | None
    """Why reading failed, and what to do."""
    remark: str | None
    """What of a file that is ready was not read, such as pages without text."""
    content_type: str | None
    """As the upload said."""
    size: int | None
    """Bytes."""
    progress_done: int
    """How much has been read so far."""
    progress_total: int | None
    """How much there is to read; null until that is known."""
    progress_unit: str | None
    """What is counted, such as pages, sheets or characters."""
    updated_at: str
    """Last change of this state."""


Language: TypeAlias = str


class Health(TypedDict):
    """Alive, or ready."""

    status: Literal["live", "ready"]


class Impairment(TypedDict):
    """Something that does not work as usual, as a client notices it."""

    what: str
    """What is concerned."""
    detail: str
    """What happens instead."""


Include: TypeAlias = Literal["content", "neighbours"]
"""What to add to each result."""


JsonValue: TypeAlias = Any


Kind: TypeAlias = Literal["documents", "products"]
"""What to search."""


class MeaningPlan(TypedDict):
    """The search by meaning."""

    method: str
    """`comparison`: chunks are compared one by one. `indexes`: HNSW indexes are walked. `comparison, then indexes`: what passes filters and phrases is compared, and indexes are walked where that is too much."""
    scope_indexes: int
    """Indexes of large scopes among the caller's."""
    common_index: bool
    """Whether the caller's other scopes are so large that the common one is used."""
    comparison_limit: int
    """Most chunks that are compared."""


class Message(TypedDict):
    """Something that was said."""

    role: Literal["user", "assistant"]
    """Who said it."""
    content: str
    """1 to 12,000 characters, white space around them not counted; a question 4,000."""


Mode: TypeAlias = Literal["semantic", "keyword", "hybrid"]
"""How to search."""


class Neighbour(TypedDict):
    """The chunk before or after a passage."""

    chunk_id: int
    content: str
    heading_path: list[str]
    page: int | None
    start: int | None
    end: int | None


class NewDocument(TypedDict):
    """A form: the files of a document, and its columns, named as in the Data API."""

    files: list[bytes]
    """The files; each keeps its name."""
    title: NotRequired[str | None]
    """By default the name of the first file."""
    visibility: NotRequired[Literal["private", "organization", "public"]]
    """Who reads it."""
    organization_id: NotRequired[str | None]
    """The organization it is filed in."""
    language: NotRequired[str | None]
    """BCP 47 tag of the text, such as `de` or `pt-BR`, for stemming; detected by default."""
    source_uri: NotRequired[str | None]
    """Where it came from."""
    metadata: NotRequired[str | None]
    """Any further properties: a JSON object, which search returns and filters."""


class Owner(TypedDict):
    """Whose a document is."""

    kind: Literal["organization", "person"]
    id: str
    name: str | None
    """Of the organization, or the person's display name, else e-mail address."""
    handle: str | None
    """The organization's slug or the person's e-mail address: nobody else has it, as others may a name."""


class Passage(TypedDict):
    """A chunk that was found."""

    chunk_id: int
    """The row of `chunks`."""
    content: str
    """Its text, unchanged."""
    context: str
    """Lines above that it needs: a table's header, a fence's language, a list's lead."""
    heading_path: list[str]
    """Headings above it, outermost first."""
    file_id: str | None
    """The file of the document that it is in; null for the document's text."""
    file_name: str | None
    """The file's name."""
    page: int | None
    """The page on which it begins, from 1, in a file that has pages."""
    start: int | None
    """Its first character in the text of the document, product or file; null while that has changed and waits to be cut again, and the passage does not stand there any more. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`."""
    end: int | None
    """One past its last character there; null as `start`."""
    score: float
    """As the result's."""
    highlights: list[tuple[int, int]]
    """Where the query's words are in `content`: first character, and one past the last. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`."""
    before: Neighbour | None
    """The chunk before it, where neighbours are included."""
    after: Neighbour | None
    """The chunk after it, where neighbours are included."""


Reason: TypeAlias = Literal[
    "listed", "below", "filtered", "operators", "pending", "failed", "no_match", "missed", "unknown"
]
"""Where a document or product is, or why it is nowhere."""


class ResourceMetadata(TypedDict):
    """Who gives out tokens for the MCP server (RFC 9728)."""

    resource: str
    """Address of the MCP server."""
    resource_name: str
    authorization_servers: list[str]
    """The project's Supabase Auth."""
    bearer_methods_supported: list[str]
    scopes_supported: list[str]
    """What to ask for: the least of Auth. Scopes say what of a person is told, not what may be read."""


class SearchResult(TypedDict):
    """A document or a product, with the chunks of it that fit best."""

    kind: Literal["document", "product"]
    id: str
    document_id: str | None
    """The document; null for a product."""
    title: str
    snippet: str
    """A piece of the first passage, unchanged, around the query's words."""
    highlights: list[tuple[int, int]]
    """Where the query's words are in `snippet`: first character, and one past the last. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`."""
    heading_path: list[str]
    """Headings above the first passage, outermost first."""
    score: float
    """More is better; comparable within one answer."""
    metadata: dict[str, Any]
    """The document's own and its front matter; for a product also sku, category, price, …"""
    owner: Owner | None
    """Whose the document is; null for a product, which is the shop's."""
    passages: list[Passage]
    """The chunk that ranked the result, then others of it, best first."""
    content: str | None
    """The whole text, where content is included; null for one that is longer than an answer may be."""
    unread_by_model: str | None
    """The embedding model that does not know the script of the document: words find it, its meaning does not. Null for others, and where the model does not tell."""


Source: TypeAlias = Literal["personal", "similar", "popular_in_category", "popular"]
"""What a list begins with. Which follows which, where one has too little, is up to the database."""


class StatusResponse(TypedDict):
    """How the gateway is, for its clients."""

    status: Literal["ok", "degraded"]
    """ok when nothing that answers need is down."""
    impairments: list[Impairment]
    """What does not work as usual; empty when everything does."""
    failed_documents: list[FailedDocument] | None
    """The caller's own and those of organizations the caller edits for, the latest 20; null without a token, or when the database does not answer."""


class StreamOptions(TypedDict):
    """How events are sent; other fields are ignored."""

    include_usage: NotRequired[bool]
    """Whether the last event has `usage`."""


Syntax: TypeAlias = Literal["operators", "plain"]
"""How to read a query."""


class Term(TypedDict):
    """A word or prefix that was looked for."""

    word: str
    chunks: int
    """How many of the caller's chunks have it."""
    weight: float
    """Its part of the words' score."""


class TextPart(TypedDict):
    """A part of a message."""

    type: Literal["text"]
    """Only text is read."""
    text: str
    """The text."""


class UsedPassage(TypedDict):
    """A passage that the answer was made from."""

    kind: Literal["document", "product"]
    id: str
    document_id: str | None
    """The document; null for a product."""
    title: str
    owner: Owner | None
    """Whose the document is; null for a product, which is the shop's."""
    chunk_id: int
    """The row of `chunks`."""
    content: str
    """Its text, unchanged."""
    context: str
    """Lines above that it needs, such as a table's header."""
    heading_path: list[str]
    """Headings above it, outermost first."""
    file_id: str | None
    """The file of the document that it is in; null for the document's text."""
    file_name: str | None
    page: int | None
    """The page on which it begins, from 1, in a file that has pages."""
    start: int | None
    """Its first character in the text of the document, product or file; null while that has changed and the passage does not stand there any more. In characters (Unicode code points) from 0, as in Python; in JavaScript `[...text].slice(start, end)`."""
    end: int | None
    """One past its last character there; null as `start`."""
    score: float
    """More is better; comparable within one answer."""


class WordsPlan(TypedDict):
    """The search by words."""

    terms: list[Term]
    """What was looked for, the rarest first, at most 64."""
    posting_limit: int
    """Most postings that are read."""


class DeltaEvent(TypedDict):
    """More of the answer's text."""

    text: str
    """What follows the text before it."""


class ErrorEvent(TypedDict):
    """The answer broke off."""

    detail: str
    """Why, in words."""


class SearchEvent(TypedDict):
    """The search is done; a second one, without passages, takes them back where none answers."""

    question: str
    """What was searched for."""
    passages: list[UsedPassage]
    """What the answer is made from, best first."""
    complete: bool
    """Whether the search was complete."""


class AnswerEnd(TypedDict):
    """The rest of an answer: all but its text, citations and passages, which were sent before."""

    kind: Literal["generated", "quoted"]
    """`generated` by a model, or `quoted`: sentences of passages, the best first."""
    question: str
    """What was searched for: the question, or what a conversation made of it."""
    grounded: bool
    """Whether the answer has a citation; false where nothing was found."""
    complete: bool
    """Whether the search was complete, and the model came to an end."""
    degraded: bool
    """Whether something was down and the answer is less good for it."""
    degradations: list[Degradation]
    """What was down, and what was done instead."""
    age_seconds: float | None
    """How old the answer or the search is, when it is stale; null for one of now."""
    usage: AnswerUsage
    took_ms: float
    """Milliseconds in the gateway."""


class ProblemField(TypedDict):
    """One wrong field."""

    pointer: str
    """JSON pointer into the body as a URI fragment, or the name of a parameter."""
    detail: str
    """What is wrong with it, and what is allowed."""
    code: str
    """The same for programs."""


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    """What kind of error: a stable URN."""
    title: str
    """The kind in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What is wrong this time, and what to do."""
    instance: str
    """The path that was asked."""
    request_id: str
    """Also in the header X-Request-Id and in the gateway's log."""
    errors: NotRequired[list[ProblemField] | None]
    """The wrong fields, at most 20."""


class AnswerResponse(TypedDict):
    """An answer."""

    answer: str
    """The answer, or that nothing was found."""
    citations: list[Citation]
    """In the order of the answer. Each was checked."""
    passages: list[UsedPassage]
    """What the answer was made from, best first."""
    kind: Literal["generated", "quoted"]
    """`generated` by a model, or `quoted`: sentences of passages, the best first."""
    question: str
    """What was searched for: the question, or what a conversation made of it."""
    grounded: bool
    """Whether the answer has a citation; false where nothing was found."""
    complete: bool
    """Whether the search was complete, and the model came to an end."""
    degraded: bool
    """Whether something was down and the answer is less good for it."""
    degradations: list[Degradation]
    """What was down, and what was done instead."""
    age_seconds: float | None
    """How old the answer or the search is, when it is stale; null for one of now."""
    usage: AnswerUsage
    took_ms: float
    """Milliseconds in the gateway."""


class Because(TypedDict):
    """Why."""

    kind: BecauseKind
    """`bought_together`: people buy it with that product; `viewed`: it is like that product, which the caller looked at or put into the cart; `similar`: it is like that product; else it is popular."""
    product_id: str | None
    """That product; null where it is just popular."""
    name: str | None
    """Its name."""


class ChatCompletion(TypedDict):
    """An answer in the form of OpenAI's API."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage
    tidegate: dict[str, Any]
    """The other fields of an answer of /v1/answers."""


class ChatMessage(TypedDict):
    """Something that was said; other fields are ignored."""

    role: Literal["system", "developer", "user", "assistant"]
    """The first two are left out."""
    content: str | list[TextPart]
    """Text, whole or in parts."""


class DocumentState(TypedDict):
    """A document, and how far it has been read and embedded."""

    id: str
    """The document."""
    title: str
    """Its title."""
    status: Literal["pending", "ready", "failed"]
    """`pending` while anything of it waits, `failed` when something failed, else `ready`."""
    error: str | None
    """What failed, and what to do."""
    chunks_done: int
    """Chunks embedded so far; written after each piece of a long text."""
    chunks_total: int | None
    """Chunks that there are; null until the first have been embedded."""
    created_at: str
    """When it was made."""
    updated_at: str
    """Last change by people."""
    files: list[FileState]
    """Its files, by name."""


class EmbeddingsRequest(TypedDict):
    """Texts to embed."""

    input: str | list[InputItem]
    """A text, or up to 32: each 1 to 4,000 characters, together 8,000."""
    model: NotRequired[str | None]
    """The active model; any other one is refused. Leave it out to use the active one."""
    encoding_format: NotRequired[EncodingFormat]
    """Numbers, or base64 of little-endian 32-bit floats."""
    dimensions: NotRequired[int | None]
    """Those of the active model; any other number is refused."""
    user: NotRequired[str | None]
    """Ignored: the token says it."""
    input_type: NotRequired[Literal["query", "document"] | None]
    """Ignored: the model embeds queries and documents alike."""
    syntax: NotRequired[Syntax]
    """`plain`: the text as it is, as a semantic search embeds it. `operators`: without its operators, as a hybrid search embeds it."""


class EmbeddingsResponse(TypedDict):
    """Vectors in the order of the texts."""

    object: Literal["list"]
    data: list[EmbeddingEntry]
    model: str
    """The model that made them: `embedding_model` of `rpc("search")`."""
    usage: EmbeddingsUsage


class Explained(TypedDict):
    """One document or product: where it is in the ranking, and how its score came about."""

    id: str
    reason: Reason
    """`listed`: it is a result. `below`: others rank higher. `filtered`: `filters` names what it does not pass. `operators`: it lacks a phrase or has what is excluded. `pending`, `failed`: not embedded. `no_match`: it shares no word with the query. `missed`: its score is that of a result, and a bound or an approximate index left it out. `unknown`: there is none with this id that the caller may read."""
    rank: int | None
    """Its place before a reranker, from 1; null where none is known."""
    higher: int | None
    """How many candidates rank higher, or have the same score; null without a score."""
    score: float | None
    """Both parts weighed together, before a reranker."""
    cosine: float | None
    """By meaning; null where its chunk has no vector."""
    bm25: float | None
    """By words, 0 to 1; null where it has none of them."""
    meaning_rank: int | None
    """Its place in the search by meaning; null where that did not find it."""
    words_rank: int | None
    """Its place in the search by words; null where that did not find it."""
    chunk_id: int | None
    """The chunk that has the score."""
    filters: list[str]
    """Filters that it does not pass; `in`: it is of the other kind."""
    operators: list[str]
    """Phrases that it lacks, and exclusions that it has."""


class Filters(TypedDict):
    """What a result must be like. Every result passes every filter, so a kind that lacks the property is left out."""

    organization_ids: NotRequired[list[str] | None]
    """Documents filed in one of these organizations, at most 100."""
    document_ids: NotRequired[list[str] | None]
    """These documents, at most 100."""
    languages: NotRequired[list[Language] | None]
    """Documents and products in one of these languages, at most 20 BCP 47 tags: `pt` is also `pt-BR`."""
    created_after: NotRequired[str | None]
    """Made at this time or later: a date, or a time with or without its offset from UTC."""
    created_before: NotRequired[str | None]
    """Made before this time."""
    updated_after: NotRequired[str | None]
    """Last changed at this time or later."""
    updated_before: NotRequired[str | None]
    """Last changed before this time."""
    category: NotRequired[str | None]
    """Products of the category with this slug."""
    price_min: NotRequired[float | None]
    """Products at this price or above."""
    price_max: NotRequired[float | None]
    """Products at this price or below."""
    in_stock: NotRequired[bool | None]
    """Products that are (true) or are not (false) in stock."""
    metadata: NotRequired[dict[str, JsonValue] | None]
    """What the metadata of a document or product must contain, nested objects and lists included, and operators below a name: $eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $not."""


Plan = TypedDict(
    "Plan",
    {
        "in": list[str],
        "chunks": int,
        "passing_filters": int | None,
        "weight_of_meaning": float,
        "candidates": int,
        "meaning": MeaningPlan | None,
        "words": WordsPlan | None,
    },
)


class Recommendation(TypedDict):
    """A product."""

    product_id: str
    """The product."""
    name: str
    """Its name."""
    price: float
    """In the currency's units."""
    currency: str
    """ISO 4217 code."""
    category: str
    """The slug of its category."""
    score: float
    """More is better; comparable within one kind of reason."""
    because: Because


class RecommendationsResponse(TypedDict):
    """What is recommended."""

    recommendations: list[Recommendation]
    """Best first. Empty only when nothing can be had at all."""
    source: Source | None
    """What the list begins with; another one than asked for where that had nothing to say. Null for an empty list."""
    degraded: bool
    """Whether something was down and the answer is less good for it."""
    degradations: list[Degradation]
    """What was down, and what was done instead."""
    age_seconds: float | None
    """How old the answer is, when it is stale; null for an answer of now."""
    took_ms: float
    """Milliseconds in the gateway."""


SearchRequest = TypedDict(
    "SearchRequest",
    {
        "query": str,
        "mode": NotRequired[Mode],
        "in": NotRequired[list[Kind]],
        "limit": NotRequired[int],
        "filters": NotRequired[Filters],
        "effort": NotRequired[Effort],
        "passages_per_result": NotRequired[int],
        "include": NotRequired[list[Include]],
        "syntax": NotRequired[Syntax],
        "prefix": NotRequired[bool],
        "explain": NotRequired[bool],
        "explain_ids": NotRequired[list[str]],
    },
)


AnswerRequest = TypedDict(
    "AnswerRequest",
    {
        "question": NotRequired[str | None],
        "messages": NotRequired[list[Message] | None],
        "in": NotRequired[list[Kind]],
        "organization_id": NotRequired[str | None],
        "filters": NotRequired[Filters],
        "limit": NotRequired[int],
        "stream": NotRequired[bool],
    },
)


ChatRequest = TypedDict(
    "ChatRequest",
    {
        "model": NotRequired[str],
        "messages": list[ChatMessage],
        "stream": NotRequired[bool],
        "stream_options": NotRequired[StreamOptions | None],
        "in": NotRequired[list[Kind]],
        "organization_id": NotRequired[str | None],
        "filters": NotRequired[Filters],
        "limit": NotRequired[int],
    },
)


class Explanation(TypedDict):
    """Why it was found, or not."""

    plan: Plan
    results: list[Explained]
    """The results, in the order before a reranker."""
    ids: list[Explained]
    """The documents and products of `explain_ids`, in that order."""


class SearchResponse(TypedDict):
    """What was found."""

    results: list[SearchResult]
    """Best first, each document or product once."""
    mode: Mode
    """How it was searched: the mode asked for, or keyword after a fallback."""
    syntax: Syntax
    """How the query was read: as asked, or plain by meaning and where operators gave way."""
    corrections: list[Correction]
    """Words of the query that no text has and that were taken for others, by words only."""
    complete: bool
    """Whether the list holds as many as asked for, or all that match among what is embedded; not where words were left out: of a prefix such as `boat*` with more than are looked for, of a text of more than 64 words that did not fill the list, and of results beyond a megabyte."""
    more: bool
    """Whether there are further results, or may be: ask with a higher limit."""
    degraded: bool
    """Whether something was down and the answer is less good for it."""
    degradations: list[Degradation]
    """What was down, and what was done instead."""
    age_seconds: float | None
    """How old the answer is, when it is stale; null for an answer of now."""
    took_ms: float
    """Milliseconds in the gateway."""
    explanation: Explanation | None
    """With `explain`: why it was found. null without, and for an answer that fell back to the Data API or is stale."""
