"""The command line's `convert`: pictures in, JPEGs in which what matters keeps its quality out."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from PIL import Image, ImageColor

from . import codec, load_model
from .errors import RegionJpegError
from .options import SaveOptions, resolve_background_quality, resolve_quantization

SOME_FAILED = 1
METADATA = ("exif", "icc_profile", "xmp", "dpi")
EXIF_SIGNATURE = b"Exif\0\0"


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


@click.command()
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
    replace(target, lambda file: file.write_bytes(jpeg))
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


def replace(target: Path, write: Callable[[Path], object]) -> None:
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
