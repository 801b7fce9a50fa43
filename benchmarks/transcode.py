"""Transcoding on coefficients against the way through pixels: Pillow decodes, our encoder encodes with like settings.

The sources are JPEGs of quality 90, 4:2:0, by Pillow. The map is given, a box in the middle with 40 % of the area. Both
keep the tables of the source, or go to those of quality 75. Speed is at the default background_quality, one thread,
interleaved; above 1 transcoding is faster. Sizes are at the same luma PSNR against the original's pixels outside the
box, and inside as well: what the way through pixels needs there is read off its curves over background_quality.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

import pyregjpeg
from pyregjpeg.reader import Reader

from .encode_speed import save, timed_photographs
from .equal_quality import RateCurve, RatePoint, RatioSummary, summarize
from .figures import interval_figure
from .peers import PeerUnavailableError, Picture
from .photographs import Photograph, centre_box, photographs, reduced
from .processes import concatenated
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .size_with_map import MEGAPIXELS, Encoding, box_map, measure
from .timing import Seconds, pin_to_one_core, speed_ratio, time_interleaved

Options: TypeAlias = Mapping[str, Any]

SOURCE_QUALITY = 90
SETTINGS: dict[str, Options] = {
    "tables kept": {"tables": "annex-k"},
    "to q75": {"quality": 75, "tables": "annex-k"},
    "tables kept, progressive": {"progressive": True, "tables": "annex-k"},
    "to q75, progressive": {"quality": 75, "progressive": True, "tables": "annex-k"},
}
OUR_BACKGROUNDS = (20, 30, 40, 50, 60, 70)
THEIR_BACKGROUNDS = (5, 15, 25, 35, 45, 55, 65, 73)
HIGHER_QUALITIES = (-2, 0, 2, 4, 6)  # added to the quality to reach our PSNR in the box by way of pixels


def source_of(image: Image.Image) -> bytes:
    return save(image, "JPEG", quality=SOURCE_QUALITY)


def through_pixels(source: bytes, quality: int = SOURCE_QUALITY, **options: Any) -> bytes:
    """Decode and encode; the sources have Pillow's tables, so at their quality these are kept too."""
    return pyregjpeg.encode(Image.open(io.BytesIO(source)), quality=quality, subsampling=2, **options)


def lossless(source: bytes) -> bytes:
    """The same picture to the last level, with the best codes for its levels."""
    return pyregjpeg.transcode(source, background_quality=SOURCE_QUALITY)


def jpegtran(source: bytes) -> bytes:
    """The same by libjpeg-turbo's own tool; with the time that it takes to start."""
    return subprocess.run(
        ["jpegtran", "-optimize", "-copy", "all"], input=source, stdout=subprocess.PIPE, check=True
    ).stdout


def _read(source: bytes) -> None:
    with Reader(source):
        pass


def time_photograph(image: Image.Image, rounds: int) -> dict[str, Seconds]:
    """Seconds of each setting, of its rival by way of pixels, of reading alone, and of what loses nothing."""
    source, region_map = source_of(image), [centre_box(image.size)]
    tasks: dict[str, Callable[[], object]] = {"reading": partial(_read, source)}
    for setting, options in SETTINGS.items():
        tasks[setting] = partial(pyregjpeg.transcode, source, region_map=region_map, **options)
        tasks[by_pixels(setting)] = partial(through_pixels, source, region_map=region_map, **options)
    tasks |= {"lossless": partial(lossless, source), "jpegtran": partial(jpegtran, source)}
    return time_interleaved(tasks, rounds)


def by_pixels(setting: str) -> str:
    return f"{setting}, by pixels"


def measure_speed(timed: Sequence[tuple[Photograph, float]], rounds: int) -> dict[str, Any]:
    """Print a row for each photograph and the means; `reading` is its share of the time with the tables kept."""
    rivals = {setting: by_pixels(setting) for setting in SETTINGS} | {"lossless": "jpegtran"}
    ratios: dict[str, dict[str, float]] = {}
    rates: dict[str, list[float]] = {task: [] for pair in rivals.items() for task in pair}
    rows = []
    for photograph, megapixels in timed:
        image = photograph.load(megapixels)
        actual = image.width * image.height / 1e6
        seconds = time_photograph(image, rounds)
        found = {setting: speed_ratio(seconds[setting], seconds[rival]) for setting, rival in rivals.items()}
        share = float(np.median(seconds["reading"]) / np.median(seconds["tables kept"]))
        name = f"{photograph.name}, {actual:.1f} MP{', busy' * photograph.busy}"
        ratios[name] = {setting: ratio.median for setting, ratio in found.items()} | {"reading": share}
        rows.append([name, *map(str, found.values()), f"{share:.0%}"])
        for task, values in rates.items():
            values.append(actual / float(np.median(seconds[task])))
    means = {column: geometric_mean([row[column] for row in ratios.values()]) for column in [*rivals, "reading"]}
    speeds = {task: geometric_mean(values) for task, values in rates.items()}
    rows.append(["**geometric mean**", *(f"**{means[column]:.2f}**" for column in rivals), f"{means['reading']:.0%}"])
    rows.append(["transcoding, MP/s", *(f"{speeds[ours]:.0f}" for ours in rivals), ""])
    rows.append(["rival, MP/s", *(f"{speeds[rival]:.0f}" for rival in rivals.values()), ""])
    headers = ["photograph", *SETTINGS, "lossless / jpegtran", "reading"]
    print_table(f"**Times as fast as by way of pixels** (10th..90th percentile of {rounds} rounds)", headers, rows)
    return {"geometric mean": means, "MP/s": speeds, "photographs": ratios}


