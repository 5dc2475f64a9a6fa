"""A gateway in this process, two organizations and their people, and a secret sentence in each of their documents."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import httpx2
import numpy as np
from fastapi import FastAPI
from tokenizers import Tokenizer

from gateway.answers.words import pieces
from gateway.embeddings import Embedder, Vectors
from gateway.embeddings.assets import load_tokenizer
from tests.integration.test_access import READABLE
from tests.support import Database
from tests.support.embedders import FaultyEmbedder
from tests.support.gateway_app import client_of, make_app
from tests.support.passages import index_documents
from tests.support.tenants import DOCUMENTS, Tenants, populate
from tests.support.tokens import Project

SUBJECTS = ("the mooring", "the lantern", "the anchor chain", "the tide table", "the winch handle")


class PieceEmbedder:
    """Vectors of pieces of words: texts that share words are near, at no cost of a model."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384
    max_tokens = 256

    @property
    def tokenizer(self) -> Tokenizer:
        return load_tokenizer()

    def reads(self, text: str) -> bool:
        return True

    async def warm_up(self) -> None:
        """There is nothing to load."""

    async def embed_query(self, text: str) -> Vectors:
        vectors: Vectors = await self.embed_chunks([text])
        return vectors.reshape(-1)

    def known_query(self, text: str) -> Vectors | None:
        return None

    async def embed_chunks(self, texts: Sequence[str]) -> Vectors:
        return np.array([piece_vector(text, self.dimensions) for text in texts], np.float32)

    async def aclose(self) -> None:
        """There is nothing to close."""


def piece_vector(text: str, dimensions: int = PieceEmbedder.dimensions) -> list[float]:
    """The vector of a text by its pieces, about of unit length: few digits are quickly written and read."""
    vector = np.full(dimensions, 1e-3, np.float32)
    for piece in pieces(text):
        vector[int.from_bytes(blake2b(piece.encode(), digest_size=4).digest(), "big") % dimensions] += 1
    vector /= np.linalg.norm(vector)
    return [round(float(number), 4) for number in vector]


def canary(title: str) -> str:
    """The secret of a document."""
    return f"canary{blake2b(title.encode(), digest_size=6).hexdigest()}"


def text_of(title: str) -> str:
    """What a document says: the same as all others, but for its secret."""
    secret = canary(title)
    facts = " ".join(f"{subject.capitalize()} is kept in locker {secret}." for subject in SUBJECTS)
    return f"# What is where\n\n{facts}\n\nAsk the harbour master before dusk."


@dataclass
class World:
    """A started gateway and who may ask it."""

    app: FastAPI
    client: httpx2.AsyncClient
    project: Project
    embedder: FaultyEmbedder
    tenants: Tenants
    database: Database

    def headers(self, actor: str) -> dict[str, str]:
        """With the person's token, if it is one."""
        if actor == "anonymous":
            return {}
        metadata = {"staff": True} if actor == "staff" else {}
        return {"Authorization": f"Bearer {self.project.key.token(self.tenants.people[actor], app_metadata=metadata)}"}

    async def ask(self, actor: str = "anonymous", **body: Any) -> httpx2.Response:
        """The response to a question, given as a text or by fields."""
        return await self.client.post("/v1/answers", json=body, headers=self.headers(actor))

    async def answer(self, actor: str = "anonymous", **body: Any) -> dict[str, Any]:
        """The answer to it."""
        response = await self.ask(actor, **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        check(answer)
        return answer


def check(answer: dict[str, Any]) -> None:
    """What is true of every answer: each citation stands where it says, and it says whether there is one."""
    contents = {passage["chunk_id"]: passage["content"] for passage in answer["passages"]}
    for citation in answer["citations"]:
        part = contents[citation["chunk_id"]][citation["passage_start"] : citation["passage_end"]]
        assert part.split() == citation["quote"].split()
        assert 0 <= citation["start"] < citation["end"] <= len(answer["answer"])
        if answer["kind"] == "quoted":
            # A row of a table stands below its header.
            assert answer["answer"][citation["start"] : citation["end"]].endswith(citation["quote"])
    assert answer["grounded"] == bool(answer["citations"])
    assert answer["degraded"] == bool(answer["degradations"])
    assert answer["took_ms"] > 0


def secrets_beyond(actor: str, text: str) -> list[str]:
    """The titles of documents that this person may not read, and whose secret stands in `text`."""
    return [title for title in DOCUMENTS if title not in READABLE[actor] and canary(title) in text]


def fill(database: Database) -> Tenants:
    """The people and their documents, each with its secret, searchable."""
    tenants = populate(database)
    with database.connect("supabase_admin") as admin, database.connect("tidegate_worker") as worker:
        for title, document in tenants.documents.items():
            admin.execute("update public.documents set content = %s where id = %s", (text_of(title), document))
        index_documents(worker, {title: piece_vector(text_of(title)) for title in DOCUMENTS})
    return tenants


def publish(world: World, texts: dict[str, str]) -> list[str]:
    """Add public documents of Meadow's, by their titles, searchable at once; their ids."""
    with world.database.connect("supabase_admin") as admin, world.database.connect("tidegate_worker") as worker:
        rows = [
            admin.execute(
                "insert into public.documents (owner_id, title, content, organization_id, visibility)"
                " values (%s, %s, %s, %s, 'public') returning id::text",
                (world.tenants.people["stranger"], title, content, world.tenants.meadow),
            ).fetchone()
            for title, content in texts.items()
        ]
        index_documents(worker, {title: piece_vector(text) for title, text in texts.items()})
    return [row[0] for row in rows if row is not None]


@asynccontextmanager
async def world_on(
    database: Database, tenants: Tenants, *, url: str | None = None, embedder: Embedder | None = None, **changes: Any
) -> AsyncIterator[World]:
    """A gateway on the filled database, which it reaches at `url`."""
    project, faulty = Project(), FaultyEmbedder(embedder or PieceEmbedder())
    app = make_app(project, url or database.url_for("tidegate_gateway"), embedder=faulty, **changes)
    async with client_of(app) as client:
        yield World(app, client, project, faulty, tenants, database)
