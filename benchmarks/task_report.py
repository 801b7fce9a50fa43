"""The tables and the figures in JSON that all reports of benchmarks.rate_task have, made of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .report import print_table
from .task_asking import DISTANCE, Answers
from .task_curves import Gain, Sweep, at_size, gain

Curves = dict[str, dict[str, Sweep]]  # by network and arm
Gains = Mapping[str, Mapping[str, Gain | None]]  # by comparison and network


def sweeps(found: Sequence[Answers]) -> Curves:
    """Of the pictures that each network was asked about."""
    collected: Curves = {}
    for network in dict.fromkeys(name for each in found for name in each.answers):
        asked = [each for each in found if network in each.answers]
        collected[network] = {}
        for arm in asked[0].answers[network]:
            measured = [each.answers[network][arm] for each in asked]
            values = {name: np.stack([each[name] for each in measured]) for name in measured[0]}
            distances = values.pop(DISTANCE)
            collected[network][arm] = Sweep(np.stack([each.sizes[arm] for each in asked]), distances, values)
    return collected


def photographs_of(found: Sequence[Answers], network: str) -> NDArray[np.int64]:
    """A number for the photograph of each picture that the network was asked about."""
    names = [each.photograph for each in found if network in each.answers]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def compared(found: Sequence[Answers], curves: Curves, arm: str, rival: str) -> dict[str, Gain | None]:
    """By network, None where one of the arms was left out or they do not meet."""
    return {
        name: gain(arms[arm], arms[rival], photographs_of(found, name)) if arm in arms and rival in arms else None
        for name, arms in curves.items()
    }


def counted(found: Sequence[Answers], curves: Curves) -> dict[str, int]:
    """How many pictures each network was asked about."""
    return {name: len(photographs_of(found, name)) for name in curves}


def report_gains(title: str, rows: Gains) -> None:
    """A row for each comparison, two columns for each network."""
    names = list(next(iter(rows.values())))
    table = []
    for label, of_network in rows.items():
        cells = [label]
        for name in names:
            one = of_network.get(name)
            cells += [str(one), f"{one.of_medians:+.1f}" if one.of_medians is not None else "-"] if one else ["-", "-"]
        table.append(cells)
    headers = ["", *(header for name in names for header in (f"{name}: bytes, %", "by medians"))]
    print_table(title, headers, table)


def shared_size(curves: Curves, arms: Sequence[str]) -> float:
    """Mean bytes in the middle of what all these arms reach."""
    of_network = next(iter(curves.values()))
    means = [of_network[arm].sizes.mean(axis=0) for arm in arms]
    return float(np.sqrt(max(sizes.min() for sizes in means) * min(sizes.max() for sizes in means)))


def report_shares(title: str, curves: Curves, size: float, headings: Mapping[str, str]) -> dict[str, Any]:
    """What else was measured of classifiers, where all arms have the same bytes; `headings` say which, and how."""
    classifiers = {name: arms for name, arms in curves.items() if next(iter(arms.values())).shares}
    found: dict[str, Any] = {"bytes": size}
    rows = []
    for arm in next(iter(classifiers.values())):
        figures = {
            name: {share: at_size(arms[arm].shares[share], arms[arm].sizes, size) for share in headings}
            for name, arms in classifiers.items()
        }
        found[arm] = figures
        values = [value for each in figures.values() for value in each.values()]
        rows.append([arm, *(f"{100 * value:.0f} %" if value is not None else "-" for value in values)])
    headers = [f"{name}: {heading}" for name in classifiers for heading in headings.values()]
    print_table(title, ["", *headers], rows)
    return found


def as_dicts(rows: Gains) -> dict[str, Any]:
    return {
        label: {name: asdict(one) if one else None for name, one in of_network.items()}
        for label, of_network in rows.items()
    }


def curves_as_dicts(curves: Curves) -> dict[str, Any]:
    return {name: {arm: _curve(sweep) for arm, sweep in arms.items()} for name, arms in curves.items()}


def _curve(sweep: Sweep) -> dict[str, list[float]]:
    """Over the qualities of an arm."""
    return {
        "bytes": sweep.sizes.mean(axis=0).tolist(),
        "mean distance": sweep.distances.mean(axis=0).tolist(),
        "median distance": np.median(sweep.distances, axis=0).tolist(),
        **{name: values.mean(axis=0).tolist() for name, values in sweep.shares.items()},
    }
