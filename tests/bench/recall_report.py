"""The figures of `tests.bench.recall` as a table, a file and a plot."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.plots import lines

BOUNDS = {204_800: 60, 1_000_000: 150}  # ms of processor time for any question


@dataclass(frozen=True)
class Figures:
    """Of one way, caller and group: recall, searches that came up short, wall time, processor times, the dearest."""

    recall: float
    short: int
    p50_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float
    cpu_max_ms: float
    dearest: str


Found = Mapping[str, Mapping[str, Mapping[str, Figures]]]


def report(figures: Found, seen: Mapping[str, int], total: int, made: int, out: Path) -> None:
    """Print the table and the dearest questions; write the figures and a plot into `out`."""
    title = f"{total:,} passages" + (f", {made:,} of them between two real ones" if made else "")
    console = Console(width=110)
    console.print(_table(figures, seen, title))
    _print_dearest(console, figures, BOUNDS.get(total))
    out.mkdir(parents=True, exist_ok=True)
    stem = out / f"recall-{total}"
    plain = {
        caller: {way: {group: vars(row) for group, row in rows.items()} for way, rows in ways.items()}
        for caller, ways in figures.items()
    }
    stem.with_suffix(".json").write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
    _plot(figures, seen, total, title, stem.with_suffix(".png"))


def _table(figures: Found, seen: Mapping[str, int], title: str) -> Table:
    table = Table(title=title)
    for heading in ("caller sees", "passages", "way", "questions", "recall@10", "short", "p50", "processor"):
        table.add_column(heading, justify="left" if heading in ("caller sees", "way", "questions") else "right")
    for heading in ("p95", "dearest"):
        table.add_column(heading, justify="right")
    for caller, ways in figures.items():
        for way, groups in ways.items():
            for group, row in groups.items():
                is_first = way == next(iter(ways)) and group == next(iter(groups))
                is_last = way == list(ways)[-1] and group == list(groups)[-1]
                is_compared = way in ("semantic", "exact", "plain HNSW")
                table.add_row(
                    caller if is_first else "",
                    f"{seen[caller]:,}" if is_first else "",
                    way if group == next(iter(groups)) else "",
                    group,
                    f"{row.recall:.3f}" if is_compared else "",
                    str(row.short) if way != "keyword" else "",
                    f"{row.p50_ms:.1f}",
                    f"{row.cpu_p50_ms:.1f}",
                    f"{row.cpu_p95_ms:.1f}",
                    f"{row.cpu_max_ms:.1f}",
                    end_section=is_last,
                )
    table.caption = "p50: wall time. processor, p95, dearest: the database's processor time. All in ms."
    return table


def _print_dearest(console: Console, figures: Found, bound: float | None) -> None:
    rows = [
        (row.cpu_max_ms, way, group, caller, row.dearest)
        for caller, ways in figures.items()
        for way, groups in ways.items()
        if way not in ("exact", "plain HNSW")
        for group, row in groups.items()
    ]
    for way in dict.fromkeys(row[1] for row in rows):
        cost, _, group, caller, text = max(row for row in rows if row[1] == way)
        console.print(f"Dearest {way} question: {cost:.1f} ms, {group}, of who sees {caller}: {text[:70]!r}")
    if bound:
        verdict = "kept" if max(rows)[0] <= bound else "NOT KEPT"
        console.print(f"The bound of {bound} ms for any question is {verdict}.")


def _plot(figures: Found, seen: Mapping[str, int], total: int, title: str, path: Path) -> None:
    single = [caller for caller in figures if "many" not in caller]
    shares = [seen[caller] / total for caller in single]
    ways = [way for way in ("semantic", "plain HNSW") if way in figures[single[0]]]
    curves = [(f"{way}, {group}", way, group) for way in ways for group in ("own", "foreign")]
    lines(
        path,
        title,
        shares,
        {
            "recall@10": {name: [figures[c][way][group].recall for c in single] for name, way, group in curves},
            "processor p95, ms": {
                name: [figures[c][way][group].cpu_p95_ms for c in single] for name, way, group in curves
            },
        },
    )
