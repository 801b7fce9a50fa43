"""The experiment of 2017: what becomes of the important regions, and of the rest, at the size of plain JPEG.

Each photograph is plain JPEG at quality 50 and at 75. At each of the two sizes, within 1 %: REGIONJPEG with the default
background_quality, and with a stronger one; REGIONJPEG with a flat map, the control that tells the map's share from
the encoder's; and the composite of 2017 by its fourth rule. The map is the default model's, the same for all; what is
at its 70th percentile or above is inside.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pyregjpeg

from .differences import Difference, Figures, by_category, by_photograph, over_photographs
from .equal_bytes import COMPOSITE, FLAT, OURS, PLAIN, STRONGER, at_size, encoders
from .figures import category_figure, difference_figure
from .imagenet_categories import category_of, hundred
from .peers import Picture, pillow
from .photographs import Photograph, photographs
from .processes import concatenated
from .region_figures import METRICS, inside_of, measured, on_pixels
from .report import benchmark_parser, markdown_table, write_results

PLAIN_QUALITIES = (50, 75)
METHODS = (PLAIN, COMPOSITE, FLAT, STRONGER, OURS)
RIVALS = (PLAIN, FLAT, COMPOSITE)
IN_REGIONS = tuple(f"{metric} {at}" for at in ("inside", "outside") for metric in METRICS)
BY_CATEGORY = tuple(f"{metric} {at}" for at in ("inside", "outside") for metric in ("PSNR", "VIFP", "SSIMULACRA2"))
SETS: dict[str, Callable[[Path], list[Photograph]]] = {
    "kodak": partial(photographs, "kodak"),
    "imagenet_test": lambda root: hundred(photographs("imagenet_test", root)),
}
NAMES = {"kodak": "same_size_kodak", "imagenet_test": "same_size_imagenet"}  # of the results


def compare(photograph: Photograph) -> list[Figures]:
    """All methods at both sizes on one photograph."""
    image = photograph.load()
    region_map = pyregjpeg.predict_map(image)
    inside = inside_of(on_pixels(region_map, image.size))
    ways = encoders(image, region_map)
    category = "" if photograph.name.startswith("kodak") else category_of(photograph)
    found = []
    for quality in PLAIN_QUALITIES:
        plain = pillow(Picture.of(image), quality, optimize=True)
        files = {PLAIN: plain, **{name: at_size(encode, len(plain)) for name, encode in ways.items()}}
        for method in METHODS:
            values = measured(image, files[method], inside)
            found.append(Figures(photograph.name, category, quality, method, len(files[method]), values))
    return found


def largest_deviation(found: Sequence[Figures]) -> float:
    """Of any file of one size from plain JPEG's bytes, as a share of these."""
    plain = {item.photograph: item.size for item in found if item.method == PLAIN}
    return max(abs(item.size / plain[item.photograph] - 1) for item in found)


def summary(found: Sequence[Figures]) -> dict[str, dict[str, object]]:
    """Of one size, by figure: the mean of each method, and what ours has more than each of the others."""
    return {
        name: {
            "mean": {method: _mean(found, method, name) for method in METHODS},
            "REGIONJPEG minus": {rival: asdict(over_photographs(found, OURS, rival, name)) for rival in RIVALS},
            f"{STRONGER}, minus": {rival: asdict(over_photographs(found, STRONGER, rival, name)) for rival in RIVALS},
        }
        for name in found[0].values
    }


def _mean(found: Sequence[Figures], method: str, name: str) -> float:
    values = [item.values[name] for item in found if item.method == method]
    return sum(values) / len(values)


