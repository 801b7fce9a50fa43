"""Which default of background_quality: what each candidate saves, and what it takes from the outside of the regions.

Run on photographs that may be used to choose. At two qualities, each candidate is set beside the flat map and plain
JPEG at the same quality, and beside plain JPEG and the composite of 2017 at the same bytes, whose figures are read off
a line through eleven qualities. The map is the default model's; what is at its 70th percentile or above is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import pyregjpeg

from . import composite_2017
from .peers import Picture, pillow
from .photographs import Photograph, photographs
from .processes import concatenated
from .region_figures import SMALLEST_SIDE, WHOLE, inside_of, measured, on_pixels
from .report import benchmark_parser, print_table, write_results

QUALITIES = (75, 90)
CANDIDATES: dict[str, Callable[[int], int]] = {
    "at most 30": lambda quality: min(30, quality),
    "0.4 quality": lambda quality: round(0.4 * quality),
    "0.6 quality": lambda quality: round(0.6 * quality),
    "0.7 quality": lambda quality: round(0.7 * quality),
    "0.8 quality": lambda quality: round(0.8 * quality),
    "0.9 quality": lambda quality: round(0.9 * quality),
    "quality - 15": lambda quality: quality - 15,
}
CURVE_QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95)  # of the two rivals whose bytes are met
EVERY = {"calibration": 12, "imagenet_train": 32}  # of each set this photograph is taken

OUTSIDE = "SSIMULACRA2 outside"
SAME_QUALITY, SAME_BYTES, COMPOSITE = "plain JPEG, same quality", "plain JPEG, same bytes", "composite, same bytes"
RIVALS = (SAME_QUALITY, SAME_BYTES, COMPOSITE)
SURPRISED = 10  # per cent: the share of photographs that lose most, of which the least loss is shown


@dataclass(frozen=True)
class Outcome:
    """One candidate at one quality on one photograph: bytes over those of the flat map, gains by rival and figure."""

    quality: int
    candidate: str
    bytes_to_flat: float
    gains: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Curve:
    """The files of one encoder at rising qualities: bytes, and figures by name."""

    sizes: list[int]
    figures: dict[str, list[float]]

    def at(self, size: int) -> dict[str, float]:
        """The figures at `size` bytes, between the files on either side; nan beyond them."""
        place = np.log(size), np.log(self.sizes)
        return {name: float(np.interp(*place, values, np.nan, np.nan)) for name, values in self.figures.items()}


def curve(encode: Callable[[int], bytes], figures_of: Callable[[bytes], dict[str, float]]) -> Curve:
    files = [encode(quality) for quality in CURVE_QUALITIES]
    figures = [figures_of(file) for file in files]
    return Curve([len(file) for file in files], {name: [one[name] for one in figures] for name in figures[0]})


def outcomes(photograph: Photograph) -> list[Outcome]:
    """All candidates at all qualities on one photograph."""
    image = photograph.load()
    region_map = pyregjpeg.predict_map(image)
    importance = on_pixels(region_map, image.size)
    inside = inside_of(importance)

    def figures_of(encoded: bytes) -> dict[str, float]:
        return measured(image, encoded, inside)

    def ours(quality: int, background_quality: int) -> bytes:
        return pyregjpeg.encode(
            image,
            quality=quality,
            background_quality=background_quality,
            region_map=region_map,
            tables="annex-k",
            subsampling=2,
        )

    def plain(quality: int) -> bytes:
        return pillow(Picture.of(image), quality, optimize=True)

    composited = Picture.of(composite_2017.composite(image, composite_2017.four_bands(importance)))
    by_bytes = {
        SAME_BYTES: curve(plain, figures_of),
        COMPOSITE: curve(lambda quality: pillow(composited, quality, optimize=True), figures_of),
    }
    found = []
    for quality in QUALITIES:
        flat_size = len(ours(quality, quality))
        plain_figures = figures_of(plain(quality))
        for candidate, rule in CANDIDATES.items():
            file = ours(quality, rule(quality))
            figures = figures_of(file)
            rivals = {SAME_QUALITY: plain_figures, **{name: known.at(len(file)) for name, known in by_bytes.items()}}
            gains = {rival: _gains(figures, values) for rival, values in rivals.items()}
            found.append(Outcome(quality, candidate, len(file) / flat_size, gains))
    return found


def _gains(figures: Mapping[str, float], rival: Mapping[str, float]) -> dict[str, float]:
    return {name: value - rival[name] for name, value in figures.items()}


def summary(found: Sequence[Outcome]) -> dict[str, object]:
    """Means over photographs of one candidate at one quality, and how many figures are ahead of the composite's."""
    means = {
        rival: {
            name: float(np.nanmean([outcome.gains[rival][name] for outcome in found])) for name in found[0].gains[rival]
        }
        for rival in RIVALS
    }
    losses = [outcome.gains[SAME_QUALITY][OUTSIDE] for outcome in found]
    return {
        "bytes saved, %": 100 * (1 - float(np.mean([outcome.bytes_to_flat for outcome in found]))),
        f"{OUTSIDE}, worst {SURPRISED} %": float(np.percentile(losses, SURPRISED)),
        "figures ahead of the composite": sum(gain > 0 for gain in means[COMPOSITE].values()),
        "mean gains": means,
    }


