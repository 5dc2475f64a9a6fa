"""What the proof has found: a sentence for each secret at a wrong place, and how much was answered and read."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

NOTHING, MODEL_DOWN, EMBEDDER_DOWN, DATABASE_DOWN, BUG = (
    "nothing is broken", "the model fails", "the embedder fails", "PostgreSQL is away", "a function has a bug"
)  # fmt: skip
STATES = (NOTHING, MODEL_DOWN, EMBEDDER_DOWN, DATABASE_DOWN, BUG)
ENDED = "rights ended, and all is away"
LOG, SPANS, REPORTS, METRICS, STATUS = PLACES = ("the log", "the spans", "the reports", "the metrics", "the status")
"""Where no text may be."""


@dataclass
class Findings:
    """Of one proof, or of several together."""

    leaks: list[str] = field(default_factory=list)
    counts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By state: answers, and signs of what they were."""
    read: Counter[str] = field(default_factory=Counter)
    """Bytes, by where they were read."""

    def add(self, other: "Findings") -> None:
        """Take those of another proof, too."""
        self.leaks += other.leaks
        self.read += other.read
        for state, counts in other.counts.items():
            self.counts[state] += counts

    def missing(self) -> list[str]:
        """Of what the proof rests on, what has not been seen: where nothing is answered, nothing is proved."""
        seen = {
            "an answer from what is not public": self.counts[NOTHING]["not public"],
            "an answer of a model": self.counts[NOTHING]["generated"],
            "quotations": self.counts[MODEL_DOWN]["grounded"] - self.counts[MODEL_DOWN]["generated"],
            "an answer without the embedder": self.counts[EMBEDDER_DOWN]["degraded"],
            "an answer through the Data API": self.counts[DATABASE_DOWN]["grounded"],
            "a failure": self.counts[BUG]["500"] + self.counts[BUG]["503"],
            "a stale answer": self.counts[ENDED]["stale"],
            **{where: self.read[where] for where in PLACES},
        }
        return [what for what, times in seen.items() if not times]