def tables(found: Sequence[Figures], quality: int) -> str:
    """Markdown: the differences of both settings at one size with intervals and pictures won, then the means."""
    parts = [f"## At the bytes of plain JPEG, q{quality}\n"]
    for method in (OURS, STRONGER):
        rows = [
            [name, *(_cell(name, over_photographs(found, method, rival, name)) for rival in RIVALS)]
            for name in found[0].values
        ]
        parts.append(markdown_table([method, *(f"against {rival}" for rival in RIVALS)], rows) + "\n")
    means = [[name, *(f"{_mean(found, method, name):.4g}" for method in METHODS)] for name in found[0].values]
    parts.append(markdown_table(["mean", *METHODS], means) + "\n")
    return "\n".join(parts)


def category_table(found: Sequence[Figures], rival: str) -> str:
    """Markdown: a line a category, the differences to one rival at one size."""
    columns = [by_category(found, OURS, rival, name) for name in BY_CATEGORY]
    rows = [
        [category, *(_cell(name, column[category]) for name, column in zip(BY_CATEGORY, columns, strict=True))]
        for category in columns[0]
    ]
    return markdown_table([f"REGIONJPEG against {rival}", *BY_CATEGORY], rows) + "\n"


def _cell(name: str, difference: Difference) -> str:
    digits = {"SSIM": 4, "MS-SSIM": 4, "VIFP": 3}.get(name.split()[0], 2)
    mean, low, high = (f"{value:+.{digits}f}" for value in (difference.mean, difference.low, difference.high))
    return f"{mean} ({low}..{high}), {100 * difference.won:.0f} %"


def write_records(path: Path, found: Sequence[Figures]) -> None:
    """One line a photograph: bytes and figures of each method at each size."""
    records: dict[str, dict[str, object]] = {}
    for item in found:
        empty: dict[str, object] = {"photograph": item.photograph, "category": item.category}
        record = records.setdefault(item.photograph, empty)
        prefix = f"q{item.plain_quality} {item.method}"
        record[f"{prefix} bytes"] = item.size
        record |= {f"{prefix} {name}": f"{value:.5g}" for name, value in item.values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(next(iter(records.values()))), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records.values())


def write_figures(folder: Path, name: str, found: Sequence[Figures], quality: int) -> None:
    """Bars of one size by picture, and by category where there are several."""
    title = f"{name.removeprefix('same_size_')}: REGIONJPEG minus the others at the size of plain JPEG, q{quality}"
    pictures = {
        figure: {f"minus {rival}": by_photograph(found, OURS, rival, figure) for rival in (PLAIN, COMPOSITE)}
        for figure in IN_REGIONS
    }
    difference_figure(folder / f"{name}_q{quality}.png", title, pictures)
    if len({item.category for item in found}) > 1:
        categories = {
            figure: {f"minus {rival}": by_category(found, OURS, rival, figure) for rival in (PLAIN, COMPOSITE)}
            for figure in BY_CATEGORY
        }
        category_figure(folder / f"{name}_q{quality}_categories.png", title, categories)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--set", choices=list(SETS), default="kodak", help="default: %(default)s")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    options = parser.parse_args(arguments)
    chosen = SETS[options.set](options.photographs)
    chosen = chosen[::12] if options.quick else chosen
    found = concatenated(compare, chosen, options.jobs)

    name = NAMES[options.set]
    results: dict[str, object] = {"photographs": [photograph.name for photograph in chosen]}
    parts = [f"# {options.set}: mean differences at equal bytes, 95 % intervals over pictures, share of pictures won\n"]
    for quality in PLAIN_QUALITIES:
        of_size = [item for item in found if item.plain_quality == quality]
        results[f"q{quality}"] = summary(of_size)
        results[f"q{quality}, largest deviation of size"] = largest_deviation(of_size)
        parts.append(tables(of_size, quality))
        if len({item.category for item in of_size}) > 1:
            parts += [category_table(of_size, rival) for rival in (PLAIN, COMPOSITE)]
        write_figures(options.output, name, of_size, quality)
    write_records(options.output / f"{name}.csv", found)
    write_results(options.output, name, results)
    text = "\n".join(parts)
    (options.output / f"{name}.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
