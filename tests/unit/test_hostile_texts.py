"""No text is too expensive to cut: processor time grows with its length, and a clock ends what costs too much."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.chunking.chunker import Chunk, Chunker, Limits, Text
from gateway.chunking.clock import AbandonedError, CuttingClock, UncuttableError
from gateway.embeddings.onnx import OnnxEmbedder
from tests.support.hostile_texts import HOSTILE, LONGEST
from tests.support.yardstick import is_within, slowness

CHUNKER = Chunker(OnnxEmbedder(threads=1))
CHUNKER.cut([Text("warm", "up")])
LIMITS = Limits()
# The dearest of each kind; the others are cut as twentieths of this length.
LONG_ONES = ("'>' repeated", "a log in a fence", "links", "Chinese without punctuation")


def cut(content: str, limits: Limits = LIMITS) -> tuple[list[Chunk] | UncuttableError, float]:
    """What comes of the text, and the processor time it took, in seconds."""
    began = time.thread_time()
    (result,) = CHUNKER.cut_each([Text("Title", content)], limits)
    return result, time.thread_time() - began


def cut_within(promised_s: float, content: str, limits: Limits = LIMITS) -> list[Chunk] | UncuttableError:
    """What comes of the text, in so much time by the best of three: a machine may be slow for moments at a time."""
    for _ in range(3):
        result, seconds = cut(content, limits)
        if is_within(seconds, promised_s):
            return result
    raise AssertionError(f"{seconds:.2f} s")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_cut_in_little_time(name: str) -> None:
    # A twentieth of ten seconds, and as much again for chance. In quadratic time it would be minutes.
    result = cut_within(1, HOSTILE[name](LONGEST // 20))
    assert not isinstance(result, UncuttableError) or "private.limits" in str(result)


@pytest.mark.parametrize("name", LONG_ONES)
def test_two_million_characters_are_cut_in_ten_seconds(name: str) -> None:
    result = cut_within(10, HOSTILE[name](LONGEST), Limits(seconds=10 * slowness()))
    assert isinstance(result, list)
    assert len(result) <= Limits().chunks


# Superlinear texts, looked for ---------------------------------------------------------------------------------------

FRAGMENTS = [
    *(
        "a",
        "word ",
        "Sentence. ",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "\t",
        "    ",
        "# ",
        "###### ",
        "\n===\n",
        "\n---\n",
        "***",
    ),
    *("```", "~~~", "`", "> ", ">", "- ", "+ ", "1. ", "999) ", "| ", "|---", ":-:", "[", "](", ")", "![", "]: ", "<"),
    *("</a>", "<!--", "-->", "&", "\\", "*", "**", "_", "!", "?", "。", "潮", "각", "é", "\u0301", "\u200d", "\uff0c"),
    *("🌊", "\u2028", "\x0b", "ﷺ", "q" * 99, "x" * 101, '"', "'", "0", "."),
]
units = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map("".join)


def repeated(pieces: list[str], size: int) -> str:
    """The pieces together, again and again."""
    unit = "".join(pieces)
    return (unit * (size // len(unit) + 1))[:size]


def piled(pieces: list[str], size: int) -> str:
    """The first piece again and again, then the second, and so on."""
    share = size // len(pieces)
    return "".join((piece * (share // len(piece) + 1))[:share] for piece in pieces)


def climbing(pieces: list[str], size: int) -> str:
    """Lines that begin with one more of the first piece each."""
    lines: list[str] = []
    length = 0
    while length < size:
        lines.append(pieces[0] * len(lines) + "".join(pieces[1:]) + "\n")
        length += len(lines[-1])
    return "".join(lines)[:size]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(units, min_size=1, max_size=4), st.sampled_from([repeated, piled, climbing]))
def test_four_times_the_text_takes_four_times_the_time(
    pieces: list[str], shape: Callable[[list[str], int], str]
) -> None:
    size = 20_000
    once, four_times = shape(pieces, size), shape(pieces, 4 * size)
    # A busy machine makes single measurements long, never short.
    for _ in range(4):
        ratio = (cut(four_times)[1] + 0.01) / (cut(once)[1] + 0.01)
        if ratio < 7:  # squared: 16
            return
    pytest.fail(f"{ratio:.1f} times the time")


# Limits --------------------------------------------------------------------------------------------------------------


def test_too_many_chunks_are_an_error_that_names_the_limit() -> None:
    result, _ = cut("潮汐表" * 10_000, Limits(chunks=100))
    assert str(result) == (
        "The text makes more than 100 chunks. Split it into several documents. "
        "Operators change the limit in private.limits: chunks_per_text."
    )
    assert isinstance(cut("潮汐表" * 5_000, Limits(chunks=100))[0], list)


def test_too_much_time_is_an_error_that_names_the_limit() -> None:
    result = cut_within(1.5, HOSTILE["long words"](LONGEST), Limits(seconds=0.5))
    assert "more than 0.5 s of processor time" in str(result)
    assert "private.limits: chunking_seconds_per_text" in str(result)


def test_one_hostile_text_does_not_fail_the_others() -> None:
    texts = [Text("a", "Short."), Text("b", "潮汐表" * 10_000), Text("c", "Short too.")]
    first, second, third = CHUNKER.cut_each(texts, Limits(chunks=10))
    assert isinstance(second, UncuttableError)
    assert isinstance(first, list)
    assert isinstance(third, list)
    assert [chunk.content for chunk in first + third] == ["Short.", "Short too."]


def test_work_that_nobody_waits_for_ends_soon() -> None:
    asked = 0

    def is_abandoned() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(AbandonedError):
        CHUNKER.cut_each([Text("a", HOSTILE["prose"](LONGEST // 10))], Limits(), is_abandoned)
    assert asked == 4


def test_the_clock_counts_processor_time() -> None:
    now = 5.0
    clock = CuttingClock(2.0, clock=lambda: now)
    now = 7.0
    clock.check()
    now = 7.01
    with pytest.raises(UncuttableError):
        clock.check()
