"""The figures that the tables share: ratios with their intervals, and differences picture by picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from .differences import Difference
from .equal_quality import RatioSummary

Reach: TypeAlias = tuple[list[float], list[float]]  # of an interval below and above its mean

_COLOURS = ("#1b7f79", "#d1495b", "#30638e", "#edae49", "#6a4c93", "#8a8a8a", "#5b8c3a", "#b06a3b")


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


def curve_figure(path: Path, title: str, panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]) -> None:
    """Write a PNG: a panel per metric, in it a curve per encoder through its (bits per pixel, score).

    Up and to the left is better. Needs matplotlib (extra [plot]).
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    rows = (len(panels) + 1) // 2
    figure, grid = pyplot.subplots(rows, 2, figsize=(11, 0.6 + 4 * rows), layout="constrained", squeeze=False)
    for axes, (name, curves) in zip(grid.ravel(), panels.items(), strict=False):
        for colour, (label, points) in zip(_COLOURS, curves.items(), strict=False):
            rates, scores = zip(*points, strict=True)
            axes.plot(rates, scores, color=colour, marker="o", markersize=3, linewidth=1.4, label=label)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.set_title(name, loc="left", fontsize=10)
        axes.set_xlabel("bits per pixel", fontsize=8)
        axes.grid(color="#ececec", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid.ravel()[len(panels) :]:
        axes.set_axis_off()
    grid[0][0].legend(frameon=False, fontsize=8)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def difference_figure(path: Path, title: str, panels: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Write a PNG of bars: a panel per metric, first half left and second half right, a bar per picture and series.

    Above zero is better. Needs matplotlib (extra [plot]).
    """
    without = {name: {label: (bars, None) for label, bars in series.items()} for name, series in panels.items()}
    _bars(path, title, without)


def category_figure(path: Path, title: str, panels: Mapping[str, Mapping[str, Mapping[str, Difference]]]) -> None:
    """The same with a bar per category and the interval drawn on it."""

    def with_reach(bars: Mapping[str, Difference]) -> tuple[dict[str, float], Reach]:
        means = {category: one.mean for category, one in bars.items()}
        return means, ([one.mean - one.low for one in bars.values()], [one.high - one.mean for one in bars.values()])

    drawn = {name: {label: with_reach(bars) for label, bars in series.items()} for name, series in panels.items()}
    _bars(path, title, drawn)


def _bars(path: Path, title: str, panels: Mapping[str, Mapping[str, tuple[Mapping[str, float], Reach | None]]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = (len(panels) + 1) // 2
    labelled = max(len(bars) for series in panels.values() for bars, _ in series.values()) <= 30
    figure, grid = pyplot.subplots(rows, 2, figsize=(11, 0.5 + 1.7 * rows), layout="constrained", squeeze=False)
    for axes, (name, series) in zip(grid.T.ravel(), panels.items(), strict=False):
        names = list(next(iter(series.values()))[0])
        width = 0.8 / len(series)
        for index, (label, (bars, reach)) in enumerate(series.items()):
            positions = [place + (index - (len(series) - 1) / 2) * width for place in range(len(names))]
            heights, colour = [bars[name] for name in names], _COLOURS[index % len(_COLOURS)]
            axes.bar(positions, heights, width, color=colour, label=label)
            if reach is not None:
                axes.errorbar(positions, heights, yerr=reach, fmt="none", ecolor="#333333", elinewidth=0.8)
        axes.axhline(0, color="#888888", linewidth=0.8)
        axes.set_title(name, loc="left", fontsize=9)
        axes.set_xticks(range(len(names)), names if labelled and axes in grid[-1] else [""] * len(names), rotation=90)
        axes.tick_params(axis="x", labelsize=7, length=0)
        axes.tick_params(axis="y", labelsize=7)
        axes.margins(x=0.01)
        axes.grid(axis="y", color="#e4e4e4", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=len(labels), frameon=False, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
