"""Plots of measurements, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

OURS, THEIRS = "#0b7285", "#adb5bd"


def bars(path: Path, title: str, values: Mapping[str, float], label: str) -> None:
    """One bar for each method, the product's coloured."""
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    colours = [OURS if name.startswith("Tidegate") else THEIRS for name in values]
    drawn = axes.barh(list(values), list(values.values()), color=colours)
    axes.bar_label(drawn, fmt="%.3f", padding=3)
    axes.set(xlim=(0, 1.1), xlabel=label, title=title)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def lines(
    path: Path,
    title: str,
    places: Sequence[float],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    along: str = "share of the table that the caller sees",
) -> None:
    """Panels side by side over `places` (logarithmic), one line for each way."""
    figure, drawn = plt.subplots(1, len(panels), figsize=(5 * len(panels), 3.6), layout="constrained", squeeze=False)
    for axes, (label, ways) in zip(drawn[0], panels.items(), strict=True):
        for name, values in ways.items():
            axes.plot(places, values, marker="o", label=name)
        axes.set(xscale="log", xlabel=along, ylabel=label)
        axes.spines[["top", "right"]].set_visible(False)
    drawn[0][0].legend(frameon=False)
    figure.suptitle(title)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def curves(
    path: Path,
    places: Sequence[float],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    mark: float,
    along: str,
    label: str,
) -> None:
    """Panels side by side over the same places, one line for each kind, and the place in use marked."""
    figure, drawn = plt.subplots(
        1, len(panels), figsize=(4 * len(panels), 3.4), layout="constrained", squeeze=False, sharey=True
    )
    for axes, (name, kinds) in zip(drawn[0], panels.items(), strict=True):
        for kind, values in kinds.items():
            axes.plot(places, values, label=kind)
        axes.axvline(mark, color=THEIRS, linestyle="--")
        axes.set(title=name, xlabel=along, ylim=(0, 1.02), xlim=(places[0], places[-1]))
        axes.spines[["top", "right"]].set_visible(False)
    drawn[0][0].set_ylabel(label)
    drawn[0][-1].legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)
