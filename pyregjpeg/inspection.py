"""What there is to say of a JPEG file: its tables, its scans, its markers, and how much of it is zero."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import markers, perceptual, qf_inspection, quantization, visualize
from .errors import CodecError
from .markers import Segment
from .options import EFFORTS
from .qf_inspection import QfMap
from .reader import Reader
from .region_map import BLOCK
from .table_kinds import family_and_quality

# SHA-256 of the counts and symbols of the four Huffman tables in ITU-T T.81, annex K.3: DC and AC, luma and chroma.
_STANDARD_HUFFMAN = frozenset(
    (
        "2f66814c875b53173f057d784a16a34d0d1f9aa91cdfa7143c41be02c9c7b005",
        "602f734c8c12c1d9d049a18fd91d9ef3d3d8c402665f90db3d97721fc49e4804",
        "a6283a08f5d97906b66adcc812e32396ea83059e55dd4cc91934cf447559aeb6",
        "13f90e3c9dc476c66f24347f6ad29cea93262e99faed279970c2f74e0557f445",
    )
)
_CODINGS = {0: "baseline", 1: "extended", 2: "progressive", 9: "extended", 10: "progressive"}  # by the number of SOF
_FIRST_ARITHMETIC = 9
_COMPONENTS = {
    "grey": ("Y",),
    "unknown": ("1", "2"),
    "RGB": ("R", "G", "B"),
    "YCbCr": ("Y", "Cb", "Cr"),
    "CMYK": ("C", "M", "Y", "K"),
    "YCCK": ("Y", "Cb", "Cr", "K"),
}
_SAMPLINGS: dict[tuple[float, float], str] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
}


@dataclass(frozen=True)
class Zeros:
    """Shares, 0 to 1: of the coefficients that are zero, of the AC ones, and of the blocks without any AC."""

    coefficients: float
    ac: float
    blocks: float


@dataclass(frozen=True)
class Component:
    """One component: its sampling factors, its grid of 8x8 blocks, and its table, 8 rows in natural order."""

    name: str
    h_samp: int
    v_samp: int
    block_rows: int
    block_columns: int
    table: tuple[tuple[int, ...], ...]
    zeros: Zeros


@dataclass(frozen=True)
class Scan:
    """One scan: what it carries, and the bytes of its data.

    `first` to `last` are places in zigzag order. The `left_out` lowest bits of these coefficients are not in it; where
    it `refines`, it is no more than the one bit above them.
    """

    components: tuple[str, ...]
    first: int
    last: int
    refines: bool
    left_out: int
    bytes: int


@dataclass(frozen=True)
class Marker:
    """One marker: its name in the standard, what it holds, what else there is to say of it, its place and bytes."""

    name: str
    contents: str
    detail: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class Inspection:
    """A JPEG file as it is.

    `sampling` is None where there is no usual word for it; `coding` is "baseline", "extended" or "progressive";
    `huffman_tables` "standard" (those of annex K) or "optimised", None where the file is arithmetic-coded. `quality` is
    the one that the tables amount to; where they are exactly those of a quality, `exact_tables` says of which kind,
    "annex-k" (Pillow's) or "perceptual", else it is None and the quality the nearest of Pillow's.
    `restart_interval` is in MCUs, 0 for none. `markers` are in the file's order. `qf_map` is None in the standard
    dialect.
    """

    bytes: int
    width: int
    height: int
    bits_per_pixel: float
    colour_space: str
    sampling: str | None
    coding: str
    arithmetic: bool
    huffman_tables: str | None
    quality: int
    exact_tables: str | None
    restart_interval: int
    orientation: int | None
    bytes_after_end: int
    qf_map: QfMap | None
    zeros: Zeros
    components: tuple[Component, ...]
    scans: tuple[Scan, ...]
    markers: tuple[Marker, ...]


def inspect(jpeg: bytes) -> Inspection:
    """Read the file completely and say what it is.

    Raises CodecError for a file that libjpeg cannot read without a warning, PIL.Image.DecompressionBombError for one of
    too many pixels, as `read_levels` does.
    """
    with Reader(jpeg) as reader:
        counts = [_zero_counts(plane) for plane in reader.levels()]
    segments = list(markers.segments(jpeg))  # well-formed, or libjpeg would have refused them
    (frame,) = (segment for segment in segments if segment.marker in markers.FRAMES)
    number = frame.marker - markers.SOF0
    width, height = reader.size
    colour_space = _colour_space(len(reader.samplings), has_chroma=reader.has_chroma)
    names = _COMPONENTS[colour_space]
    exact_tables, quality = _exact_tables(reader)
    orientations = (markers.orientation(it.payload) for it in segments if markers.contents(it) == "EXIF")
    return Inspection(
        bytes=len(jpeg),
        width=width,
        height=height,
        bits_per_pixel=8 * len(jpeg) / (width * height),
        colour_space=colour_space,
        sampling=_sampling(reader.samplings) if reader.has_chroma else None,
        coding=_CODINGS[number],
        arithmetic=number >= _FIRST_ARITHMETIC,
        huffman_tables=None if number >= _FIRST_ARITHMETIC else _huffman_tables(segments),
        quality=quality,
        exact_tables=exact_tables,
        restart_interval=_restart_interval(segments),
        orientation=next(orientations, None),
        bytes_after_end=len(jpeg) - segments[-1].end,
        qf_map=qf_inspection.qf_map(reader),
        zeros=_zeros(sum(counts, np.zeros(4, dtype=np.int64))),
        components=tuple(
            Component(name, *sampling, *grid, tuple(map(tuple, table.reshape(8, 8).tolist())), _zeros(count))
            for name, sampling, grid, table, count in zip(
                names, reader.samplings, reader.grids, reader.tables, counts, strict=True
            )
        ),
        scans=tuple(_scans(segments, frame, names)),
        markers=tuple(
            Marker(markers.name(it.marker), markers.contents(it), markers.detail(it), it.offset, it.size)
            for it in segments
        ),
    )


def _exact_tables(reader: Reader) -> tuple[str | None, int]:
    family, quality = family_and_quality(reader.tables[0])
    of_efforts = [perceptual.tables(quality, effort) for effort in EFFORTS]
    kinds = [int(reader.has_chroma and component in (1, 2)) for component in range(len(reader.tables))]
    for tables in of_efforts if family == "perceptual" else [quantization.annex_k(quality)]:
        if np.array_equal(tables[kinds], reader.tables):
            return family, quality
    return None, quantization.equivalent_quality(reader.tables[0])


def heatmap(jpeg: bytes) -> Image.Image:
    """The photograph in gray, each block of luma coloured by how many of its AC coefficients are zero: bright, all.

    Raises as `inspect` does.
    """
    with Reader(jpeg) as reader:
        luma = reader.levels()[0]
    zero = luma.reshape(*luma.shape[:2], 64)[..., 1:] == 0
    share: NDArray[np.float32] = zero.mean(axis=2, dtype=np.float32)
    h_samp, v_samp = reader.samplings[0]
    h_max, v_max = (max(factors) for factors in zip(*reader.samplings, strict=True))
    pixels = visualize.on_pixels(share, reader.size, (BLOCK * h_max / h_samp, BLOCK * v_max / v_samp))
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as photograph:
            return visualize.overlay(photograph, pixels)
    except OSError as error:
        raise CodecError(f"Pillow cannot decode the picture: {error}") from error


def _colour_space(components: int, *, has_chroma: bool) -> str:
    if has_chroma:
        return "YCbCr" if components == 3 else "YCCK"
    return {1: "grey", 3: "RGB", 4: "CMYK"}.get(components, "unknown")


def _sampling(samplings: Sequence[tuple[int, int]]) -> str | None:
    """The usual word for it: how many samples of luma there are for one of chroma."""
    (h_luma, v_luma), (h_chroma, v_chroma) = samplings[:2]
    usual = samplings[2] == samplings[1] and all(sampling == samplings[0] for sampling in samplings[3:])
    return _SAMPLINGS.get((h_luma / h_chroma, v_luma / v_chroma)) if usual else None


def _huffman_tables(segments: Sequence[Segment]) -> str:
    """By what the file holds; where it holds none, decoders take the standard ones."""
    tables = [
        table
        for segment in segments
        if segment.marker == markers.DHT
        for _, table in markers.huffman_tables(segment.payload)
    ]
    return "standard" if {hashlib.sha256(table).hexdigest() for table in tables} <= _STANDARD_HUFFMAN else "optimised"


def _restart_interval(segments: Sequence[Segment]) -> int:
    """That of the first scan."""
    interval = 0
    for segment in segments:
        if segment.marker == markers.DRI:
            interval = int.from_bytes(segment.payload, "big")
        elif segment.marker == markers.SOS:
            break
    return interval


def _scans(segments: Sequence[Segment], frame: Segment, names: Sequence[str]) -> Iterator[Scan]:
    identifiers = list(frame.payload[6::3])
    for segment, following in pairwise(segments):
        if segment.marker == markers.SOS:
            *chosen, first, last, bits = segment.payload[1:]
            carried = tuple(names[identifiers.index(identifier)] for identifier in chosen[::2])
            yield Scan(carried, first, last, bits >= 16, bits % 16, following.offset - segment.end)


def _zero_counts(levels: NDArray[np.int16]) -> NDArray[np.int64]:
    """Blocks, and of these the coefficients that are zero, the AC ones, and the blocks all of whose AC ones are."""
    zero = levels.reshape(-1, 64) == 0
    ac = zero[:, 1:]
    return np.array([len(zero), zero.sum(), ac.sum(), ac.all(axis=1).sum()])


def _zeros(counts: NDArray[np.int64]) -> Zeros:
    blocks, coefficients, ac, empty = counts.tolist()
    return Zeros(coefficients / (64 * blocks), ac / (63 * blocks), empty / blocks)
