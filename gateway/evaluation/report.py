"""Figures as a table, as JSON, and against what somebody demands of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from gateway.evaluation.figures import FIGURES, Asked, Figure


class DemandError(Exception):
    """A demand that cannot be checked; the message says why."""


@dataclass(frozen=True)
class Demand:
    """A bound on a figure."""

    name: str
    bound: float
    is_least: bool

    @classmethod
    def read(cls, text: str, *, is_least: bool) -> "Demand":
        """From `name=number`. DemandError."""
        name, _, bound = text.partition("=")
        if name not in FIGURES:
            raise DemandError(f"There is no figure {name!r}. Known are {', '.join(FIGURES)}.")
        try:
            return cls(name, float(bound), is_least)
        except ValueError as error:
            raise DemandError(f"{text!r} has no number: write {name}=0.9.") from error

    def complaint(self, figures: Mapping[str, Figure]) -> str | None:
        """How it is not met, if it is not. DemandError where no question is about it."""
        figure = figures.get(self.name)
        if figure is None:
            raise DemandError(f"No question says anything about {self.name}: add 'answers', 'sources' or 'answerable'.")
        if figure.value >= self.bound if self.is_least else figure.value <= self.bound:
            return None
        return f"{self.name} is {shown(self.name, figure.value)}, {'least' if self.is_least else 'most'} {self.bound:g}"


def table(figures: Mapping[str, Figure]) -> str:
    """A line for each figure."""
    rows = [("figure", "value", "of", "")]
    rows += [(name, shown(name, each.value), str(each.of), FIGURES[name]) for name, each in figures.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{name:{widths[0]}}  {value:>{widths[1]}}  {of:>{widths[2]}}  {meaning}".rstrip()
        for name, value, of, meaning in rows
    ]
    return "\n".join(lines)


def as_json(figures: Mapping[str, Figure], asked: Iterable[Asked]) -> str:
    """The figures, and what each question says about them."""
    questions = [
        {
            "line": each.question.line,
            "question": each.question.text,
            "answer": each.answer.text,
            "kind": each.answer.rest["kind"],
            **{name: mean_of(values) for name, values in each.measures().items() if values},
        }
        for each in asked
    ]
    content = {"figures": {name: asdict(figure) for name, figure in figures.items()}, "questions": questions}
    return json.dumps(content, ensure_ascii=False, indent=2)


def shown(name: str, value: float) -> str:
    """As people read it."""
    return f"{value:.0f}" if "_ms" in name else f"{value:.3f}"


def mean_of(values: Sequence[float]) -> float:
    """Of one question, rounded for a file."""
    return round(sum(values) / len(values), 4)
