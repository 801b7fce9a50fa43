"""What a map costs: the time of predict_map over that of Pillow's optimised save of the same photograph, one thread.

By model and by size of the picture, interleaved; of the map's time, that of making the network's input, scaling the
picture down or its DCT, is shown by itself. Models are those registered, or those of the .onnx files given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import pyregjpeg
from pyregjpeg.map_model import MapModel, list_models, load_model, to_pixels
from pyregjpeg.qf_model import QfModel
from pyregjpeg.qf_planes import of_picture

from .encode_speed import SIZES, TIMED_BY_SIZE, save
from .photographs import Photograph, photographs
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .timing import Seconds, pin_to_one_core, time_interleaved

PILLOW = "Pillow"


def time_size(
    models: dict[str, MapModel | QfModel], chosen: Sequence[Photograph], megapixels: float, rounds: int
) -> Any:
    """Of one size: Pillow's milliseconds; of each model its own, those of its input, and its time over Pillow's.

    Geometric means over the photographs of medians over rounds; `low` and `high` are the means of the 10th and 90th
    percentile of the ratios within rounds.
    """
    timed = [time_photograph(models, photograph, megapixels, rounds) for photograph in chosen]

    def milliseconds(task: str) -> float:
        return geometric_mean([1000 * float(np.median(seconds[task])) for seconds in timed])

    results: dict[str, Any] = {}
    for name in models:
        percentiles = [np.percentile(seconds[name] / seconds[PILLOW], (10, 90)) for seconds in timed]
        low, high = (geometric_mean(list(values)) for values in zip(*percentiles, strict=True))
        results[name] = {
            "map, ms": milliseconds(name),
            "input, ms": milliseconds(input_of(name)),
            "over Pillow": milliseconds(name) / milliseconds(PILLOW),
            "low": low,
            "high": high,
        }
    return {"Pillow, ms": milliseconds(PILLOW), "models": results}


def time_photograph(
    models: dict[str, MapModel | QfModel], photograph: Photograph, megapixels: float, rounds: int
) -> dict[str, Seconds]:
    """Seconds of Pillow's save and, by each model, of the map and of the network's input, which is part of it."""
    image = photograph.load(megapixels)
    tasks: dict[str, Callable[[], object]] = {PILLOW: partial(save, image, "JPEG", quality=75, optimize=True)}
    for name, model in models.items():
        tasks |= {name: partial(pyregjpeg.predict_map, image, model)}
        scaled = isinstance(model, MapModel)
        tasks |= {input_of(name): partial(to_pixels, image, model.card) if scaled else partial(of_picture, image)}
    return time_interleaved(tasks, rounds)


def input_of(name: str) -> str:
    return f"{name}, input"


def report(results: dict[str, Any], rounds: int) -> None:
    rows = []
    for size, of_size in results.items():
        for name, row in of_size["models"].items():
            ratio = f"{row['over Pillow']:.2f} ({row['low']:.2f}..{row['high']:.2f})"
            times = [f"{milliseconds:.1f} ms" for milliseconds in (row["map, ms"], row["input, ms"])]
            rows.append([size, name, ratio, *times, f"{of_size['Pillow, ms']:.1f} ms"])
    headers = ["picture", "model", "map / Pillow", "map", "of that its input", "Pillow, optimised, q75"]
    print_table(f"**The map's time** (10th..90th percentile of {rounds} rounds)", headers, rows)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("models", nargs="*", help="names or .onnx files with their cards (default: all registered)")
    parser.add_argument("--rounds", type=int, default=25, help="rounds per photograph and size (default: %(default)s)")
    options = parser.parse_args(arguments)
    rounds = 3 if options.quick else options.rounds
    pin_to_one_core()
    names = options.models or [card.name for card in list_models()]
    models = {name: load_model(name) for name in names}
    chosen = [
        photograph for photograph in photographs("large", options.photographs) if photograph.name in TIMED_BY_SIZE
    ]
    results: dict[str, Any] = {}
    for megapixels in SIZES[:2] if options.quick else SIZES:
        results[f"{megapixels:g} MP"] = time_size(models, chosen, megapixels, rounds)
    report(results, rounds)
    write_results(options.output, "map_speed", {"rounds": rounds, "sizes": results})


if __name__ == "__main__":
    main()
