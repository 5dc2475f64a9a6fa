"""A retriever for LlamaIndex: `pip install tidegate-client[llama-index]`."""

import asyncio
from collections.abc import Iterator
from typing import Unpack

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from tidegate_client.asynchronous import AsyncTidegate
from tidegate_client.models import SearchResponse
from tidegate_client.passages import QUESTION, passages
from tidegate_client.requests import SearchOptions
from tidegate_client.synchronous import Tidegate


class TidegateRetriever(BaseRetriever):
    """Finds passages that the person whose token the client sends may read."""

    def __init__(
        self, client: Tidegate, asynchronous: AsyncTidegate | None = None, **options: Unpack[SearchOptions]
    ) -> None:
        """Search with these options. `asynchronous` is for `aretrieve`; without it `client` is asked in a thread."""
        super().__init__()
        self._client = client
        self._asynchronous = asynchronous
        self._options: SearchOptions = {**QUESTION, **options}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return list(_nodes(self._client.search(query_bundle.query_str, **self._options)))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        if self._asynchronous is None:
            return await asyncio.to_thread(self._retrieve, query_bundle)
        return list(_nodes(await self._asynchronous.search(query_bundle.query_str, **self._options)))


def _nodes(found: SearchResponse) -> Iterator[NodeWithScore]:
    for each in passages(found):
        yield NodeWithScore(node=TextNode(id_=each.id, text=each.text, metadata=each.metadata), score=each.score)
