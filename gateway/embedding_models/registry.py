"""The registry of models, as the owner of the tables: DATABASE_URL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from pgvector import HalfVector

from gateway.database.connection import Connection
from gateway.database.queries import query
from gateway.embeddings import Vectors


class ModelError(Exception):
    """What was asked for cannot be done; the message says what to do instead."""


@dataclass(frozen=True)
class Coverage:
    """A model, and how far it is: chunks there are, those with its vector, and of these those no index holds."""

    id: int
    name: str
    dimensions: int
    is_active: bool
    chunks: int
    embedded: int
    waiting: int


@dataclass(frozen=True)
class Unembedded:
    """A chunk without a vector of the model."""

    id: int
    title: str
    heading_path: Sequence[str]
    context: str
    content: str
    input_hash: bytes


class Registry:
    """Reads and changes the registry over one connection."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`, of the owner of the tables."""
        self._connection = connection

    async def models(self) -> list[Coverage]:
        """Every model, the first registered first. Counts every vector."""
        return [Coverage(**row) for row in await self._fetch("embedding_model_coverage")]

    async def model(self, name: str) -> Coverage:
        """The model called `name`; ModelError when there is none."""
        models = await self.models()
        for model in models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in models)
        raise ModelError(f"No embedding model is called {name}; there are: {known}. Register it first.")

    async def register(self, name: str, dimensions: int) -> None:
        """Add a model and its index; ModelError when it is there with other dimensions."""
        for model in await self.models():
            if model.name == name:
                if model.dimensions == dimensions:
                    return
                raise ModelError(f"{name} is registered with {model.dimensions} dimensions, not {dimensions}.")
        await self._fetch("register_embedding_model", {"name": name, "dimensions": dimensions})

    async def unembedded(self, model: Coverage, after: int, max_rows: int) -> list[Unembedded]:
        """The next chunks after number `after` that have no vector of the model."""
        parameters = {"model_id": model.id, "after": after, "max_rows": max_rows}
        return [Unembedded(**row) for row in await self._fetch("unembedded_chunks", parameters)]

    async def add_vectors(self, model: Coverage, chunks: Sequence[Unembedded], vectors: Vectors) -> int:
        """Store vectors of chunks that still are what was embedded; how many."""
        parameters = {
            "model_id": model.id,
            "chunk_ids": [chunk.id for chunk in chunks],
            "hashes": [chunk.input_hash for chunk in chunks],
            "embeddings": [HalfVector(vector) for vector in vectors],
        }
        (row,) = await self._fetch("backfill_chunk_embeddings", parameters)
        return int(row["added"])

    async def index(self, model: Coverage, max_rows: int) -> int:
        """Put up to `max_rows` of the model's vectors into their index, making those of large scopes; how many."""
        while (await self._fetch("create_scope_index_of_model", {"model_id": model.id}))[0]["is_opened"]:
            pass
        (row,) = await self._fetch("index_embeddings_of_model", {"model_id": model.id, "max_rows": max_rows})
        return int(row["steps"])

    async def switch(self, name: str) -> None:
        """Make `name` the model that search uses, in one statement."""
        await self._fetch("activate_embedding_model", {"name": name})

    async def drop(self, name: str) -> None:
        """Remove a model with its vectors and indexes; ModelError when search uses it."""
        try:
            await self._fetch("drop_embedding_model", {"name": name})
        except psycopg.errors.ObjectInUse as error:
            raise ModelError(f"Search uses {name}: switch to another model first.") from error

    async def _fetch(self, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        cursor = await self._connection.execute(query(name), parameters)
        return await cursor.fetchall() if cursor.description else []
