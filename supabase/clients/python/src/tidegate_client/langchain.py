"""A retriever for LangChain: `pip install tidegate-client[langchain]`."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from tidegate_client.asynchronous import AsyncTidegate
from tidegate_client.models import SearchResponse
from tidegate_client.passages import QUESTION, passages
from tidegate_client.requests import SearchOptions
from tidegate_client.synchronous import Tidegate


class TidegateRetriever(BaseRetriever):
    """Finds passages that the person whose token the client sends may read."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    client: Tidegate
    asynchronous: AsyncTidegate | None = None
    """For `ainvoke`; without it the other one is asked in a thread."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Those of `search`."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return list(_documents(self.client.search(query, **self._options())))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        if self.asynchronous is None:
            return list(_documents(await asyncio.to_thread(self.client.search, query, **self._options())))
        return list(_documents(await self.asynchronous.search(query, **self._options())))

    def _options(self) -> SearchOptions:
        return cast(SearchOptions, {**QUESTION, **self.options})


def _documents(found: SearchResponse) -> Iterator[Document]:
    for each in passages(found):
        yield Document(id=each.id, page_content=each.text, metadata=each.metadata)
