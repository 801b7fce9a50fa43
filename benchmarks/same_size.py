"""The experiment of 2017: what becomes of the important regions, and of the rest, at the size of plain JPEG.

Each photograph is plain JPEG at quality 50 and at 75. At each of the two sizes, within 1 %: the composite of 2017 by
its fourth rule; REGIONJPEG, with the default ratio of background_quality to quality; and REGIONJPEG with a flat map,
the control that tells the map's share from the encoder's. All three have Annex K's tables at a quality that need not be
a whole number, for whole numbers are too far apart in size. The map is the default model's, the same for both; what is
at its 70th percentile or above is inside.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import pyregjpeg
from pyregjpeg.metrics import psnr_y, ssim, ssimulacra2
from pyregjpeg.perceptual_metrics import ms_ssim, psnr_hvs, psnr_hvs_m, vifp
from pyregjpeg.quantization import ANNEX_K

from . import composite_2017
from .figures import difference_figure
from .peers import Picture, pillow
from .photographs import Photograph, photographs
from .processes import concatenated
from .report import benchmark_parser, print_table, write_results

PLAIN_QUALITIES = (50, 75)
BACKGROUND_RATIO = 30 / 75  # the defaults of background_quality and quality
INSIDE_PERCENTILE = 70
SIZE_TOLERANCE = 0.01
METRICS: dict[str, Callable[..., float]] = {
    "PSNR": psnr_y,
    "SSIM": ssim,
    "MS-SSIM": ms_ssim,
    "VIFP": vifp,
    "PSNR-HVS": psnr_hvs,
    "PSNR-HVS-M": psnr_hvs_m,
}
OURS, FLAT, COMPOSITE, PLAIN = "REGIONJPEG", "flat map", "composite of 2017", "plain JPEG"
METHODS = (PLAIN, COMPOSITE, FLAT, OURS)

Tables: TypeAlias = NDArray[np.int64]
Encoder: TypeAlias = Callable[[Tables, float], bytes]


@dataclass(frozen=True)
class Figures:
    """One file: its bytes and its figures by name, such as "PSNR inside"."""

    photograph: str
    plain_quality: int
    method: str
    size: int
    values: dict[str, float]


def tables_at(quality: float) -> Tables:
    """Annex K's tables (2, 64) at a quality that need not be a whole number, by libjpeg's formula."""
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    scaled: Tables = np.clip(np.floor(ANNEX_K * (percent / 100) + 0.5), 1, 255).astype(np.int64)
    return scaled


def at_size(encode: Encoder, size: int) -> bytes:
    """The file nearest to `size` that bisection finds: over the quality, then over steps between two tables.

    Where many steps round up at the same quality the size jumps; then some of them are taken from either side.

    Raises:
        RuntimeError: it is more than 1 % off.
    """
    nearest = b""

    def is_too_large(tables: Tables, quality: float) -> bool:
        nonlocal nearest
        encoded = encode(tables, quality)
        if abs(len(encoded) - size) < abs(len(nearest) - size):
            nearest = encoded
        return len(encoded) > size

    def is_near(share: float = 1) -> bool:
        return abs(len(nearest) / size - 1) < SIZE_TOLERANCE * share

    low, high = 1.0, 99.5
    for _ in range(16):
        quality = (low + high) / 2
        low, high = (low, quality) if is_too_large(tables_at(quality), quality) else (quality, high)
        if is_near(0.1):
            return nearest
    coarse, fine = tables_at(low), tables_at(high)
    few, many = 0, coarse.size
    while many - few > 1 and not is_near():
        taken = (few + many) // 2
        mixed = np.where(np.arange(coarse.size).reshape(coarse.shape) < taken, fine, coarse)
        few, many = (few, taken) if is_too_large(mixed, low) else (taken, many)
    if not is_near():
        raise RuntimeError(f"No quality gives {size} bytes; the nearest is {len(nearest)}.")
    return nearest


def encoders(image: Image.Image, region_map: NDArray[np.float32]) -> dict[str, Encoder]:
    """The three ways of spending a number of bytes, each as a function of the tables and the quality they stand for."""
    composite = composite_2017.composite(image, composite_2017.four_bands(on_pixels(region_map, image.size)))

    def composited(tables: Tables, _quality: float) -> bytes:
        file = io.BytesIO()
        composite.save(file, "JPEG", qtables=tables.tolist(), subsampling=2, optimize=True)
        return file.getvalue()

    def ours(tables: Tables, quality: float, importance: NDArray[np.float32]) -> bytes:
        background = max(1, round(BACKGROUND_RATIO * quality))
        return pyregjpeg.encode(
            image, qtables=tables.tolist(), background_quality=background, region_map=importance, subsampling=2
        )

    everywhere = np.ones((1, 1), dtype=np.float32)
    return {
        COMPOSITE: composited,
        FLAT: partial(ours, importance=everywhere),
        OURS: partial(ours, importance=region_map),
    }


def on_pixels(region_map: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """The map at the resolution of a picture of `size` (width, height)."""
    return np.asarray(Image.fromarray(region_map).resize(size, Image.Resampling.BILINEAR))


def compare(photograph: Photograph) -> list[Figures]:
    """All methods at both sizes on one photograph."""
    image = photograph.load()
    region_map = pyregjpeg.predict_map(image, "msroi-2017")
    importance = on_pixels(region_map, image.size)
    inside = importance >= np.percentile(importance, INSIDE_PERCENTILE)
    ways = encoders(image, region_map)
    found = []
    for quality in PLAIN_QUALITIES:
        plain = pillow(Picture.of(image), quality, optimize=True)
        files = {PLAIN: plain, **{name: at_size(encode, len(plain)) for name, encode in ways.items()}}
        found += [
            Figures(photograph.name, quality, method, len(files[method]), measured(image, files[method], inside))
            for method in METHODS
        ]
    return found


def measured(image: Image.Image, encoded: bytes, inside: NDArray[np.bool_]) -> dict[str, float]:
    decoded = Image.open(io.BytesIO(encoded)).convert("RGB")
    regions = {"inside": inside, "outside": ~inside}
    values = {
        f"{name} {at}": metric(image, decoded, mask) for at, mask in regions.items() for name, metric in METRICS.items()
    }
    return {**values, "SSIMULACRA2 whole": ssimulacra2(image, decoded)}


def differences(found: Sequence[Figures], method: str, rival: str, name: str) -> dict[str, float]:
    """By photograph: how much more of the figure the method has than its rival, at the same size."""
    values = {(item.photograph, item.method): item.values[name] for item in found}
    pictures = dict.fromkeys(item.photograph for item in found)
    return {picture: values[picture, method] - values[picture, rival] for picture in pictures}


def largest_deviation(found: Sequence[Figures]) -> float:
    """Of any file of one size from plain JPEG's bytes, as a share of these."""
    plain = {item.photograph: item.size for item in found if item.method == PLAIN}
    return max(abs(item.size / plain[item.photograph] - 1) for item in found)


