"""Asks a gateway by the retrievers of tidegate-client, in the environment of `make test-retrievers`.

`retrieve.py address question`, with a token in TOKEN. It prints what each found as JSON.
"""

import asyncio
import json
import os
import sys
from typing import Any

from tidegate_client import AsyncTidegate, Tidegate
from tidegate_client.langchain import TidegateRetriever as ForLangChain
from tidegate_client.llama_index import TidegateRetriever as ForLlamaIndex


def token() -> str | None:
    """The person's; none for a visitor."""
    return os.environ.get("TOKEN")


async def found(url: str, question: str) -> dict[str, list[Any]]:
    """By retriever and way of asking: title, text and whether there is a score of each passage."""
    async with AsyncTidegate(url, token) as asynchronous:
        with Tidegate(url, token) as client:
            chain = ForLangChain(client=client, options={"limit": 1})
            chain_with_both = ForLangChain(client=client, asynchronous=asynchronous, options={"limit": 1})
            index = ForLlamaIndex(client, limit=1)
            index_with_both = ForLlamaIndex(client, asynchronous, limit=1)
            documents = {
                "langchain": await asyncio.to_thread(chain.invoke, question),
                "langchain, in a thread": await chain.ainvoke(question),
                "langchain, asynchronous": await chain_with_both.ainvoke(question),
            }
            nodes = {
                "llama_index": await asyncio.to_thread(index.retrieve, question),
                "llama_index, in a thread": await index.aretrieve(question),
                "llama_index, asynchronous": await index_with_both.aretrieve(question),
            }
    return {
        **{way: [[each.metadata["title"], each.page_content] for each in those] for way, those in documents.items()},
        **{way: [[each.node.metadata["title"], each.text] for each in those] for way, those in nodes.items()},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(found(*sys.argv[1:]))))
