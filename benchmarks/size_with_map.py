"""Size at equal quality, map given: our block rule against the composite of 2017.

The map is a box in the middle with 40 % of the area. The composite takes the box from the picture at quality 100 and
the rest at quality 20 to 70, and is encoded once at q75 or q90. Our size is read off a curve over background_quality at
the same luma PSNR outside the box: once at the same `quality` number, where the box may differ a little (the table
says by how much), and once at whatever `quality` gives the same luma PSNR inside the box as well.
The control is a flat map against plain JPEG at the same quality number.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pyregjpeg.metrics import psnr_y

from . import composite_2017
from .equal_quality import RateCurve, RatePoint, RatioSummary, summarize
from .figures import interval_figure
from .peers import Picture, pillow, pyregjpeg
from .photographs import Photograph, centre_box, photographs, reduced
from .processes import concatenated
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .timing import pin_to_one_core, speed_ratio, time_interleaved

FINAL_QUALITIES = (75, 90)
COMPOSITE_BACKGROUNDS = (20, 30, 40, 50, 60, 70)
OUR_BACKGROUNDS = (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 85)  # those below the quality
HIGHER_QUALITIES = (0, 2, 4, 6)  # added to the final quality to reach the composite's PSNR in the box
MEGAPIXELS = 1.2
PLAIN = partial(pillow, optimize=True)


@dataclass(frozen=True)
class Encoding:
    """One file: its size and the luma PSNR, in dB, outside and inside the box."""

    size: int
    background: float
    region: float


@dataclass(frozen=True)
class Comparison:
    """Ours over the composite on one photograph, in bytes; None where the curves part.

    `same_number` is at the composite's background PSNR and final quality, where the box is `region_gain` dB better in
    ours; `same_region` is at the composite's background and box PSNR.
    """

    final_quality: int
    background: str
    same_number: float | None
    same_region: float | None
    region_gain: float


def compare(photograph: Photograph, quick: bool) -> list[Comparison]:
    """All points of the composite on one photograph, and the control."""
    picture = Picture.of(photograph.load(MEGAPIXELS))
    box = centre_box(picture.image.size)
    region_map = box_map(picture, box)
    measured = partial(measure, picture, region_map > 0)
    step = 2 if quick else 1

    def ours(quality: int, background: int) -> Encoding:
        return measured(
            pyregjpeg(
                picture, quality, region_map=[box], background_quality=background, tables="annex-k", optimize=True
            )
        )

    comparisons = []
    for quality in FINAL_QUALITIES:
        sweeps = [
            [ours(quality + more, b) for b in OUR_BACKGROUNDS[::step] if b < quality] for more in HIGHER_QUALITIES
        ]
        curves = [RateCurve(RatePoint(point.size, point.background) for point in sweep) for sweep in sweeps]
        regions = [float(np.median([point.region for point in sweep])) for sweep in sweeps]
        for background in COMPOSITE_BACKGROUNDS[::step]:
            rule = composite_2017.between(background)
            rival = measured(composite_2017.encode(picture.image, region_map, rule, quality))
            sizes = [curve.size_at(rival.background) for curve in curves]
            comparisons.append(
                Comparison(
                    quality,
                    f"background {background}",
                    None if sizes[0] is None else sizes[0] / rival.size,
                    _ratio_at_region(sizes, regions, rival),
                    regions[0] - rival.region,
                )
            )
        flat, plain = (
            measured(pyregjpeg(picture, quality, tables="annex-k", optimize=True)),
            measured(PLAIN(picture, quality)),
        )
        gain = flat.region - plain.region
        comparisons.append(Comparison(quality, "control: flat map, plain JPEG", flat.size / plain.size, None, gain))
    return comparisons


def measure(picture: Picture, inside: NDArray[np.bool_], encoded: bytes) -> Encoding:
    """The size of a file and how far it is from the picture outside and inside the box."""
    decoded = Image.open(io.BytesIO(encoded))
    return Encoding(len(encoded), psnr_y(picture.image, decoded, ~inside), psnr_y(picture.image, decoded, inside))


def _ratio_at_region(sizes: Sequence[float | None], regions: Sequence[float], rival: Encoding) -> float | None:
    """Ours over the rival at the rival's box PSNR, given our size and box PSNR at a few qualities."""
    points = [RatePoint(size, region) for size, region in zip(sizes, regions, strict=True) if size is not None]
    return RateCurve(points).ratio_to(RatePoint(rival.size, rival.region)) if len(points) > 1 else None


