"""What is asked while things break. A new route joins by one line of ROUTES."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from gateway.http.error_forms import MCP
from gateway.mcp.endpoint import METADATA
from tests.answers import forms
from tests.chaos.mcp import call, result_of
from tests.chaos.models import ASKED, LLM_S
from tests.chaos.world import REQUEST_S, World

_numbers = itertools.count()


@dataclass(frozen=True)
class Route:
    """A request, and which answers are right whatever is down."""

    name: str
    path: str
    body: Callable[[], Mapping[str, Any]] | None = None
    """What is posted; without it the route is got."""
    degrades: bool = False
    """Whether an answer says `degraded` when something was missing."""
    of_documents: bool = False
    """Whether all that it answers is documents, so that 503 is right once it is not known who may read them."""
    person: int | None = None
    """Which of PEOPLE asks; None for a visitor."""
    may_fail: bool = False
    """Whether 503 is right when PostgreSQL itself is broken, so that nothing that could answer does."""
    is_of_database: bool = False
    """Whether 503 is right when the gateway's own way to PostgreSQL is broken as well."""
    is_of_api: bool = False
    """Whether 503 is right when the Data API does not answer, which it asks for the caller."""
    is_of_embedder: bool = False
    """Whether 503 is right when the embedder is broken: nothing stands in for a vector."""
    never_fails: bool = False
    """Whether it answers 200 even to a token that cannot be verified."""
    is_of_operations: bool = False
    """Whether it is served on the operations' port."""
    every_s: float = 0.1
    """How often it is asked: seldom for what asks the Data API, to which all else turns when its own way is broken, for
    what is asked in four forms, and for what never changes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Callable[[httpx2.Response], dict[str, Any]] = forms.whole
    """How an answer is read."""
    is_written: bool = False
    """Whether models write it."""

    @property
    def signed_in(self) -> bool:
        """Whether a token is sent."""
        return self.person is not None

    @property
    def limit_s(self) -> float:
        """Within which an answer comes, whatever is down."""
        return REQUEST_S + (LLM_S if self.is_written else 0)

    def path_of(self, world: World) -> str:
        """With a document that everybody reads."""
        return self.path.replace("{document_id}", world.document)

    def headers_of(self, world: World) -> Mapping[str, str]:
        """With the token where one is sent."""
        return {**self.headers, **({} if self.person is None else world.headers_of(self.person))}


# Asked elsewhere (tests/ingestion/test_documents_route.py): it passes a person's files on to the Data API and Storage,
# as the person's own client would, and answers 503 while either is away. Its answer is 202 or a refusal, never 200.
PASSED_ON = {"/v1/documents"}
# What the settings say: nothing that it depends on can break.
CONSTANT = {"/v1/models", "/v1/models/tidegate", METADATA, f"{METADATA}/mcp"}
SELDOM_S = 0.3
ACCEPT = {"Accept": "application/json"}
# A client of the chat API sends all that was said, so that the model has to write a question first.
CONVERSATION = (
    {"role": "user", "content": "How do I moor a boat?"},
    {"role": "assistant", "content": "With two lines."},
    {"role": "user", "content": "And how are boats moored?"},
)
ROUTES = (
    Route(
        "search, asked before",
        "/v1/search",
        lambda: {"query": "how to moor a boat"},
        degrades=True,
        of_documents=True,
        person=0,
    ),
    Route(
        "search, nobody's",
        "/v1/search",
        lambda: {"query": "mooring", "mode": "keyword"},
        degrades=True,
        of_documents=True,
    ),
    Route(
        "search, new words", "/v1/search", lambda: {"query": f"mooring {next(_numbers)}"}, degrades=True, may_fail=True
    ),
    Route(
        "answers",
        "/v1/answers",
        lambda: {"question": ASKED},
        degrades=True,
        of_documents=True,
        person=4,
        every_s=SELDOM_S,
        is_written=True,
    ),
    Route(
        "answers, streamed",
        "/v1/answers",
        lambda: {"question": ASKED, "stream": True},
        degrades=True,
        of_documents=True,
        person=6,
        every_s=SELDOM_S,
        form=forms.streamed,
        is_written=True,
    ),
    Route(
        "chat",
        "/v1/chat/completions",
        lambda: {"messages": CONVERSATION},
        degrades=True,
        of_documents=True,
        person=7,
        every_s=SELDOM_S,
        form=forms.chat,
        is_written=True,
    ),
    Route(
        "chat, streamed",
        "/v1/chat/completions",
        lambda: {"messages": [{"role": "user", "content": ASKED}], "stream": True},
        degrades=True,
        of_documents=True,
        person=8,
        every_s=SELDOM_S,
        form=forms.chat_streamed,
        is_written=True,
    ),
    Route(
        "embeddings",
        "/v1/embeddings",
        lambda: {"input": f"berth {next(_numbers)}"},
        person=1,
        may_fail=True,
        is_of_database=True,
        is_of_embedder=True,
    ),
    Route("recommendations, one's own", "/v1/recommendations", degrades=True, person=2, never_fails=True),
    Route("recommendations, nobody's", "/v1/recommendations?category=lines", degrades=True, never_fails=True),
    Route(
        "state of a document", "/v1/documents/{document_id}", person=5, may_fail=True, is_of_api=True, every_s=SELDOM_S
    ),
    Route(
        "MCP, search",
        MCP,
        lambda: call("search", query="how to moor a boat"),
        degrades=True,
        of_documents=True,
        person=9,
        every_s=SELDOM_S,
        headers=ACCEPT,
        form=result_of,
    ),
    Route(
        "MCP, one's orders",
        MCP,
        lambda: call("list_orders"),
        degrades=True,
        person=10,
        may_fail=True,
        every_s=SELDOM_S,
        headers=ACCEPT,
        form=result_of,
    ),
    Route("status", "/v1/status", person=3),
    Route("live", "/health/live"),
    Route("ready", "/health/ready", is_of_database=True),
    Route("details", "/status", is_of_operations=True),
    Route("metrics", "/metrics", is_of_operations=True),
    Route("description", "/openapi.json", every_s=SELDOM_S),
    Route("documentation", "/docs", every_s=SELDOM_S),
)
