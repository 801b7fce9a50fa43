"""Size at equal quality with a flat map: our bytes over those of Pillow, mozjpeg and jpegli in the same run.

Every peer encodes each photograph at quality 50, 75 and 90, as its users would; our size at the very quality that the
peer reached, by SSIMULACRA2 and by luma PSNR, is read off a curve through a dozen of our own encodings.
The wallpapers are scaled to at most 1.2 megapixels, for SSIMULACRA2 takes a second per megapixel.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from PIL import Image

from pyregjpeg.metrics import psnr_y, ssimulacra2

from .equal_quality import RateCurve, RatePoint, RatioSummary, summarize
from .figures import interval_figure
from .peers import OURS, PEERS, Picture, check_peers
from .photographs import Photograph, photographs, reduced
from .processes import concatenated
from .report import benchmark_parser, geometric_mean, print_table, write_results
from .timing import Seconds, pin_to_one_core, speed_ratio, time_interleaved

METRICS = {"SSIMULACRA2": ssimulacra2, "PSNR-Y": psnr_y}
PEER_QUALITIES = (50, 75, 90)
OUR_QUALITIES = (25, 35, 45, 55, 65, 72, 78, 83, 87, 90, 93, 96, 98)
WALLPAPER_MEGAPIXELS = 1.2


@dataclass(frozen=True)
class Comparison:
    """Ours against one peer at one of its qualities, by one metric, on one photograph; None where curves part."""

    ours: str
    peer: str
    quality: int
    metric: str
    photograph: str
    ratio: float | None


def compare(photograph: Photograph, our_qualities: Sequence[int]) -> list[Comparison]:
    """All our variants against all peers on one photograph."""
    picture = Picture.of(photograph.load(WALLPAPER_MEGAPIXELS))
    known_scores: dict[bytes, dict[str, float]] = {}

    def points(encoded: bytes) -> dict[str, RatePoint]:
        decoded = Image.open(io.BytesIO(encoded)).convert("RGB")
        pixels = decoded.tobytes()
        if pixels not in known_scores:  # progressive or not, the pixels are the same, and scoring is slow
            known_scores[pixels] = {name: metric(picture.image, decoded) for name, metric in METRICS.items()}
        return {name: RatePoint(len(encoded), score) for name, score in known_scores[pixels].items()}

    peer_points = {
        (peer, quality): points(encode(picture, quality))
        for peer, encode in PEERS.items()
        for quality in PEER_QUALITIES
    }
    comparisons = []
    for ours, encode in OURS.items():
        our_points = [points(encode(picture, quality)) for quality in our_qualities]
        for metric in METRICS:
            curve = RateCurve(point[metric] for point in our_points)
            for (peer, quality), rival in peer_points.items():
                ratio = curve.ratio_to(rival[metric])
                comparisons.append(Comparison(ours, peer, quality, metric, photograph.name, ratio))
    return comparisons


def summaries(comparisons: Iterable[Comparison], ours: str, metric: str) -> dict[str, RatioSummary]:
    """Per "peer at quality" the ratios over photographs, leaving out the pairs whose curves do not overlap."""
    ratios: dict[str, list[float]] = {}
    for item in comparisons:
        if item.ours == ours and item.metric == metric and item.ratio is not None:
            ratios.setdefault(f"{item.peer} q{item.quality}", []).append(item.ratio)
    return {row: summarize(values) for row, values in ratios.items()}


def report_sizes(set_name: str, comparisons: Sequence[Comparison], total: int) -> dict[str, dict[str, RatioSummary]]:
    """Print one table per variant of ours; give back its summaries by "variant, metric"."""
    found = {f"{ours}, {metric}": summaries(comparisons, ours, metric) for ours in OURS for metric in METRICS}
    for ours in OURS:
        by_metric = {metric: found[f"{ours}, {metric}"] for metric in METRICS}
        headers = [f"bytes of {ours} / of"]
        headers += [header for metric in METRICS for header in (f"at equal {metric}", "median", "photographs")]
        rows = [
            [label, *(cell for summary in by_metric.values() for cell in _cells(summary.get(label), total))]
            for label in dict.fromkeys(label for summary in by_metric.values() for label in summary)
        ]
        print_table(f"**{set_name}: size at equal quality, flat map** (95 % interval)", headers, rows)
    return found


def _cells(summary: RatioSummary | None, total: int) -> tuple[str, str, str]:
    if summary is None:
        return "-", "-", f"0 of {total}"
    return str(summary), f"{summary.median:.3f}", f"{summary.pictures} of {total}"


def measure_speed(pictures: Sequence[Picture], rounds: int, quality: int = 75) -> dict[str, dict[str, float]]:
    """Megapixels a second of each encoder and how many times as fast as it ours is; geometric means over pictures."""
    encoders = OURS | PEERS
    seconds: list[dict[str, Seconds]] = [
        time_interleaved({name: partial(encode, picture, quality) for name, encode in encoders.items()}, rounds)
        for picture in pictures
    ]
    first = next(iter(OURS))
    results = {}
    for name in encoders:
        rates = [picture.megapixels / np.median(times[name]) for picture, times in zip(pictures, seconds, strict=True)]
        ratios = [speed_ratio(times[first], times[name]).median for times in seconds]
        results[name] = {"MP/s": geometric_mean(rates), "ours is faster by": geometric_mean(ratios)}
    rows = [[name, f"{row['MP/s']:.1f}", f"{row['ours is faster by']:.2f}"] for name, row in results.items()]
    print_table(f"**Speed at q{quality}, one thread**", ["encoder", "MP/s", f"{first} is faster by"], rows)
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes for the size part (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the speed part (default: %(default)s)")
    options = parser.parse_args(arguments)
    check_peers()
    our_qualities = OUR_QUALITIES[::3] if options.quick else OUR_QUALITIES
    results: dict[str, object] = {}
    for set_name in ("kodak", "wallpapers"):
        chosen = photographs(set_name, options.photographs)
        if set_name == "wallpapers":
            chosen = reduced(chosen)
        chosen = chosen[::12] if options.quick else chosen
        comparisons = concatenated(partial(compare, our_qualities=our_qualities), chosen, options.jobs)
        by_series = report_sizes(set_name, comparisons, len(chosen))
        interval_figure(
            options.output / f"size_at_quality_{set_name}.png",
            f"{set_name}: size at equal quality, flat map",
            "our bytes / peer's bytes (95 % interval)",
            by_series,
        )
        results[set_name] = {
            "summaries": {name: {row: asdict(s) for row, s in rows.items()} for name, rows in by_series.items()},
            "photographs": [photograph.name for photograph in chosen],
        }
    pin_to_one_core()
    timed = [Picture.of(photograph.load(WALLPAPER_MEGAPIXELS)) for photograph in chosen]
    results["speed at q75"] = measure_speed(timed, 2 if options.quick else options.rounds)
    write_results(options.output, "size_at_quality", results)


if __name__ == "__main__":
    main()
