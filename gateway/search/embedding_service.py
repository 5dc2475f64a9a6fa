"""Vectors for callers who search by meaning through the Data API."""

import asyncio

from gateway.auth.caller import Caller
from gateway.database.pool import Database
from gateway.errors import FieldProblem, InvalidInputError
from gateway.search.embedding_schemas import (
    EmbeddingEntry,
    EmbeddingsRequest,
    EmbeddingsResponse,
    EmbeddingsUsage,
    written,
)
from gateway.search.query_embedding import Model, NoVectorsError, QueryEmbedder
from gateway.search.query_syntax import Syntax, without_operators


class EmbeddingService:
    """Embeds texts with the active model."""

    def __init__(self, database: Database, embedder: QueryEmbedder) -> None:
        """Use `embedder`; `database` knows the active model and whose account is closed."""
        self._database = database
        self._embedder = embedder

    async def embed(self, request: EmbeddingsRequest, caller: Caller) -> EmbeddingsResponse:
        """The vectors of the request's texts; a GatewayError when there are none."""
        row = (await self._database.fetch("embedding_model_as", {"claims": caller.claims}))[0]
        if row["name"] is None:
            raise NoVectorsError("No embedding model is active in the database.")
        active = Model(row["name"], row["dimensions"])
        _check(request, active)
        texts = request.texts
        if request.syntax is Syntax.OPERATORS:
            texts = [without_operators(text) for text in texts]
        vectors = await self._embedder.vectors(texts, active)
        tokens = await asyncio.to_thread(self._embedder.count_tokens, texts, active)
        return EmbeddingsResponse(
            data=[
                EmbeddingEntry(index=index, embedding=written(vector, request.encoding_format))
                for index, vector in enumerate(vectors)
            ],
            model=active.name,
            usage=EmbeddingsUsage(prompt_tokens=tokens, total_tokens=tokens),
        )


def _check(request: EmbeddingsRequest, active: Model) -> None:
    """InvalidInputError when the caller wants another model."""
    wanted = {"model": (request.model, active.name), "dimensions": (request.dimensions, active.dimensions)}
    for field, (asked, right) in wanted.items():
        if asked not in (None, right):
            detail = f"The active model is {active}: write {right}, or leave {field} out."
            raise InvalidInputError(
                f"#/{field}: {detail}", fields=[FieldProblem(f"#/{field}", detail, "another_model")]
            )