def report(found: Sequence[Outcome], quality: int) -> dict[str, dict[str, object]]:
    """Print the table of one quality; give back the summaries by candidate."""
    of_quality = [outcome for outcome in found if outcome.quality == quality]
    summaries = {name: summary([one for one in of_quality if one.candidate == name]) for name in CANDIDATES}
    rows = [_row(name, CANDIDATES[name](quality), values) for name, values in summaries.items()]
    rows.sort(key=lambda row: int(row[1]))
    headers = [
        "candidate",
        "background",
        "bytes saved",
        *("S2 whole", "S2 outside", f"worst {SURPRISED} %", "PSNR outside"),
        *("bytes: PSNR inside", "PSNR outside", "S2 whole"),
        *("composite: ahead in", "S2 whole", "PSNR inside", "PSNR outside"),
    ]
    print_table(
        f"**q{quality}**: against plain JPEG at the same quality, at the same bytes, against the composite",
        headers,
        rows,
    )
    return summaries


def _row(name: str, background: int, values: Mapping[str, object]) -> list[str]:
    means = values["mean gains"]
    assert isinstance(means, dict)
    shown = {
        SAME_QUALITY: (WHOLE, OUTSIDE, "worst", "PSNR outside"),
        SAME_BYTES: ("PSNR inside", "PSNR outside", WHOLE),
        COMPOSITE: ("ahead", WHOLE, "PSNR inside", "PSNR outside"),
    }
    special = {
        "worst": f"{values[f'{OUTSIDE}, worst {SURPRISED} %']:+.1f}",
        "ahead": f"{values['figures ahead of the composite']} of {len(means[COMPOSITE])}",
    }
    cells = [
        special.get(figure) or f"{means[rival][figure]:+.1f}" for rival, figures in shown.items() for figure in figures
    ]
    return [name, str(background), f"{values['bytes saved, %']:.0f} %", *cells]


def chosen_photographs(root: Path) -> list[Photograph]:
    """Some of each set that may be used for choosing, none too small for a figure."""
    several = [photograph for name, step in EVERY.items() for photograph in photographs(name, root)[::step]]
    return [photograph for photograph in several if min(photograph.load().size) >= SMALLEST_SIDE]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    options = parser.parse_args(arguments)
    chosen = chosen_photographs(options.photographs)
    chosen = chosen[::20] if options.quick else chosen
    found = concatenated(outcomes, chosen, options.jobs)
    results: dict[str, object] = {"photographs": [photograph.name for photograph in chosen]}
    results |= {f"q{quality}": report(found, quality) for quality in QUALITIES}
    write_results(options.output, "background_choice", results)


if __name__ == "__main__":
    main()
