"""The curves of rate and task: bytes over the distance of a network's answers, a panel for each network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .task_curves import Sweep

CROWDED = 50  # times the lowest value, from where on the numbers of an axis would meet
_DASHES = ("-", "--", ":", "-.", (0, (1, 4)), (0, (6, 1, 1, 1, 1, 1)), (0, (2, 1)))

Curves = Mapping[str, Mapping[str, Mapping[str, Sweep]]]  # by setting, network and arm


def curve_figure(path: Path, curves: Curves, colours: Mapping[str, str]) -> None:
    """Write a PNG: a row for each setting, a panel for each network. Needs matplotlib (extra [plot]).

    Arms that have no colour are grey, and told apart by their dashes.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    columns = max(len(networks) for networks in curves.values())
    figure = Figure(figsize=(4.6 * columns, 3.9 * len(curves) + 1.0), layout="constrained")
    panels = figure.subplots(len(curves), columns, squeeze=False)
    handles: dict[str, Any] = {}
    styles: dict[str, dict[str, Any]] = {name: {"color": colour} for name, colour in colours.items()}
    for row, (setting, networks) in zip(panels, curves.items(), strict=True):
        for axes in row[len(networks) :]:
            axes.axis("off")
        for axes, (network, arms) in zip(row, networks.items(), strict=False):
            for name, sweep in arms.items():
                if name not in styles:
                    styles[name] = {"color": "#9a9a9a", "ls": _DASHES[(len(styles) - len(colours)) % len(_DASHES)]}
                sizes, distances = sweep.sizes.mean(axis=0), sweep.distances.mean(axis=0)
                marker = "o" if name in colours else None
                [handles[name]] = axes.plot(
                    distances, sizes / 1000, marker=marker, ms=3, lw=1.2, label=name, **styles[name]
                )
            axes.set(xscale="log", yscale="log", xlabel="mean distance of the answers", ylabel="mean kB")
            for axis in (axes.xaxis, axes.yaxis):
                lowest, highest = axis.get_view_interval()
                axis.set_major_locator(LogLocator(subs=(1,) if highest / lowest > CROWDED else (1, 2, 5)))
                axis.set_major_formatter(FormatStrFormatter("%g"))
                axis.set_minor_formatter(NullFormatter())
            axes.set_title(f"{setting}: {network}", loc="left", fontsize=9)
            axes.grid(color="#e4e4e4", linewidth=0.6, which="both")
            axes.spines[["top", "right"]].set_visible(False)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
