"""Speed of purpose="machine" beside Pillow's optimised save, one thread, interleaved, on busy photographs of 2 MP.

By itself: the encoder, with a map that is given, the map, and both together, as `encode` does by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

import pyregjpeg

from .encode_speed import save
from .photographs import photographs
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .timing import pin_to_one_core, speed_ratio, time_interleaved

MEGAPIXELS = 2
QUALITIES = (50, 75)
SETS = ("wallpapers", "large")
FLAT = np.full((1, 1), 0.5, dtype=np.float32)
PARTS = ("the encoder", "the map", "both")


def measured(images: Sequence[Any], quality: int, rounds: int) -> dict[str, float]:
    """How many times as fast as Pillow each part is, geometric means over the photographs."""
    ratios: dict[str, list[float]] = {part: [] for part in PARTS}
    for image in images:
        encode = partial(pyregjpeg.encode, image, purpose="machine", quality=quality)
        tasks = (partial(encode, region_map=FLAT), partial(pyregjpeg.predict_map, image, "machine"), encode)
        plain = partial(save, image, "JPEG", quality=quality, optimize=True)
        seconds = time_interleaved({"Pillow": plain, **dict(zip(PARTS, tasks, strict=True))}, rounds)
        for part in PARTS:
            ratios[part].append(speed_ratio(seconds[part], seconds["Pillow"]).median)
    return {part: geometric_mean(values) for part, values in ratios.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of each photograph (default: %(default)s)")
    options = parser.parse_args(arguments)
    pin_to_one_core()
    chosen = [one for name in SETS for one in photographs(name, options.photographs) if one.busy]
    images = [photograph.load(MEGAPIXELS) for photograph in (chosen[:2] if options.quick else chosen)]
    rounds = 2 if options.quick else options.rounds
    results = {f"q{quality}": measured(images, quality, rounds) for quality in QUALITIES}
    rows = [[quality, *(f"{of_quality[part]:.2f}" for part in PARTS)] for quality, of_quality in results.items()]
    print_table(f"**Times as fast as Pillow, {len(images)} busy photographs**", ["", *PARTS], rows)
    write_results(options.output, "machine_speed", {"rounds": rounds, "photographs": len(images), **results})


if __name__ == "__main__":
    main()
