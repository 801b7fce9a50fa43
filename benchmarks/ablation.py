"""What each lever of the encoder is worth: bytes without it over bytes with all of them, at equal quality, flat map.

A lever is taken back in what the C encoder is told, everything else stays. Photographs are those of size_at_quality up
to half a megapixel.

    python -m benchmarks.ablation --photographs DIR --ssimulacra2 PROGRAM --butteraugli PROGRAM --memory DIR
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pyregjpeg import codec, native

from .figures import interval_figure
from .flat_photographs import FlatPhotograph, flat_photographs
from .peers import VARIANTS, Picture
from .processes import concatenated
from .report import benchmark_parser, print_table, write_results
from .scores import Judge, Memory, Metric, add_metric_options, chosen_metrics
from .sweeps import Comparisons, Encoding

LARGEST_MEGAPIXELS = 0.5
QUALITIES = (30, 50, 70, 85, 93)
BEYOND = (20, 96)  # for the curves that all on is compared with
SMALL_MEGAPIXELS = 0.4  # those of --quick

Other = Callable[..., native.Settings]  # what the C encoder would be told with some of the options changed
Lever = Callable[[native.Settings, Other], native.Settings]


def with_annex_k(settings: native.Settings, other: Other) -> native.Settings:
    """The steps of Pillow's JPEG."""
    return replace(settings, tables=other(tables="annex-k").tables)


def without_dead_zone(settings: native.Settings, _: Other) -> native.Settings:
    """Every coefficient goes to the nearest level."""
    return replace(settings, allowances=np.zeros_like(settings.allowances))


def with_one_weight(settings: native.Settings, _: Other) -> native.Settings:
    """In the block rule all AC frequencies of a table are alike."""
    if settings.weights is None:
        raise ValueError("These settings have no weights to be made alike.")
    means = settings.weights[:, 1:].mean(axis=1, keepdims=True)
    return replace(settings, weights=np.broadcast_to(means, settings.weights.shape))


def with_dead_zone(settings: native.Settings, other: Other) -> native.Settings:
    """The block rule of effort="fast", with its weights."""
    fast = other(effort="fast")
    of_rule = {name: getattr(fast, name) for name in ("weights", "allowances", "masking", "tail")}
    return replace(settings, trellis=False, **of_rule)


def without_masking(settings: native.Settings, _: Other) -> native.Settings:
    """Busy blocks are worth as much as smooth ones."""
    return replace(settings, masking=0.0)


def without_tail(settings: native.Settings, _: Other) -> native.Settings:
    """A block's last levels are kept like any others."""
    return replace(settings, tail=0.0)


def without_sharpening(settings: native.Settings, _: Other) -> native.Settings:
    """libjpeg's own downsampling of chroma."""
    return replace(settings, chroma_sharpening=0.0)


def without_deringing(settings: native.Settings, _: Other) -> native.Settings:
    """What saturated samples decode to beyond 0 and 255 is paid for."""
    return replace(settings, deringing=False)


def with_sequential_scan(settings: native.Settings, _: Other) -> native.Settings:
    """One scan, with optimised Huffman tables."""
    return replace(settings, scans="sequential")


def with_usual_scans(settings: native.Settings, _: Other) -> native.Settings:
    """The progressive scans that a simple rule picks."""
    return replace(settings, search_scans=False)


# By variant, what it does without.
LEVERS: Mapping[str, Mapping[str, Lever]] = {
    "fast": {
        "tables (Annex K's instead)": with_annex_k,
        "dead zone (rounding instead)": without_dead_zone,
        "weights by frequency (their mean instead)": with_one_weight,
        "masking": without_masking,
        "dropped tails": without_tail,
        "chroma sharpening": without_sharpening,
        "deringing": without_deringing,
    },
    "best": {
        "tables (Annex K's instead)": with_annex_k,
        "trellis (the dead zone instead)": with_dead_zone,
        "weights by frequency (their mean instead)": with_one_weight,
        "masking": without_masking,
        "chroma sharpening": without_sharpening,
        "deringing": without_deringing,
        "progressive scans (sequential instead)": with_sequential_scan,
        "search of scans (a rule instead)": with_usual_scans,
    },
}


def encoded(picture: Picture, variant: str, quality: int, lever: Lever | None) -> bytes:
    """The file with all levers of a variant, or all but one."""

    def prepared(**changed: Any) -> codec.Prepared:
        flat = {"quality": quality, "background_quality": quality, "subsampling": 2}
        return codec.prepare(picture.array, {**VARIANTS[variant], **flat, **changed})

    all_on = prepared()
    settings = lever(all_on.settings, lambda **changed: prepared(**changed).settings) if lever else all_on.settings
    return native.encode(settings, all_on.picture.strips())


def sweep(chosen: FlatPhotograph, variant: str, metrics: Sequence[Metric], memory: Path | None) -> list[Encoding]:
    """The files of one photograph with all levers on, under the variant's name, and with each of them off."""
    start, picture = time.monotonic(), Picture.of(chosen.load())
    judge = Judge(picture.image, metrics, Memory(memory and memory / f"{chosen.name}.jsonl"))
    pixels = picture.image.width * picture.image.height
    found = []
    for name, lever in {variant: None, **LEVERS[variant]}.items():
        for quality in QUALITIES if lever is None else (*QUALITIES, *BEYOND):
            scored = judge.scored(partial(encoded, picture, variant, quality, lever))
            found.append(Encoding(chosen.name, chosen.kind, pixels, name, quality, scored))
    print(f"{variant}, {chosen.name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def report(variant: str, encodings: Sequence[Encoding], metrics: Sequence[Metric], output: Path) -> dict[str, Any]:
    """Print and draw what it costs a variant to do without each of its levers, and return it by metric."""
    comparisons, levers = Comparisons(encodings), LEVERS[variant]
    photographs = len({one.photograph for one in encodings})
    found = {
        metric.name: {
            lever: summary
            for lever in levers
            if (summary := comparisons.ratio(lever, variant, metric.name)) is not None
        }
        for metric in metrics
    }
    rows = [[lever, *(str(by_lever.get(lever, "-")) for by_lever in found.values())] for lever in levers]
    title = f"{variant}: bytes without a lever over bytes with all, {photographs} photographs"
    print_table(f"**{title}** (95 % interval)", ["without", *found], rows)
    by_quality = [
        [lever, *(str(comparisons.ratio(lever, variant, "SSIMULACRA2", qualities={quality})) for quality in QUALITIES)]
        for lever in levers
    ]
    headers = ["without", *(f"q{quality}" for quality in QUALITIES)]
    print_table("**The same at equal SSIMULACRA2, by quality**", headers, by_quality)
    interval_figure(output / f"ablation_{variant}.png", title, "bytes without it / with it (95 % interval)", found)
    return {metric: {lever: asdict(s) for lever, s in by_lever.items()} for metric, by_lever in found.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = benchmark_parser(__doc__)
    add_metric_options(parser)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    options = parser.parse_args(arguments)
    largest = SMALL_MEGAPIXELS if options.quick else LARGEST_MEGAPIXELS
    chosen = [photograph for photograph in flat_photographs(options.photographs) if photograph.megapixels <= largest]
    chosen = chosen[::5] if options.quick else chosen
    metrics = chosen_metrics(options)
    results: dict[str, Any] = {"photographs": [one.name for one in chosen]}
    for variant in LEVERS:
        work = partial(sweep, variant=variant, metrics=metrics, memory=options.memory)
        results[variant] = report(variant, concatenated(work, chosen, options.jobs), metrics, options.output)
    write_results(options.output, "ablation", results)


if __name__ == "__main__":
    main()
