"""Size at equal quality with a flat map: our bytes over those of Pillow, mozjpeg, jpegli and guetzli.

On 41 photographs of several kinds, 0.3 to 12 megapixels, everybody encodes at the same qualities; our size at the very
score that a rival's file reached is read off a curve through our own files, by four metrics. A figure is the mean over
the rival's qualities, then over photographs.

    python -m benchmarks.size_at_quality --photographs DIR --ssimulacra2 PROGRAM --butteraugli PROGRAM --memory DIR
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from .equal_quality import RatioSummary
from .figures import curve_figure, interval_figure
from .flat_photographs import FlatPhotograph, flat_photographs
from .peers import OURS, PEERS, Encoder, Picture, check_peers, guetzli
from .processes import concatenated
from .report import benchmark_parser, print_table, write_results
from .scores import Judge, Memory, Metric, add_metric_options, chosen_metrics
from .sweeps import Comparisons, Encoding, remembered_name, write_record

QUALITIES = (30, 40, 50, 62, 75, 85, 90, 95)
OUR_QUALITIES = (15, 22, *QUALITIES, 93, 97)  # so that our curve holds what the others reach, in small steps at its end
GUETZLI, GUETZLI_QUALITIES, GUETZLI_PHOTOGRAPHS = "guetzli", (85, 90, 95), ("kodak15", "kodak23")
DRAWN = {ours: f"pyregjpeg, {ours}" for ours in OURS} | {
    peer: peer for peer in ("Pillow, optimised", "mozjpeg", "jpegli, progressive")
}
AXES = {"MS-SSIM-Y": "MS-SSIM-Y, dB", "PSNR-Y": "PSNR-Y, dB", "butteraugli": "butteraugli, 3-norm below zero"}
SMALL_MEGAPIXELS = 0.6  # those of --quick


def sweep(
    chosen: FlatPhotograph, metrics: Sequence[Metric], memory: Path | None, guetzli_program: Path | None
) -> list[Encoding]:
    """Everybody's files of one photograph."""
    start, picture = time.monotonic(), Picture.of(chosen.load())
    judge = Judge(picture.image, metrics, Memory(memory and memory / f"{chosen.name}.jsonl"))
    found = []

    def add(name: str, encode: Encoder, qualities: Sequence[int], *, is_peer: bool) -> None:
        for quality in qualities:
            remembered_as = remembered_name(name, quality) if is_peer else None
            scored = judge.scored(partial(encode, picture, quality), remembered_as)
            pixels = picture.image.width * picture.image.height
            found.append(Encoding(chosen.name, chosen.kind, pixels, name, quality, scored))

    for name, encode in PEERS.items():
        add(name, encode, QUALITIES, is_peer=True)
    if guetzli_program and chosen.name in GUETZLI_PHOTOGRAPHS:
        add(GUETZLI, partial(guetzli, program=guetzli_program), GUETZLI_QUALITIES, is_peer=True)
    for name, encode in OURS.items():
        add(name, encode, OUR_QUALITIES, is_peer=False)
    print(f"{chosen.name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


class Report:
    """The tables, each printed and kept for the JSON."""

    def __init__(self, encodings: Sequence[Encoding], metrics: Sequence[Metric]) -> None:
        self.comparisons = Comparisons(encodings)
        self.metrics = [metric.name for metric in metrics]
        self.photographs = {one.photograph: one.kind for one in encodings}
        self.peers = list(dict.fromkeys(one.encoder for one in encodings if one.encoder not in OURS))
        self.results: dict[str, Any] = {"photographs": self.photographs}

    def over_peers(self, ours: str) -> dict[str, dict[str, RatioSummary]]:
        """A row for each peer, over all its qualities; by metric and peer."""
        rows = {peer: self._by_metric(ours, peer) for peer in self.peers}
        self._table(f"Bytes of pyregjpeg ({ours}) over those of", rows)
        return {metric: {peer: row[metric] for peer, row in rows.items() if metric in row} for metric in self.metrics}

    def over_mozjpeg(self, ours: str) -> None:
        """A row for each of mozjpeg's qualities, and one for each kind of photograph."""
        by_quality = {f"q{quality}": self._by_metric(ours, "mozjpeg", qualities={quality}) for quality in QUALITIES}
        self._table(f"Bytes of pyregjpeg ({ours}) over mozjpeg's, by its quality", by_quality)
        kinds: dict[str, list[str]] = {}
        for photograph, kind in self.photographs.items():
            kinds.setdefault(kind, []).append(photograph)
        by_kind = {
            f"{kind} ({len(of)})": self._by_metric(ours, "mozjpeg", photographs=of) for kind, of in kinds.items()
        }
        self._table(f"Bytes of pyregjpeg ({ours}) over mozjpeg's, by kind of photograph", by_kind)

    def quality_numbers(self) -> None:
        """How far the same quality number is from the mean SSIMULACRA2 of Pillow's JPEG; drawn text stands apart."""
        text = {name for name, kind in self.photographs.items() if kind == "text"}
        for what, names in (("photographs", self.photographs.keys() - text), ("drawn text", text)):
            if names:
                self._quality_numbers(
                    f"Mean SSIMULACRA2 above Pillow's at the same quality, {len(names)} {what}", names
                )

    def _quality_numbers(self, title: str, photographs: Collection[str]) -> None:
        def scores(encoder: str) -> dict[int, float]:
            return self.comparisons.mean_scores(encoder, "SSIMULACRA2", photographs)

        pillow = scores(next(iter(PEERS)))
        off = {
            ours: {quality: score - pillow[quality] for quality, score in scores(ours).items() if quality in pillow}
            for ours in OURS
        }
        rows = [[ours, *(f"{value:+.2f}" for value in values.values())] for ours, values in off.items()]
        print_table(f"**{title}**", ["", *map(str, next(iter(off.values())))], rows)
        self.results[title] = off

    def curves(self, metric: str) -> dict[str, list[tuple[float, float]]]:
        """Of the encoders to be drawn, mean bits per pixel and mean score at their qualities."""
        found = {}
        for encoder, label in DRAWN.items():
            rates, scores = self.comparisons.mean_rates(encoder), self.comparisons.mean_scores(encoder, metric)
            found[label] = [(rates[quality], scores[quality]) for quality in QUALITIES]
        return found

    def _by_metric(self, ours: str, peer: str, **choice: Any) -> dict[str, RatioSummary]:
        found = {metric: self.comparisons.ratio(ours, peer, metric, **choice) for metric in self.metrics}
        return {metric: summary for metric, summary in found.items() if summary is not None}

    def _table(self, title: str, rows: dict[str, dict[str, RatioSummary]]) -> None:
        headers = ["", *self.metrics, "photographs"]
        cells = [
            [
                label,
                *(str(row[metric]) if metric in row else "-" for metric in self.metrics),
                "-".join(map(str, sorted({summary.pictures for summary in row.values()}))),
            ]
            for label, row in rows.items()
        ]
        print_table(f"**{title}**, at equal quality (95 % interval)", headers, cells)
        self.results[title] = {
            label: {metric: asdict(summary) for metric, summary in row.items()} for label, row in rows.items()
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    add_metric_options(parser)
    parser.add_argument("--guetzli", type=Path, metavar="PROGRAM", help="on two photographs, three minutes")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    options = parser.parse_args(arguments)
    check_peers()
    chosen = flat_photographs(options.photographs)
    if options.quick:
        chosen = [photograph for photograph in chosen if photograph.megapixels < SMALL_MEGAPIXELS][::6]
    metrics = chosen_metrics(options)
    work = partial(sweep, metrics=metrics, memory=options.memory, guetzli_program=options.guetzli)
    encodings = concatenated(work, chosen, options.jobs)

    report = Report(encodings, metrics)
    for index, ours in enumerate(OURS):
        by_metric = report.over_peers(ours)
        report.over_mozjpeg(ours)
        if index == 0:
            title = f"pyregjpeg ({ours}): size at equal quality, flat map, {len(chosen)} photographs"
            axis = "our bytes / peer's bytes (95 % interval)"
            interval_figure(options.output / "size_at_quality.png", title, axis, by_metric)
    report.quality_numbers()
    panels = {AXES.get(metric.name, metric.name): report.curves(metric.name) for metric in metrics}
    curve_figure(options.output / "rate_quality.png", f"Rate and quality, {len(chosen)} photographs", panels)
    write_record(options.output / "size_at_quality.csv", encodings)
    write_results(options.output, "size_at_quality", report.results)


if __name__ == "__main__":
    main()
