"""all-MiniLM-L6-v2 in this process, with ONNX Runtime.

Measured on 2 cores with texts of 28 tokens: one session whose runs use one thread each, called from one thread per
core, gives 455 chunks a second; one run at a time over two threads gives 420. Batches of 8 cost up to 7 % less
processor time than 16, and 32 up to 20 % more. A query takes 5 ms.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from threading import Lock

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from gateway.embeddings.assets import load_tokenizer, locate
from gateway.embeddings.base import QueryCache, Vectors
from gateway.embeddings.errors import EmbedderUnavailable
from gateway.embeddings.scripts import is_read

BATCH_ROWS = 8
# Rows times the longest row. 2048 was 6 % slower with texts of 256 tokens, and took 115 MB more.
BATCH_TOKENS = 1024


class OnnxEmbedder:
    """The default embedder. Loads at the first use; its threads leave the event loop free."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384
    max_tokens = 256

    def __init__(self, threads: int | None = None) -> None:
        """Use `threads` cores at most; by default all that this process may use."""
        threads = threads or len(os.sched_getaffinity(0))
        # Calls are tokenized on threads of their own, since they wait for the runs.
        self._threads = threads
        self._callers = ThreadPoolExecutor(threads + 1, "embedder")
        self._runners = ThreadPoolExecutor(threads, "embedder-run")
        self._loading = Lock()
        self._session: onnxruntime.InferenceSession | None = None
        self._queries = QueryCache()

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Counts tokens for chunking: neither truncates nor pads."""
        return load_tokenizer()

    def reads(self, text: str) -> bool:
        """Whether its vocabulary has the words of `text`, or pieces of them."""
        return is_read(self.tokenizer, text)

    async def warm_up(self) -> None:
        """Verify and load the model, and run it once."""
        await self.embed_chunks(["warm-up"])

    async def embed_query(self, text: str) -> Vectors:
        """Vector of a query, float32 (384,), read-only."""
        return await self._queries.get(text, self.embed_chunks)

    def known_query(self, text: str) -> Vectors | None:
        """Vector of a query that was embedded lately."""
        return self._queries.peek(text)

    async def embed_chunks(self, texts: Sequence[str]) -> Vectors:
        """Vectors of chunks, float32 (len(texts), 384); tokens beyond 256 do not count."""
        return await asyncio.get_running_loop().run_in_executor(self._callers, self._embed, list(texts))

    async def aclose(self) -> None:
        """Stop the threads once they are done with what they are at."""
        self._callers.shutdown(wait=False, cancel_futures=True)
        self._runners.shutdown(wait=False, cancel_futures=True)
        self._session = None

    def _embed(self, texts: list[str]) -> Vectors:
        session = self._load()
        tokens = [self._truncate(e.ids) for e in self.tokenizer.encode_batch_fast(texts)]
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        batches = length_sorted_batches([len(row) for row in tokens])
        for rows, pooled in self._run(batches, lambda rows: mean_pooled(session, [tokens[row] for row in rows])):
            vectors[rows] = pooled
        return vectors

    def _run(
        self, batches: Iterable[list[int]], run: Callable[[list[int]], Vectors]
    ) -> Iterator[tuple[list[int], Vectors]]:
        """Run batches, few ahead: those of another call come between, so that a sentence does not wait for a book."""
        begun: deque[tuple[list[int], Future[Vectors]]] = deque()
        for rows in batches:
            begun.append((rows, self._runners.submit(run, rows)))
            if len(begun) > self._threads:
                yield _result(begun)
        while begun:
            yield _result(begun)

    def _load(self) -> onnxruntime.InferenceSession:
        with self._loading:
            self._session = self._session or load_session()
            return self._session

    def _truncate(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= self.max_tokens else [*ids[: self.max_tokens - 1], ids[-1]]  # keeps [SEP]


def _result(begun: deque[tuple[list[int], Future[Vectors]]]) -> tuple[list[int], Vectors]:
    rows, run = begun.popleft()
    return rows, run.result()


def load_session() -> onnxruntime.InferenceSession:
    """Verify and load the model: 0.3 s. EmbedderUnavailable when it is not as it should be."""
    locate("onnx/model.onnx_data")  # the runtime reads it, from beside the graph
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(locate("onnx/model.onnx")), options, providers=["CPUExecutionProvider"])
    except RuntimeError as error:
        raise EmbedderUnavailable(f"ONNX Runtime cannot load the model: {error}") from error


def length_sorted_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of `lengths` grouped so that rows of a batch need little padding, long ones first."""
    batches: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if not batches or len(batches[-1]) == BATCH_ROWS or (len(batches[-1]) + 1) * longest > BATCH_TOKENS:
            batches.append([])
            longest = lengths[row]
        batches[-1].append(row)
    return batches


def mean_pooled(session: onnxruntime.InferenceSession, tokens: Sequence[Sequence[int]]) -> Vectors:
    """Unit vectors of token rows: the mean over each row's own tokens, padding left out (Reimers and Gurevych 2019)."""
    ids = np.zeros((len(tokens), max(map(len, tokens))), np.int64)
    mask = np.zeros_like(ids)
    for row, row_tokens in enumerate(tokens):
        ids[row, : len(row_tokens)] = row_tokens
        mask[row, : len(row_tokens)] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    (states,) = session.run(None, inputs)
    means: Vectors = np.einsum("rtd,rt->rd", states, mask.astype(np.float32)) / mask.sum(axis=1, keepdims=True)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return means.astype(np.float32, copy=False)
