"""The tables and the figures in JSON of benchmarks.rate_task, made of the answers about each picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.judges import FOCUS

from .report import print_table
from .task_arms import ARMS, OWN, PILLOW, UNCORRECTED, Prediction, qualities_of
from .task_curves import Gain, Sweep, at_size, gain

# What a map gains by itself: against the same dialect with a map that knows nothing of the picture.
CONTRASTS = (
    (OWN, "overhead-free, flat"),
    (OWN, "overhead-free, heaped in the middle"),
    (OWN, "overhead-free, another picture's map"),
    (OWN, UNCORRECTED),
    ("standard, qf", "standard, flat"),
    ("standard, qf", "standard, another picture's qf"),
    ("standard, msroi", "standard, centre Gaussian"),
)


@dataclass(frozen=True)
class Answers:
    """Of one picture: by arm its bytes, by network and arm (3, qualities): distance, agreement, confidence.

    `predictions` is of the overhead-free files, one for each strength.
    """

    photograph: str
    sizes: Mapping[str, NDArray[np.float64]]
    answers: Mapping[str, Mapping[str, NDArray[np.float64]]]
    predictions: list[Prediction]


def sweeps(found: Sequence[Answers]) -> dict[str, dict[str, Sweep]]:
    """By network and arm, of the pictures that the network was asked about."""
    collected: dict[str, dict[str, Sweep]] = {}
    for network in found[0].answers:
        asked = [each for each in found if network in each.answers]
        collected[network] = {
            arm: Sweep(
                np.stack([each.sizes[arm] for each in asked]),
                *np.stack([each.answers[network][arm] for each in asked], axis=1),
            )
            for arm in asked[0].answers[network]
        }
    return collected


def photographs_of(found: Sequence[Answers], network: str) -> NDArray[np.int64]:
    """A number for the photograph of each picture that the network was asked about."""
    names = [each.photograph for each in found if network in each.answers]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def report_gains(title: str, rows: Mapping[str, Mapping[str, Gain | None]]) -> None:
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


def report_agreement(setting: str, curves: Mapping[str, Mapping[str, Sweep]]) -> dict[str, Any]:
    """How often the first class stays, and how sure a network is of it, where all arms have the same bytes."""
    classifiers = {name: arms for name, arms in curves.items() if name != FOCUS}
    mean_sizes = [sweep.sizes.mean(axis=0) for sweep in next(iter(classifiers.values())).values()]
    lowest, highest = max(sizes.min() for sizes in mean_sizes), min(sizes.max() for sizes in mean_sizes)
    size = float(np.sqrt(lowest * highest))
    found: dict[str, Any] = {"bytes": size}
    rows = []
    for arm in ARMS:
        figures: dict[str, Any] = {}
        for name, arms in classifiers.items():
            sweep = arms[arm]
            figures[name] = {
                "agreement": at_size(sweep.agreements, sweep.sizes, size),
                "confidence": at_size(sweep.confidences, sweep.sizes, size),
            }
        found[arm] = figures
        cells = [
            f"{100 * value:.0f} %" if value is not None else "-" for each in figures.values() for value in each.values()
        ]
        rows.append([arm, *cells])
    headers = ["", *(header for name in classifiers for header in (f"{name}: same class", "sure of it"))]
    print_table(f"**{setting}: answers at {size / 1000:.2f} kB a picture**", headers, rows)
    return found


def report_setting(setting: str, found: Sequence[Answers]) -> tuple[dict[str, Any], dict[str, dict[str, Sweep]]]:
    """Print the tables of one setting; its figures, and its curves."""
    curves = sweeps(found)

    def compared(arm: str, rival: str) -> dict[str, Gain | None]:
        return {
            name: gain(arms[arm], arms[rival], photographs_of(found, name)) if arm in arms and rival in arms else None
            for name, arms in curves.items()
        }

    gains = {arm: compared(arm, PILLOW) for arm in ARMS if arm != PILLOW}
    against_mozjpeg = {arm: compared(arm, "mozjpeg") for arm in (OWN, "standard, qf", "standard, msroi")}
    contrasts = {f"{arm} / {rival.split(', ')[-1]}": compared(arm, rival) for arm, rival in CONTRASTS}
    pictures = {name: len(photographs_of(found, name)) for name in curves}
    counted = ", ".join(f"{name.split(',')[0]} {count}" for name, count in pictures.items())
    report_gains(f"**{setting}: bytes at equal answers, against Pillow** (95 %; pictures: {counted})", gains)
    report_gains(f"**{setting}: against mozjpeg**", against_mozjpeg)
    report_gains(f"**{setting}: what the map gains by itself**", contrasts)
    answers = report_agreement(setting, curves)
    predictor = report_predictor(setting, found)
    figures = {
        "pictures": pictures,
        "photographs": len({each.photograph for each in found}),
        "qualities": {arm: qualities_of(arm) for arm in ARMS},
        "against Pillow": as_dicts(gains),
        "against mozjpeg": as_dicts(against_mozjpeg),
        "of the map": as_dicts(contrasts),
        "at equal bytes": answers,
        "predictor": predictor,
        "curves": {
            name: {arm: curve(sweep, classifies=name != FOCUS) for arm, sweep in arms.items()}
            for name, arms in curves.items()
        },
    }
    return figures, curves


def as_dicts(rows: Mapping[str, Mapping[str, Gain | None]]) -> dict[str, Any]:
    return {
        label: {name: asdict(one) if one else None for name, one in of_network.items()}
        for label, of_network in rows.items()
    }


def curve(sweep: Sweep, classifies: bool) -> dict[str, list[float]]:
    """Over the qualities of an arm; a map has no class."""
    found = {
        "bytes": sweep.sizes.mean(axis=0).tolist(),
        "mean distance": sweep.distances.mean(axis=0).tolist(),
        "median distance": np.median(sweep.distances, axis=0).tolist(),
    }
    if classifies:
        found["agreement"] = sweep.agreements.mean(axis=0).tolist()
        found["confidence"] = sweep.confidences.mean(axis=0).tolist()
    return found


def report_predictor(setting: str, found: Sequence[Answers]) -> dict[str, dict[str, float]]:
    """By strength: how much of the map the predictor tells, and what it takes to tell the rest, or all of it."""
    figures, rows = {}, []
    for place, strength in enumerate(qualities_of(OWN)):
        seen = [each.predictions[place] for each in found]

        def mean(name: str, seen: Sequence[Prediction] = seen) -> float:
            return float(np.mean([getattr(one, name) for one in seen]))

        luma, chroma = np.mean([one.right for one in seen], axis=0).tolist()
        off_luma, off_chroma = np.mean([one.off_by for one in seen], axis=0).tolist()
        whole, told = mean("file_bytes"), mean("told_bytes")
        figures[str(strength)] = {
            "luma right": luma,
            "chroma right": chroma,
            "luma off by": off_luma,
            "chroma off by": off_chroma,
            "file, bytes": whole,
            "map in it, bytes": told,
            "map in it, per cent": 100 * told / whole,
            "corrections to the predictor, bytes": mean("correction_bytes"),
            "map told whole, bytes": mean("whole_bytes"),
            "map by zlib, bytes": mean("zlib_bytes"),
            "files that use the predictor": mean("used"),
        }
        rows.append(
            [
                str(strength),
                f"{luma:.0%}, {chroma:.0%}",
                f"{off_luma:.2f}, {off_chroma:.2f}",
                f"{whole:.0f}",
                f"{told:.0f} ({100 * told / whole:.1f} %)",
                *(f"{mean(name):.0f}" for name in ("correction_bytes", "whole_bytes", "zlib_bytes")),
                f"{mean('used'):.0%}",
            ]
        )
    headers = ["strength of the map", "told rightly, luma and chroma", "off by", "file, bytes", "the map in it"]
    headers += ["corrections to the predictor", "map told whole", "by zlib", "files that use the predictor"]
    print_table(f"**{setting}: the predictor**", headers, rows)
    return figures
