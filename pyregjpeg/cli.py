"""The command line: pyregjpeg convert | map | compare | models."""

from __future__ import annotations

import csv
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from . import __version__, codec, comparison, list_models, load_model, metrics, visualize
from .errors import RegionJpegError
from .options import SaveOptions, resolve_background_quality, resolve_quantization

SOME_FAILED = 1
METADATA = ("exif", "icc_profile", "xmp", "dpi")
EXIF_SIGNATURE = b"Exif\0\0"


@click.group()
@click.version_option(__version__, package_name="pyregjpeg")
def main() -> None:
    """Write JPEGs in which what matters keeps its quality and the rest pays for it."""


def _box(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[tuple[float, ...]]:
    try:
        boxes = [tuple(float(number) for number in value.split(",")) for value in values]
    except ValueError:
        boxes = [()]
    if not all(len(box) in (4, 5) for box in boxes):
        raise click.BadParameter("a box is LEFT,UPPER,RIGHT,LOWER or LEFT,UPPER,RIGHT,LOWER,IMPORTANCE")
    return boxes


def _color(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return ImageColor.getrgb(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@main.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A .jpg file, or a folder.")
@click.option("-q", "--quality", type=click.IntRange(1, 100), help="Of what matters; Pillow's scale.  [default: 75]")
@click.option("-b", "--background-quality", type=click.IntRange(1, 100), help="Of the rest.  [default: 4/5 of quality]")
@click.option("-m", "--map-model", help="A registered name or the path of an .onnx file.  [default: msroi]")
@click.option("--region-map", type=click.Path(exists=True, dir_okay=False), help="An image or .npy instead of a model.")
@click.option("--box", "boxes", multiple=True, callback=_box, metavar="L,U,R,D[,IMPORTANCE]", help="Repeatable.")
@click.option("--progressive", is_flag=True, default=None, help="Write progressive JPEGs.")
@click.option("--subsampling", type=click.Choice(["4:4:4", "4:2:2", "4:2:0"]))
@click.option("--background-color", default="white", show_default=True, callback=_color, help="Shines through alpha.")
def convert(
    inputs: tuple[Path, ...],
    output: Path,
    boxes: list[tuple[float, ...]],
    background_color: tuple[int, ...],
    **options: Any,
) -> None:
    """Convert pictures of any format that Pillow opens; transparent ones are flattened.

    Exit code 0 when all went well, 1 when some files failed (the others are done), 2 for wrong usage.
    """
    if boxes and options["region_map"]:
        raise click.UsageError("--box and --region-map exclude each other")
    other_format = Image.registered_extensions().get(output.suffix.lower(), "JPEG") != "JPEG"
    if other_format and not output.is_dir():
        raise click.UsageError(f"{output} names no JPEG file; the output is a .jpg file or a folder")
    into_folder = output.is_dir() or output.suffix.lower() not in Image.registered_extensions()
    if len(inputs) > 1 and not into_folder:
        raise click.UsageError(f"{len(inputs)} files do not fit into the one file {output}")
    targets = [output / f"{source.stem}.jpg" if into_folder else output for source in inputs]
    if len(set(targets)) < len(targets):
        raise click.UsageError("two of the files would get the same name in the output folder")

    chosen = {name: value for name, value in options.items() if value is not None}
    if boxes:
        chosen["region_map"] = boxes
    _check_options(chosen)
    failed = False
    for source, target in zip(inputs, targets, strict=True):
        try:
            before, after = _convert_file(source, target, background_color, chosen)
        except Exception as error:  # damaged and huge files make Pillow raise errors of many kinds; the others go on
            click.echo(f"{source}: {error}", err=True)
            failed = True
        else:
            click.echo(f"{source} -> {target}: {before:,} -> {after:,} bytes")
    if failed:
        raise SystemExit(SOME_FAILED)


def _check_options(chosen: dict[str, Any]) -> None:
    """What is wrong with any picture is wrong usage, and said before the first file is read."""
    try:
        options = SaveOptions.from_keywords(chosen)
        resolve_background_quality(options, resolve_quantization(options, "RGB", None).quality)
        if options.region_map is None:
            load_model(options.map_model)
    except RegionJpegError as error:
        raise click.UsageError(str(error)) from None


def _convert_file(
    source: Path, target: Path, background_color: tuple[int, ...], options: dict[str, Any]
) -> tuple[int, int]:
    """Write the target completely or not at all; returns the bytes of both files."""
    with Image.open(source) as image:
        metadata = _metadata(image)
        jpeg = codec.encode(_flattened(image, background_color), **metadata, **options)
    target.parent.mkdir(parents=True, exist_ok=True)
    before = source.stat().st_size
    _replace(target, lambda file: file.write_bytes(jpeg))
    return before, len(jpeg)


def _flattened(image: Image.Image, background_color: tuple[int, ...]) -> Image.Image:
    """Palettes and alpha, which JPEG does not have, as RGB on the background; other pictures as they are."""
    if image.mode not in ("P", "PA", "LA", "La", "RGBA", "RGBa"):
        return image
    picture = image.convert("RGBA")
    flattened = Image.new("RGBA", picture.size, background_color)
    flattened.alpha_composite(picture)
    return flattened.convert("RGB")


def _metadata(image: Image.Image) -> dict[str, Any]:
    """The save options that keep the picture's metadata."""
    image.load()  # in a PNG, metadata may follow the pixels; a TIFF is turned upright, and its orientation dropped
    kept = {name: image.info[name] for name in METADATA if image.info.get(name)}
    # WebP holds EXIF bare; in a JPEG the signature says what the marker is, and without it the orientation is lost.
    if "exif" in kept and not kept["exif"].startswith(EXIF_SIGNATURE):
        kept["exif"] = EXIF_SIGNATURE + kept["exif"]
    if not all(map(math.isfinite, kept.get("dpi", ()))):  # a TIFF's resolution may be 0/0
        del kept["dpi"]
    return kept


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Write to a temporary name in the same folder, then rename: nobody ever sees half a file."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@main.command("map")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A .png file.")
@click.option("-m", "--map-model", default="msroi", show_default=True)
@click.option("--overlay", is_flag=True, help="Draw it as a heat map over the photograph.")
def map_command(source: Path, output: Path, map_model: str, *, overlay: bool) -> None:
    """Write what a map model finds important as a grey picture of the photograph's size: white matters most."""
    try:
        with Image.open(source) as image:
            importance = codec.predict_map(image, map_model)
            picture = visualize.overlay(image, importance) if overlay else _grey(importance, image.size)
        _replace(output, picture.save)
    except Exception as error:  # as in convert
        click.echo(f"{source}: {error}", err=True)
        raise SystemExit(SOME_FAILED) from None


def _grey(importance: NDArray[np.float32], size: tuple[int, int]) -> Image.Image:
    grey = Image.fromarray((importance * 255).round().astype(np.uint8))
    return grey.resize(size, Image.Resampling.BILINEAR)


@main.command()
@click.argument("original", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("files", metavar="DECODED...", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--mask", "mask_file", type=click.Path(exists=True, dir_okay=False), help="A picture: white is inside.")
@click.option("--json", "form", flag_value="json", help="A JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="A header and a line for each picture.")
def compare(original: Path, files: tuple[Path, ...], mask_file: str | None, form: str | None) -> None:
    """Print size and quality figures of pictures, one record each, against the original they were made from.

    With a mask there are figures inside and outside it too. A figure that is infinite, or that the picture is too small
    for, is null in JSON. Needs the extra [metrics].
    """
    try:
        metrics.check_packages()
        mask = Image.open(mask_file).convert("L") if mask_file else None
    except (RegionJpegError, OSError) as error:
        raise click.UsageError(str(error)) from None
    failed, headed = False, False
    for file in files:
        try:
            with Image.open(original) as before, Image.open(file) as after:
                figures = comparison.compare(before.convert("RGB"), after.convert("RGB"), mask)
        except Exception as error:  # as in convert
            click.echo(f"{file}: {error}", err=True)
            failed = True
        else:
            record = {"file": str(file), "bytes": file.stat().st_size, **figures}
            _print_record(record, form, with_header=not headed)
            headed = True
    if failed:
        raise SystemExit(SOME_FAILED)


def _print_record(record: dict[str, Any], form: str | None, *, with_header: bool) -> None:
    rounded = {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in record.items()}
    if form == "json":
        finite = {name: None if value in (math.inf, -math.inf) else value for name, value in rounded.items()}
        click.echo(json.dumps(finite))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if with_header:
            writer.writerow(rounded)
        writer.writerow(rounded.values())
    else:
        shown = (f"{name} {'-' if value is None else value}" for name, value in rounded.items() if name != "file")
        click.echo(f"{record['file']}: {', '.join(shown)}")


@main.command()
def models() -> None:
    """List the installed map models with their cards."""
    for card in list_models():
        click.echo(f"{card.name} ({card.kind}): {card.method}")
        click.echo(f"  trained on: {card.training_data}")
        click.echo(f"  licence: {card.licence}")
