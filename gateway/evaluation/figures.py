"""What answers are worth, measured without a model: each figure is a mean over the questions that it is about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from gateway.answers.typography import folded
from gateway.evaluation.asking import Answer
from gateway.evaluation.questions import Question

SHARES = {
    "retrieval_hit_rate": "a source is among the passages found",
    "answered": "answered, of what is answerable",
    "refused": "nothing was said, of what is not answerable",
    "gold_first": "the first quotation holds an answer",
    "gold_quoted": "a quotation holds an answer",
    "gold_answered": "the answer's text holds an answer",
    "citation_truth": "citations that stand where they say",
    "citation_precision": "citations of a source",
    "citation_coverage": "share of the text that has a citation",
    "degraded": "answers that did without something",
}
TIMES = {"first_event_ms": "to the first event", "end_ms": "to the end"}
PERCENTILES = {50: "half of the answers took no longer", 95: "95 of 100 took no longer"}
FIGURES = SHARES | {
    f"{time}_p{percent}": f"milliseconds {what}: {meaning}"
    for time, what in TIMES.items()
    for percent, meaning in PERCENTILES.items()
}
NAMES = ("title", "id", "document_id", "file_id", "file_name")


@dataclass(frozen=True)
class Figure:
    """A mean, and of how many questions or citations."""

    value: float
    of: int


@dataclass(frozen=True)
class Asked:
    """A question and its answer."""

    question: Question
    answer: Answer

    def measures(self) -> dict[str, list[float]]:
        """What this question says about each figure; nothing about those that it is not about."""
        question, answer = self.question, self.answer
        is_grounded = bool(answer.rest["grounded"])
        quotes = [each["quote"] for each in answer.citations]
        found: dict[str, list[float]] = {
            "answered" if question.answerable else "refused": [is_grounded == question.answerable],
            "citation_truth": [stands(each, answer.passages) for each in answer.citations],
            "citation_coverage": [coverage(answer)] if is_grounded else [],
            "degraded": [bool(answer.rest["degraded"])],
            "first_event_ms": [answer.first_event_s * 1000],
            "end_ms": [answer.end_s * 1000],
        }
        if question.sources:
            found["retrieval_hit_rate"] = [any(is_of(each, question.sources) for each in answer.found)]
            found["citation_precision"] = [is_of(each, question.sources) for each in answer.citations]
        if question.answers:
            found["gold_first"] = [any(holds(quote, question.answers) for quote in quotes[:1])]
            found["gold_quoted"] = [any(holds(quote, question.answers) for quote in quotes)]
            found["gold_answered"] = [holds(answer.text, question.answers)]
        return found


def figures(asked: Iterable[Asked]) -> dict[str, Figure]:
    """Every figure that some question is about, in the order of FIGURES."""
    values: dict[str, list[float]] = {}
    for each in asked:
        for name, measured in each.measures().items():
            values.setdefault(name, []).extend(measured)
    found = {name: Figure(mean(values[name]), len(values[name])) for name in SHARES if values.get(name)}
    for time in TIMES:
        for percent in PERCENTILES:
            found[f"{time}_p{percent}"] = Figure(percentile(values[time], percent), len(values[time]))
    return found


def holds(text: str, answers: Iterable[str]) -> bool:
    """Whether one of the answers stands in the text, whatever white space and marks each is written with."""
    return any(_plain(answer) in _plain(text) for answer in answers)


def is_of(place: Mapping[str, Any], sources: Iterable[str]) -> bool:
    """Whether a passage or citation is of one of the sources, which are named by title, id or file name."""
    wanted = {_plain(source) for source in sources}
    return any(place.get(name) is not None and _plain(str(place[name])) in wanted for name in NAMES)


def stands(citation: Mapping[str, Any], passages: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the citation's words stand at the place that it names."""
    for passage in passages:
        if passage["chunk_id"] == citation["chunk_id"]:
            words: str = passage["content"][citation["passage_start"] : citation["passage_end"]]
            return bool(words.split() == citation["quote"].split())
    return False


def coverage(answer: Answer) -> float:
    """Share of the text, but for what is between quotations, that is part of a citation."""
    cited = {place for each in answer.citations for place in range(each["start"], each["end"])}
    said = [place for place, sign in enumerate(answer.text) if not sign.isspace()]
    return sum(place in cited for place in said) / len(said) if said else 0.0


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _plain(text: str) -> str:
    return folded(text).text.strip()