def report(found: Sequence[Figures], quality: int) -> dict[str, dict[str, float]]:
    """Print the table of one size; give back its averages and shares of pictures won by figure."""
    summary: dict[str, dict[str, float]] = {}
    for name in found[0].values:
        row = {
            method: float(np.mean([item.values[name] for item in found if item.method == method])) for method in METHODS
        }
        for rival in METHODS[:-1]:
            gains = list(differences(found, OURS, rival, name).values())
            row[f"won against {rival}"] = float(np.mean([gain > 0 for gain in gains]))
        summary[name] = row
    rows = [[name, *_cells(name, row)] for name, row in summary.items()]
    headers = ["at equal bytes", *METHODS, *(f"won against {rival}" for rival in METHODS[:-1])]
    print_table(f"**At the size of plain JPEG, q{quality}**", headers, rows)
    return summary


def _cells(name: str, row: Mapping[str, float]) -> list[str]:
    digits = 4 if "SSIM " in name or "VIFP" in name else 2
    return [f"{value:.0%}" if column.startswith("won") else f"{value:.{digits}f}" for column, value in row.items()]


def write_records(path: Path, found: Sequence[Figures]) -> None:
    """One line a photograph: bytes and figures of each method at each size."""
    records: dict[str, dict[str, object]] = {}
    for item in found:
        record = records.setdefault(item.photograph, {"photograph": item.photograph})
        prefix = f"q{item.plain_quality} {item.method}"
        record[f"{prefix} bytes"] = item.size
        record |= {f"{prefix} {name}": f"{value:.5g}" for name, value in item.values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(next(iter(records.values()))), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records.values())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    options = parser.parse_args(arguments)
    chosen = photographs("kodak", options.photographs)
    chosen = chosen[::12] if options.quick else chosen
    found = concatenated(compare, chosen, options.jobs)
    results: dict[str, object] = {"photographs": [photograph.name for photograph in chosen]}
    for quality in PLAIN_QUALITIES:
        of_size = [item for item in found if item.plain_quality == quality]
        results[f"q{quality}"] = report(of_size, quality)
        results[f"q{quality}, largest deviation of size"] = largest_deviation(of_size)
        panels = {
            name: {f"minus {rival}": differences(of_size, OURS, rival, name) for rival in (PLAIN, COMPOSITE)}
            for at in ("inside", "outside")
            for name in (f"{metric} {at}" for metric in METRICS)
        }
        title = f"kodak: REGIONJPEG minus the others at the size of plain JPEG, q{quality}"
        difference_figure(options.output / f"same_size_q{quality}.png", title, panels)
    write_records(options.output / "same_size.csv", found)
    write_results(options.output, "same_size", results)


if __name__ == "__main__":
    main()
