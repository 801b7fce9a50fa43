"""The command line's `decode`: the picture in an overhead-free file, in a format that other programs know."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click

from . import visualize
from .cli_convert import SOME_FAILED
from .picture_files import METADATA
from .plugin import OverheadFreeFile
from .scan import STANDARD


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False), help="Of any format that Pillow writes."
)
def decode(source: Path, output: str) -> None:
    """Write the picture in an overhead-free file, or - for standard input, in a format that other programs know.

    An ordinary viewer shows wrong contrasts in such a file. The result has its EXIF, ICC, XMP and DPI, and appears when
    all of it is there.
    """
    try:
        jpeg = sys.stdin.buffer.read() if str(source) == STANDARD else source.read_bytes()
        with OverheadFreeFile(io.BytesIO(jpeg)) as picture:
            metadata = {name: picture.info[name] for name in METADATA if picture.info.get(name)}
            visualize.write(picture, output, **metadata)
    except Exception as error:  # as in convert
        click.echo(f"{source}: {error}", err=True)
        raise SystemExit(SOME_FAILED) from None
