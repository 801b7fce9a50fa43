"""The command line: pyregjpeg convert | decode | map | compare | inspect | models."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import __version__, comparison, list_models, metrics, predict_map, visualize
from . import region_map as maps
from .cli_convert import SOME_FAILED, convert
from .cli_decode import decode
from .cli_inspect import inspect
from .errors import RegionJpegError
from .options import RegionOptions
from .picture_map import PictureMap


@click.group()
@click.version_option(__version__, package_name="pyregjpeg")
def main() -> None:
    """Write JPEGs in which what matters keeps its quality and the rest pays for it."""


main.add_command(convert)
main.add_command(decode)
main.add_command(inspect)


@main.command("map")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="A .png file.")
@click.option("-m", "--map-model", default="msroi", show_default=True)
@click.option("--overlay", is_flag=True, help="Draw it as a heat map over the photograph.")
@click.option("--blocks", is_flag=True, help="Draw it as the encoder takes it, in one tone for each 8x8 block.")
def map_command(source: Path, output: str, map_model: str, *, overlay: bool, blocks: bool) -> None:
    """Write what a map model finds important as a grey picture of the photograph's size: white matters most."""
    try:
        with Image.open(source) as image:
            if blocks:
                levels = PictureMap(RegionOptions(map_model=map_model), image.size, lambda _: image).levels(flat=False)
                importance = visualize.on_pixels(levels / np.float32(maps.LEVELS - 1), image.size)
            else:
                importance = predict_map(image, map_model)
            picture = visualize.overlay(image, importance) if overlay else _grey(importance, image.size)
        visualize.write(picture, output)
    except Exception as error:  # as in convert
        click.echo(f"{source}: {error}", err=True)
        raise SystemExit(SOME_FAILED) from None


def _grey(importance: NDArray[np.float32], size: tuple[int, int]) -> Image.Image:
    grey = Image.fromarray((importance * 255).round().astype(np.uint8))
    return grey.resize(size, Image.Resampling.BILINEAR)


@main.command()
@click.argument("original", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("files", metavar="DECODED...", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--region-map", type=click.Path(exists=True, dir_okay=False), help="A picture or .npy: white is inside.")
@click.option("--json", "form", flag_value="json", help="A JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="A header and a line for each picture.")
def compare(original: Path, files: tuple[Path, ...], region_map: str | None, form: str | None) -> None:
    """Print size and quality figures of pictures, one record each, against the original they were made from.

    With a region map there are figures inside and outside of what matters too. A figure that is infinite, that the
    picture is too small for, or whose package of the extra [metrics] is not installed is null in JSON.
    """
    try:
        inside = maps.importance(region_map) if region_map else None
    except RegionJpegError as error:
        raise click.UsageError(str(error)) from None
    if missing := metrics.without_package():
        click.echo(f"Left out: {', '.join(missing)}, for want of: pip install pyregjpeg[metrics]", err=True)
    failed, headed = False, False
    for file in files:
        try:
            with Image.open(original) as before, Image.open(file) as after:
                figures = comparison.compare(before.convert("RGB"), after.convert("RGB"), inside)
                size = file.stat().st_size
                bits_per_pixel = 8 * size / (after.width * after.height)
        except Exception as error:  # as in convert
            click.echo(f"{file}: {error}", err=True)
            failed = True
        else:
            record = {"file": str(file), "bytes": size, "bits_per_pixel": bits_per_pixel, **figures}
            _print_record(record, form, with_header=not headed)
            headed = True
    if failed:
        raise SystemExit(SOME_FAILED)


def _print_record(record: dict[str, Any], form: str | None, *, with_header: bool) -> None:
    rounded = {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in record.items()}
    if form == "json":
        finite = {name: None if value in (math.inf, -math.inf) else value for name, value in rounded.items()}
        click.echo(json.dumps(finite))
        return
    rounded["file"] = click.format_filename(record["file"])  # a name that is no text would stop the printing
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if with_header:
            writer.writerow(rounded)
        writer.writerow(rounded.values())
    else:
        shown = (f"{name} {'-' if value is None else value}" for name, value in rounded.items() if name != "file")
        click.echo(f"{rounded['file']}: {', '.join(shown)}")


@main.command()
def models() -> None:
    """List the installed map models with their cards."""
    for card in list_models():
        click.echo(f"{card.name} ({card.kind}): {card.method}")
        click.echo(f"  trained on: {card.training_data}")
        click.echo(f"  licence: {card.licence}")
