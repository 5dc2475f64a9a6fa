"""Which share of questions each threshold of relevance answers: `make plot-relevance`.

`make bench-answers` measures how relevant the best sentence is to each question and leaves the values in bench/. This
draws them for every collection that was measured, into the picture of docs/answers.md, and prints which threshold each
collection would choose for itself and what the one in use does with it.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from rich.console import Console
from rich.table import Table

from gateway.answers.quoting import RELEVANT, rank, sentences_of
from gateway.answers.schemas import UsedPassage
from gateway.answers.words import pieces
from gateway.local.paths import REPOSITORY
from tests.bench.embeddings import Embeddings
from tests.bench.plots import curves

OWN, WITHOUT, OTHER = "a document answers", "that document left out", "about other things"
PICTURE = REPOSITORY / "docs" / "images" / "relevance.png"
STEPS = [step / 100 for step in range(61)]
KEPT = 0.99
"""The share of the questions that a document answers which a collection's own threshold must keep."""
Relevances = Mapping[str, Sequence[float]]


def relevance(question: str, passages: Sequence[UsedPassage], embeddings: Embeddings) -> float:
    """How relevant the most relevant sentence of the passages is, as the product measures it."""
    found = sentences_of(passages)
    if not found or not pieces(question):
        return 0.0
    cosines = embeddings.cosines(question, [each.compared for each in found])
    return max(each.relevance for each in rank(question, found, cosines))


def answered(values: Sequence[float], threshold: float) -> float:
    """The share of questions that this threshold answers."""
    return mean(value >= threshold for value in values)


def own_threshold(found: Relevances) -> float:
    """The highest threshold at which a collection keeps what its documents answer."""
    return max(step for step in STEPS if answered(found[OWN], step) >= KEPT)


def table(collections: Mapping[str, Relevances]) -> Table:
    """For people: each collection's own threshold, and the shares answered at the one in use."""
    shown = Table("collection", "its own threshold", *(OWN, WITHOUT, OTHER), title=f"answered at {RELEVANT}")
    for name, found in collections.items():
        shares = (f"{answered(found[kind], RELEVANT):.3f}" for kind in (OWN, WITHOUT, OTHER))
        shown.add_row(name, f"{own_threshold(found):.2f}", *shares)
    return shown


def draw(collections: Mapping[str, Relevances], path: Path) -> None:
    """A panel for each collection, a line for each kind of question."""
    panels = {
        name: {kind: [answered(found[kind], step) for step in STEPS] for kind in (OWN, WITHOUT, OTHER)}
        for name, found in collections.items()
    }
    curves(path, STEPS, panels, mark=RELEVANT, along="threshold", label="share of questions answered")


def main() -> None:
    """Draw what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("bench"), help="of make bench-answers")
    parser.add_argument("--out", type=Path, default=PICTURE)
    arguments = parser.parse_args()
    collections = {
        path.stem.removeprefix("answers-"): json.loads(path.read_text(encoding="utf-8"))["relevance"]
        for path in sorted(arguments.folder.glob("answers-*.json"))
    }
    if not collections:
        raise SystemExit(f"{arguments.folder} holds no answers-….json: run make bench-answers DATA=folder first.")
    Console(width=110).print(table(collections))
    draw(collections, arguments.out)


if __name__ == "__main__":
    main()
