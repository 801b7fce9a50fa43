"""The one kind of figure that the tables share: a ratio with its interval per row, and the line where nobody wins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .equal_quality import RatioSummary

_COLOURS = ("#1b7f79", "#d1495b", "#30638e", "#edae49", "#6a4c93")


def interval_figure(path: Path, title: str, axis: str, series: Mapping[str, Mapping[str, RatioSummary]]) -> None:
    """Write a PNG: one row per label, one colour per series, below 1 is better. Needs matplotlib (extra [plot])."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    labels = list(dict.fromkeys(label for rows in series.values() for label in rows))
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.42 * len(labels)), layout="constrained")
    for index, (name, rows) in enumerate(series.items()):
        shift = (index - (len(series) - 1) / 2) * 0.22
        positions = [labels.index(label) + shift for label in rows]
        means = [summary.geometric_mean for summary in rows.values()]
        reach = (
            [summary.geometric_mean - summary.low for summary in rows.values()],
            [summary.high - summary.geometric_mean for summary in rows.values()],
        )
        colour = _COLOURS[index % len(_COLOURS)]
        axes.errorbar(means, positions, xerr=reach, fmt="o", markersize=5, capsize=2.5, color=colour, label=name)
    axes.axvline(1, color="#888888", linewidth=1, zorder=0)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel(axis)
    axes.set_title(title, loc="left", fontsize=11)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
