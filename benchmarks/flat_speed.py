"""Speed of the encoders with a flat map, one thread, interleaved, on photographs of 1 to 2 megapixels.

Each of our variants beside Pillow at the same Huffman settings, mozjpeg and jpegli.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from .flat_photographs import flat_photographs
from .peers import OURS, PEERS, Encoder, Picture, check_peers, pillow, pyregjpeg
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .timing import pin_to_one_core, speed_ratio, time_interleaved

QUALITIES = (75, 90)
SMALLEST, LARGEST = 1.0, 2.0  # megapixels

OUR_ENCODERS: dict[str, Encoder] = OURS | {
    "fast, progressive": partial(pyregjpeg, tables="perceptual", progressive=True),
}
RIVALS: dict[str, Encoder] = {
    "Pillow, optimised": PEERS["Pillow, optimised"],
    "Pillow, progressive": partial(pillow, progressive=True),
    "mozjpeg": PEERS["mozjpeg"],
    "mozjpeg, sequential": PEERS["mozjpeg, sequential"],
    "jpegli": PEERS["jpegli"],
}


def measured(pictures: Sequence[Picture], quality: int, rounds: int) -> dict[str, dict[str, float]]:
    """Print and return, for each encoder, megapixels a second and how many times as fast each of ours is as it."""
    encoders = OUR_ENCODERS | RIVALS
    seconds = [
        time_interleaved({name: partial(encode, picture, quality) for name, encode in encoders.items()}, rounds)
        for picture in pictures
    ]
    results = {}
    for name in encoders:
        rates = [picture.megapixels / np.median(times[name]) for picture, times in zip(pictures, seconds, strict=True)]
        ratios = {ours: [speed_ratio(times[ours], times[name]).median for times in seconds] for ours in OUR_ENCODERS}
        results[name] = {"MP/s": geometric_mean(rates)} | {ours: geometric_mean(r) for ours, r in ratios.items()}
    rows = [
        [name, f"{row['MP/s']:.1f}", *(f"{row[ours]:.2f}" for ours in OUR_ENCODERS)] for name, row in results.items()
    ]
    title = f"**Speed at q{quality}, one thread, {len(pictures)} photographs, and times as fast as each encoder**"
    print_table(title, ["", "MP/s", *OUR_ENCODERS], rows)
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of each photograph (default: %(default)s)")
    options = parser.parse_args(arguments)
    check_peers()
    pin_to_one_core()
    chosen = [
        photograph
        for photograph in flat_photographs(options.photographs)
        if SMALLEST <= photograph.megapixels <= LARGEST and photograph.kind != "text"
    ]
    pictures = [Picture.of(photograph.load()) for photograph in (chosen[::6] if options.quick else chosen)]
    rounds = 2 if options.quick else options.rounds
    results = {f"q{quality}": measured(pictures, quality, rounds) for quality in QUALITIES}
    write_results(options.output, "flat_speed", {"rounds": rounds, "photographs": len(pictures), **results})


if __name__ == "__main__":
    main()