def box_map(picture: Picture, box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """The map (H, W) that is 1 in the box and 0 outside."""
    region_map = np.zeros((picture.image.height, picture.image.width), dtype=np.float32)
    left, upper, right, lower = box
    region_map[upper:lower, left:right] = 1
    return region_map


def report_sizes(set_name: str, comparisons: Sequence[Comparison]) -> dict[str, dict[str, RatioSummary]]:
    """Print the table; give back its summaries by what was equal and by final quality and background."""
    same_number: dict[str, RatioSummary] = {}
    same_region: dict[str, RatioSummary] = {}
    rows = []
    for quality, background in dict.fromkeys((item.final_quality, item.background) for item in comparisons):
        label = f"q{quality}, {background}"
        items = [item for item in comparisons if (item.final_quality, item.background) == (quality, background)]
        gain = float(np.mean([item.region_gain for item in items]))
        cells = [label]
        for found, ratios in (
            (same_number, [item.same_number for item in items if item.same_number is not None]),
            (same_region, [item.same_region for item in items if item.same_region is not None]),
        ):
            if ratios:
                found[label] = summarize(ratios)
            cells += [str(found.get(label, "-")), f"{len(ratios)} of {len(items)}"]
        rows.append([*cells[:3], f"{gain:+.2f} dB", *cells[3:]])
    headers = ["composite of 2017", "our bytes / its bytes", "photographs", "our box PSNR-Y is"]
    headers += ["bytes at equal box PSNR-Y too", "photographs"]
    print_table(f"**{set_name}: size at equal background PSNR-Y** (95 % interval)", headers, rows)
    return {"same quality number": same_number, "same box PSNR-Y": same_region}


def measure_speed(pictures: Sequence[Picture], rounds: int) -> dict[str, dict[str, float]]:
    """How many times as fast as the composite we are: with two levels, as above, and with all ten."""
    results: dict[str, dict[str, float]] = {}
    for quality in FINAL_QUALITIES:
        ratios: dict[str, list[float]] = {"two levels": [], "ten levels": []}
        for picture in pictures:
            box = centre_box(picture.image.size)
            ramp = np.broadcast_to(np.linspace(0, 1, picture.image.width, dtype=np.float32), picture.array.shape[:2])
            two, ten = composite_2017.between(30), composite_2017.between(10)
            seconds = time_interleaved(
                {
                    "ours": partial(
                        pyregjpeg,
                        picture,
                        quality,
                        region_map=[box],
                        background_quality=30,
                        tables="annex-k",
                        optimize=True,
                    ),
                    "two levels": partial(composite_2017.encode, picture.image, box_map(picture, box), two, quality),
                    "ten levels": partial(composite_2017.encode, picture.image, ramp, ten, quality),
                },
                rounds,
            )
            for name, values in ratios.items():
                values.append(speed_ratio(seconds["ours"], seconds[name]).median)
        results[f"q{quality}"] = {name: geometric_mean(values) for name, values in ratios.items()}
    rows = [[quality, *(f"{value:.1f}" for value in row.values())] for quality, row in results.items()]
    print_table("**Times as fast as the composite**", ["quality", "two levels", "ten levels"], rows)
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes for the size part (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the speed part (default: %(default)s)")
    options = parser.parse_args(arguments)
    results: dict[str, Any] = {}
    for set_name in ("kodak", "wallpapers"):
        chosen = photographs(set_name, options.photographs)
        if set_name == "wallpapers":
            chosen = reduced(chosen)
        chosen = chosen[::12] if options.quick else chosen
        comparisons = concatenated(partial(compare, quick=options.quick), chosen, options.jobs)
        summaries = report_sizes(set_name, comparisons)
        interval_figure(
            options.output / f"size_with_map_{set_name}.png",
            f"{set_name}: size at equal background PSNR-Y, against the composite of 2017",
            "our bytes / its bytes (95 % interval)",
            summaries,
        )
        results[set_name] = {name: {row: asdict(s) for row, s in rows.items()} for name, rows in summaries.items()}
    pin_to_one_core()
    timed = [Picture.of(photograph.load(MEGAPIXELS)) for photograph in chosen]
    results["times as fast"] = measure_speed(timed, 2 if options.quick else options.rounds)
    write_results(options.output, "size_with_map", results)


if __name__ == "__main__":
    main()