@dataclass(frozen=True)
class Comparison:
    """Transcoding over the way through pixels on one photograph, in bytes; None where the curves part.

    `same_number` is at the same background PSNR and quality, where the box is `region_gain` dB better by transcoding;
    `same_region` is at the same background and box PSNR.
    """

    setting: str
    same_number: float | None
    same_region: float | None
    region_gain: float


def compare(photograph: Photograph, quick: bool) -> list[Comparison]:
    """All settings on one photograph, and what loses nothing against jpegtran."""
    picture = Picture.of(photograph.load(MEGAPIXELS))
    source, box = source_of(picture.image), centre_box(picture.image.size)
    measured = partial(measure, picture, box_map(picture, box) > 0)
    step = 2 if quick else 1
    comparisons = []
    for setting, options in SETTINGS.items():
        quality = options.get("quality", SOURCE_QUALITY)

        def theirs(quality: int, background: int, options: Options = options) -> Encoding:
            settings = {**options, "quality": quality, "background_quality": background}
            return measured(through_pixels(source, region_map=[box], **settings))

        sweeps = [[theirs(quality + more, b) for b in THEIR_BACKGROUNDS[::step]] for more in HIGHER_QUALITIES]
        for background in OUR_BACKGROUNDS[::step]:
            ours = measured(pyregjpeg.transcode(source, region_map=[box], background_quality=background, **options))
            comparisons.append(_compared(f"{setting}, background {background}", ours, sweeps))
    ratio = len(lossless(source)) / len(jpegtran(source))
    return [*comparisons, Comparison("lossless, jpegtran", ratio, None, 0.0)]


def _compared(setting: str, ours: Encoding, sweeps: Sequence[Sequence[Encoding]]) -> Comparison:
    """Ours against sweeps over background_quality, each of one of HIGHER_QUALITIES."""

    points = [_at_background(sweep, ours.background) for sweep in sweeps]
    same_number = points[HIGHER_QUALITIES.index(0)]
    at_region = _size_at([point for point in points if point is not None], ours.region)
    gain = ours.region - _region(sweeps[HIGHER_QUALITIES.index(0)])
    return Comparison(
        setting,
        None if same_number is None else ours.size / same_number.size,
        None if at_region is None else ours.size / at_region,
        gain,
    )


def _at_background(sweep: Sequence[Encoding], background: float) -> RatePoint | None:
    """Size at that PSNR of the background, and the PSNR of the box, which hardly depends on background_quality."""
    size = _size_at([RatePoint(point.size, point.background) for point in sweep], background)
    return None if size is None else RatePoint(size, _region(sweep))


def _region(sweep: Sequence[Encoding]) -> float:
    return float(np.median([point.region for point in sweep]))


def _size_at(points: Sequence[RatePoint], metric: float) -> float | None:
    """None also where a higher quality is no better: the source's own tables may serve best."""
    try:
        return RateCurve(points).size_at(metric)
    except ValueError:
        return None


def report_sizes(set_name: str, comparisons: Sequence[Comparison]) -> dict[str, dict[str, RatioSummary]]:
    """Print the table; give back its summaries by what was equal and by setting."""
    same_number: dict[str, RatioSummary] = {}
    same_region: dict[str, RatioSummary] = {}
    rows = []
    for setting in dict.fromkeys(item.setting for item in comparisons):
        items = [item for item in comparisons if item.setting == setting]
        cells = [setting]
        for found, ratios in (
            (same_number, [item.same_number for item in items if item.same_number is not None]),
            (same_region, [item.same_region for item in items if item.same_region is not None]),
        ):
            if ratios:
                found[setting] = summarize(ratios)
            cells += [str(found.get(setting, "-")), f"{len(ratios)} of {len(items)}"]
        gain = float(np.mean([item.region_gain for item in items]))
        rows.append([*cells[:3], f"{gain:+.2f} dB", *cells[3:]])
    headers = ["transcoding", "bytes / bytes by pixels", "photographs", "box PSNR-Y is"]
    headers += ["bytes at equal box PSNR-Y too", "photographs"]
    print_table(f"**{set_name}: size at equal background PSNR-Y** (95 % interval)", headers, rows)
    return {"same quality number": same_number, "same box PSNR-Y": same_region}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes for the size part (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=25, help="rounds of the speed part (default: %(default)s)")
    options = parser.parse_args(arguments)
    if shutil.which("jpegtran") is None:
        raise PeerUnavailableError("The benchmark needs jpegtran: apt-get install libjpeg-turbo-progs")
    results: dict[str, Any] = {}
    for set_name in ("kodak", "wallpapers"):
        results[set_name] = measure_sizes(set_name, options.photographs, options.output, options.quick, options.jobs)
    pin_to_one_core()
    timed = timed_photographs(options.photographs, options.quick)
    results["times as fast"] = measure_speed(timed, 3 if options.quick else options.rounds)
    write_results(options.output, "transcode", results)


def measure_sizes(set_name: str, root: Path, output: Path, quick: bool, jobs: int) -> dict[str, Any]:
    chosen = photographs(set_name, root)
    if set_name == "wallpapers":
        chosen = reduced(chosen)
    comparisons = concatenated(partial(compare, quick=quick), chosen[::12] if quick else chosen, jobs)
    summaries = report_sizes(set_name, comparisons)
    interval_figure(
        output / f"transcode_{set_name}.png",
        f"{set_name}: size at equal background PSNR-Y, transcoding against the way through pixels",
        "bytes / bytes by pixels (95 % interval)",
        summaries,
    )
    return {name: {row: asdict(summary) for row, summary in rows.items()} for name, rows in summaries.items()}


if __name__ == "__main__":
    main()
