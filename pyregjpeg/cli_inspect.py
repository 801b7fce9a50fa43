"""The command line's `inspect`: what a JPEG file is, in words or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from . import inspection, visualize
from .cli_convert import SOME_FAILED
from .inspection import Inspection, Marker, Scan, Zeros
from .qf_inspection import QfMap

_QUALITIES = {
    "annex-k": "{}, exactly Pillow's",
    "perceptual": "{}, of pyregjpeg's tables",
    None: "nearest {} of Pillow's",
}


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--heatmap", metavar="PICTURE", type=click.Path(dir_okay=False), help="Draw where the zeros are.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def inspect(source: Path, heatmap: str | None, *, as_json: bool) -> None:
    """Say what a JPEG file is: its tables and their quality, sampling, scans, markers, and how much of it is zero.

    With --heatmap also write a picture of it, in which a block of luma is the brighter the more of its AC coefficients
    are zero.
    """
    try:
        jpeg = source.read_bytes()
        found = inspection.inspect(jpeg)
        if heatmap:
            visualize.write(inspection.heatmap(jpeg), heatmap)
    except Exception as error:  # as in convert
        click.echo(f"{source}: {error}", err=True)
        raise SystemExit(SOME_FAILED) from None
    if as_json:
        click.echo(json.dumps({"file": str(source), **dataclasses.asdict(found)}))
    else:
        click.echo(click.format_filename(source))
        for line in chain(_summary(found), _zeros(found), _tables(found), _places(found)):
            click.echo(line)


def _summary(found: Inspection) -> Iterator[str]:
    colour = " ".join(filter(None, (found.colour_space, found.sampling)))
    samplings = ", ".join(f"{part.name} {part.h_samp}x{part.v_samp}" for part in found.components)
    entropy = "arithmetic coding" if found.arithmetic else f"{found.huffman_tables} Huffman tables"
    restarts = f", restart markers every {found.restart_interval} MCUs" if found.restart_interval else ""
    quality = _QUALITIES[found.exact_tables].format(found.quality)
    size, density = f"{found.width}x{found.height}", f"{found.bits_per_pixel:.3f} bits per pixel"
    yield f"  size         {size}, {found.bytes:,} bytes, {density}"
    yield f"  colour       {colour} ({samplings})"
    yield f"  coding       {found.coding}, {entropy}, {_count(len(found.scans), 'scan')}{restarts}"
    yield f"  quality      {quality}"
    if found.qf_map:
        yield from _qf_map(found.qf_map)
    if found.orientation:
        yield f"  orientation  {found.orientation}"
    if found.bytes_after_end:
        yield f"  after end    {found.bytes_after_end:,} bytes"


def _qf_map(told: QfMap) -> Iterator[str]:
    chroma = f", chroma {told.chroma[0]} to {told.chroma[1]}" if told.chroma else ""
    yield f"  QF map       overhead-free, version {told.version}: luma {told.luma[0]} to {told.luma[1]}{chroma}"
    yield f"               {told.told:,} of {told.regions:,} values told, {told.bytes:,} bytes"
    if told.predictor:
        installed = "installed" if told.installed else "not installed"
        yield f"               the others by predictor {told.predictor} ({told.digest}), which is {installed}"


def _zeros(found: Inspection) -> Iterator[str]:
    def line(name: str, zeros: Zeros) -> str:
        return f"  {name:3} {zeros.coefficients:18.1%} {zeros.ac:12.1%} {zeros.blocks:22.1%}"

    yield f"{'zero':5} {'of coefficients':>17} {'of AC':>12} {'blocks without AC':>22}"
    yield line("all", found.zeros)
    yield from (line(part.name, part.zeros) for part in found.components)


def _tables(found: Inspection) -> Iterator[str]:
    names: dict[tuple[tuple[int, ...], ...], list[str]] = {}
    for part in found.components:
        names.setdefault(part.table, []).append(part.name)
    for table, sharing in names.items():
        yield f"quantisation table of {' '.join(sharing)}"
        yield from ("  " + " ".join(f"{step:5}" for step in row) for row in table)


def _places(found: Inspection) -> Iterator[str]:
    """The markers, each scan with what it carries and the bytes of its data."""
    yield f"{'marker':8} {'at byte':>12} {'bytes':>12}"
    scans = iter(found.scans)
    for marker in found.markers:
        if marker.name != "SOS":
            yield _place(marker, marker.bytes, marker.detail)
            continue
        scan = next(scans)
        yield _place(marker, marker.bytes + scan.bytes, _carried(scan, progressive=found.coding == "progressive"))


def _place(marker: Marker, size: int, detail: str) -> str:
    said = ": ".join(filter(None, (marker.contents, detail)))
    return f"  {marker.name:6} {marker.offset:>12,} {size:>12,}  {said}".rstrip()


def _carried(scan: Scan, *, progressive: bool) -> str:
    names = " ".join(scan.components)
    if not progressive:
        return names
    what = f"AC {scan.first} to {scan.last}" if scan.last else "DC"
    if scan.refines:
        return f"{names} {what}, bit {scan.left_out}"
    return f"{names} {what}" + (f", all but {_count(scan.left_out, 'bit')}" if scan.left_out else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
