"""The tables and the figures of purpose="machine", made of the answers about each picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .machine_arms import (
    BORROWED,
    GAUSSIAN,
    MACHINE,
    MACHINE_FLAT,
    MOZJPEG,
    PILLOW,
    PROGRESSIVE,
    SCALED,
    SCALED_MACHINE,
    STANDARD_FLAT,
    STANDARD_MAP,
    TABLES,
    arms_at,
    qualities_of,
)
from .report import print_table
from .task_asking import AGREEMENT, CONFIDENCE, TOP_1, TOP_5, Answers
from .task_report import (
    Curves,
    as_dicts,
    compared,
    counted,
    curves_as_dicts,
    report_gains,
    report_shares,
    shared_size,
    sweeps,
)

PARTS = {
    "progressive scans": (PROGRESSIVE, PILLOW),
    "tables": (TABLES, PROGRESSIVE),
    "rule, on our tables": (MACHINE_FLAT, TABLES),
    "map, on our tables": (MACHINE, MACHINE_FLAT),
    "map, against a centre Gaussian": (MACHINE, GAUSSIAN),
    "map, against another picture's": (MACHINE, BORROWED),
    "rule, on standard tables": (STANDARD_FLAT, PROGRESSIVE),
    "map, on standard tables": (STANDARD_MAP, STANDARD_FLAT),
    "tables, under rule and map": (MACHINE, STANDARD_MAP),
    "all three": (MACHINE, PROGRESSIVE),
}
SCALED_DOWN = {
    "machine, against scaled down and Pillow": (MACHINE, SCALED),
    "scaled down and machine, against scaled down and Pillow": (SCALED_MACHINE, SCALED),
}
BESIDE_MOZJPEG = (MACHINE, MACHINE_FLAT, TABLES, SCALED, SCALED_MACHINE)
WITH_CLASSES = {TOP_1: "top-1", TOP_5: "top-5", AGREEMENT: "same class"}
WITHOUT_CLASSES = {AGREEMENT: "same class", CONFIDENCE: "sure of it"}


def report_setting(setting: str, found: Sequence[Answers], ratio_1: bool) -> tuple[dict[str, Any], Curves]:
    """Print the tables of one setting; its figures, and its curves."""
    curves = sweeps(found)
    arms = arms_at(ratio_1)
    gains = {arm: compared(found, curves, arm, PILLOW) for arm in arms if arm != PILLOW}
    against_mozjpeg = {arm: compared(found, curves, arm, MOZJPEG) for arm in BESIDE_MOZJPEG if arm in arms}
    contrasts = PARTS if ratio_1 else PARTS | SCALED_DOWN
    parts = {label: compared(found, curves, arm, rival) for label, (arm, rival) in contrasts.items()}
    pictures = counted(found, curves)
    numbers = ", ".join(f"{name.split(',')[0]} {count}" for name, count in pictures.items())
    report_gains(f"**{setting}: bytes at equal answers, against Pillow** (95 %; pictures: {numbers})", gains)
    report_gains(f"**{setting}: against mozjpeg**", against_mozjpeg)
    report_gains(f"**{setting}: what each part gains**", parts)
    size = shared_size(curves, [PILLOW, MACHINE])
    headings = WITH_CLASSES if TOP_1 in next(iter(found[0].clean.values())) else WITHOUT_CLASSES
    title = f"**{setting}: answers at {size / 1000:.2f} kB a picture**"
    figures = {
        "pictures": pictures,
        "photographs": len({each.photograph for each in found}),
        "qualities": {arm: qualities_of(arm, ratio_1) for arm in arms},
        "against Pillow": as_dicts(gains),
        "against mozjpeg": as_dicts(against_mozjpeg),
        "of each part": as_dicts(parts),
        "at equal bytes": report_shares(title, curves, size, headings),
        "on the clean pictures": report_clean(setting, found),
        "curves": curves_as_dicts(curves),
    }
    return figures, curves


def report_clean(setting: str, found: Sequence[Answers]) -> dict[str, dict[str, float]]:
    """How often classifiers are right about the pictures before they are compressed, where the classes are known."""
    means = {}
    for network, measured in found[0].clean.items():
        asked = [each.clean[network] for each in found if network in each.clean]
        means[network] = {
            name: float(np.mean([each[name] for each in asked])) for name in measured if name in (TOP_1, TOP_5)
        }
    means = {network: of_network for network, of_network in means.items() if of_network}
    if means:
        rows = [
            [network, *(f"{100 * value:.0f} %" for value in of_network.values())]
            for network, of_network in means.items()
        ]
        print_table(f"**{setting}: right about the clean pictures**", ["", TOP_1, TOP_5], rows)
    return means
