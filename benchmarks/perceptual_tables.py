"""What tables="perceptual" saves with a flat map, on Kodak, which they were not fitted to.

Bytes over mozjpeg's at equal SSIMULACRA2, MS-SSIM and PSNR of luma, of files at six qualities: ours with both kinds of
tables, sequential with optimised Huffman tables, beside Pillow's. Then how far the same quality number is from the
SSIMULACRA2 of Pillow's JPEG.

    python -m benchmarks.perceptual_tables --photographs DIR --ssimulacra2 PROGRAM
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from .equal_quality import summarize
from .peers import Encoder, Picture, check_peers, pillow, pyregjpeg
from .photographs import photographs
from .report import benchmark_parser, print_table, write_results
from .table_judge import METRICS, Judge, ssimulacra2_by

QUALITIES = (30, 50, 65, 75, 85, 92)
PILLOW, PERCEPTUAL = "Pillow, optimised", 'tables="perceptual"'
ENCODERS: dict[str, Encoder] = {
    PILLOW: partial(pillow, optimize=True),
    'tables="annex-k"': pyregjpeg,
    PERCEPTUAL: partial(pyregjpeg, tables="perceptual"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--ssimulacra2", type=Path, metavar="PROGRAM", help="that measures it faster than the package")
    options = parser.parse_args(arguments)
    check_peers()
    chosen = photographs("kodak", options.photographs)[:: 12 if options.quick else 1]
    ratios: dict[str, list[list[float]]] = {name: [] for name in ENCODERS}
    scores: dict[str, list[list[float]]] = {name: [] for name in ENCODERS}
    for photograph in chosen:
        picture = Picture.of(photograph.load())
        judge = Judge(picture.image, ssimulacra2_by(options.ssimulacra2))
        for name, encode in ENCODERS.items():
            files = [encode(picture, quality) for quality in QUALITIES]
            ratios[name].append(judge.log_ratios(files))
            scores[name].append([judge.figures(jpeg)[0] for jpeg in files])

    found = {
        name: {metric: summarize(column) for metric, column in zip(METRICS, np.exp(rows).T.tolist(), strict=True)}
        for name, rows in ratios.items()
    }
    rows = [[name, *map(str, by_metric.values())] for name, by_metric in found.items()]
    print_table(f"**Bytes over mozjpeg's at equal quality, Kodak, {len(chosen)} photographs**", ["", *METRICS], rows)
    off = np.mean(scores[PERCEPTUAL], axis=0) - np.mean(scores[PILLOW], axis=0)
    print_table(
        "**Mean SSIMULACRA2 above Pillow's at the same quality**",
        ["", *map(str, QUALITIES)],
        [[PERCEPTUAL, *(f"{value:+.2f}" for value in off)]],
    )
    results = {
        "bytes over mozjpeg's": {name: {m: asdict(s) for m, s in each.items()} for name, each in found.items()},
        "SSIMULACRA2 above Pillow's": dict(zip(map(str, QUALITIES), off.round(2).tolist(), strict=True)),
    }
    write_results(options.output, "perceptual_tables", results)


if __name__ == "__main__":
    main()
