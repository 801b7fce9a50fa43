"""Encoding speed against Pillow at the same settings, interleaved, one thread, on photographs of 1 to 12 megapixels.

Three tables: encode() of an array against Pillow saving the same picture from memory; img.save against img.save; and
img.save with the default map model included, by size of the picture. In the first two the map is given: a box in the
middle with 40 % of the area, at the default background_quality. A ratio above 1 means that we are faster.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

import pyregjpeg

from .peers import Picture
from .photographs import Photograph, centre_box, photographs
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .timing import SpeedRatio, pin_to_one_core, speed_ratio, time_interleaved

Options: TypeAlias = Mapping[str, Any]
Rivals: TypeAlias = dict[str, Callable[[], object]]

SETTINGS: dict[str, Options] = {
    "q75 baseline": {"quality": 75, "optimize": False},
    "q75 optimised": {"quality": 75, "optimize": True},
    "q75 progressive": {"quality": 75, "optimize": False, "progressive": True},
    "q90 baseline": {"quality": 90, "optimize": False},
    "q90 optimised": {"quality": 90, "optimize": True},
}

# Name and megapixels: scaled down, so that little is left of the JPEG blocks that the originals were stored in.
TIMED_WALLPAPERS = {
    "GreenMeadow": 1,
    "Garden": 1.5,
    "FallenLeaf": 2,
    "EveningGlow": 2,
    "OneStandsOut": 2.5,
    "Path": 2.5,
}
TIMED_LARGE = {"life": 4, "aitzgorri": 4, "picosdeeuropa": 5, "Wine": 6, "sunset": 8, "Dragonfly": 8} | {
    "seeding": 12,
    "Kleiber": 12,
}
SIZES = (0.3, 1, 2, 4, 8, 12)
TIMED_BY_SIZE = ("Dragonfly", "seeding", "Kleiber")  # the ones that have 12 megapixels to begin with


def save(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, subsampling=2, **options)
    return file.getvalue()


def rivals_on_arrays(picture: Picture, settings: Options) -> Rivals:
    """encode() of an array against Pillow, which has the picture in memory in its own form."""
    ours = partial(pyregjpeg.encode, picture.array, subsampling=2, **settings, **_given_map(picture))
    return {"ours": ours, "Pillow": partial(save, picture.image, "JPEG", **settings)}


def rivals_on_saving(picture: Picture, settings: Options) -> Rivals:
    """img.save(format="REGIONJPEG") against img.save(format="JPEG")."""
    ours = partial(save, picture.image, "REGIONJPEG", **settings, **_given_map(picture))
    return {"ours": ours, "Pillow": partial(save, picture.image, "JPEG", **settings)}


def _given_map(picture: Picture) -> Options:
    return {"region_map": [centre_box(picture.image.size)], "tables": "annex-k"}


def timed_photographs(root: Path, quick: bool) -> list[tuple[Photograph, float]]:
    """Photographs and the megapixels at which they are timed."""
    chosen = [
        (photograph, sizes[photograph.name])
        for set_name, sizes in (("wallpapers", TIMED_WALLPAPERS), ("large", TIMED_LARGE))
        for photograph in photographs(set_name, root)
        if photograph.name in sizes
    ]
    return sorted(chosen, key=lambda pair: pair[1])[:: 6 if quick else 1]


def time_settings(
    title: str,
    rivals: Callable[[Picture, Options], Rivals],
    timed: Sequence[tuple[Photograph, float]],
    rounds: int,
) -> dict[str, Any]:
    """Print one row per photograph and one column per setting, then the geometric mean and Pillow's own speed."""
    ratios: dict[str, dict[str, SpeedRatio]] = {}
    pillow_rates: dict[str, list[float]] = {setting: [] for setting in SETTINGS}
    for photograph, megapixels in timed:
        picture = Picture.of(photograph.load(megapixels))
        row = ratios[f"{photograph.name}, {picture.megapixels:.1f} MP{', busy' * photograph.busy}"] = {}
        for setting, options in SETTINGS.items():
            seconds = time_interleaved(rivals(picture, options), rounds)
            row[setting] = speed_ratio(seconds["ours"], seconds["Pillow"])
            pillow_rates[setting].append(picture.megapixels / float(np.median(seconds["Pillow"])))
    means = {setting: geometric_mean([row[setting].median for row in ratios.values()]) for setting in SETTINGS}
    rates = {setting: geometric_mean(values) for setting, values in pillow_rates.items()}
    rows = [[name, *(str(ratio) for ratio in row.values())] for name, row in ratios.items()]
    rows.append(["**geometric mean**", *(f"**{mean:.2f}**" for mean in means.values())])
    rows.append(["Pillow, MP/s", *(f"{rate:.0f}" for rate in rates.values())])
    print_table(f"**{title}** (10th..90th percentile of {rounds} rounds)", ["photograph", *SETTINGS], rows)
    return {
        "geometric mean": means,
        "Pillow, MP/s": rates,
        "photographs": {
            name: {setting: ratio.median for setting, ratio in row.items()} for name, row in ratios.items()
        },
    }


def time_map_model(root: Path, sizes: Sequence[float], rounds: int) -> dict[str, Any]:
    """Print img.save with the default map model against Pillow's optimised save, by size of the picture."""
    chosen = [photograph for photograph in photographs("large", root) if photograph.name in TIMED_BY_SIZE]
    results: dict[str, dict[str, float]] = {}
    for megapixels in sizes:
        milliseconds: dict[str, list[float]] = {"ours": [], "Pillow": []}
        for photograph in chosen:
            image = photograph.load(megapixels)
            seconds = time_interleaved(
                {
                    "ours": partial(save, image, "REGIONJPEG", quality=75, tables="annex-k"),
                    "Pillow": partial(save, image, "JPEG", quality=75, optimize=True),
                },
                rounds,
            )
            for name, values in seconds.items():
                milliseconds[name].append(1000 * float(np.median(values)))
        means = {name: geometric_mean(values) for name, values in milliseconds.items()}
        results[f"{megapixels:g} MP"] = means | {"ours / Pillow": means["ours"] / means["Pillow"]}
    rows = [
        [size, f"{row['ours']:.0f} ms", f"{row['Pillow']:.0f} ms", f"{row['ours / Pillow']:.2f}"]
        for size, row in results.items()
    ]
    headers = ["picture", "REGIONJPEG", "JPEG, optimised", "ours / Pillow"]
    print_table("**img.save at q75, the map model included** (geometric mean of medians)", headers, rows)
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument(
        "--rounds", type=int, default=25, help="pairs per photograph and setting (default: %(default)s)"
    )
    parser.add_argument("--parts", nargs="+", choices=["array", "save", "model"], default=["array", "save", "model"])
    options = parser.parse_args(arguments)
    rounds = 3 if options.quick else options.rounds
    pin_to_one_core()
    timed = timed_photographs(options.photographs, options.quick)
    results: dict[str, Any] = {"rounds": rounds}
    if "array" in options.parts:
        title = "encode(array), map given: times as fast as Pillow at the same settings"
        results["array"] = time_settings(title, rivals_on_arrays, timed, rounds)
    if "save" in options.parts:
        title = "img.save, map given: times as fast as Pillow at the same settings"
        results["save"] = time_settings(title, rivals_on_saving, timed, rounds)
    if "model" in options.parts:
        sizes = SIZES[:2] if options.quick else SIZES
        results["model"] = time_map_model(options.photographs, sizes, rounds)
    write_results(options.output, "encode_speed", results)


if __name__ == "__main__":
    main()
