"""What inspect says of a file, held against Pillow, jpeglib and libjpeg's own programs."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterator

import numpy as np
import pytest
from helper import photograph, read_levels, saved
from PIL import Image

import pyregjpeg
from pyregjpeg.inspection import Inspection, inspect
from pyregjpeg.options import EFFORTS
from pyregjpeg.quantization import annex_k


def program(name: str, *switches: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    path = shutil.which(name)
    assert path is not None, f"{name} is not installed (Debian: libjpeg-turbo-progs)"
    return subprocess.run([path, *switches], input=stdin, capture_output=True, check=True)


def cjpeg(*switches: str) -> bytes:
    file = io.BytesIO()
    photograph("coffee").save(file, "PPM")
    return program("cjpeg", *switches, stdin=file.getvalue()).stdout


def jpeg_of(mode: str = "RGB", **options: object) -> bytes:
    return saved(photograph("coffee", mode), "JPEG", **options)


def as_ycck() -> bytes:
    """A CMYK file that says of itself that it is YCCK, which Pillow does not write."""
    jpeg = jpeg_of("CMYK")
    place = jpeg.index(b"Adobe") + 11
    return jpeg[:place] + b"\2" + jpeg[place + 1 :]


CODED = {
    "baseline": lambda: jpeg_of(),
    "progressive, restarts": lambda: jpeg_of(progressive=True, restart_marker_blocks=7),
    "optimised": lambda: jpeg_of(optimize=True),
    "grey": lambda: jpeg_of("L"),
    "CMYK": lambda: jpeg_of("CMYK"),
    "YCCK": as_ycck,
    "extended, tables of 16 bits": lambda: cjpeg("-quality", "5"),
    "arithmetic": lambda: cjpeg("-arithmetic"),
    "progressive, arithmetic": lambda: cjpeg("-arithmetic", "-progressive", "-restart", "2"),
    "4:1:1": lambda: cjpeg("-sample", "4x1"),
}


@pytest.fixture(params=CODED)
def jpeg(request: pytest.FixtureRequest) -> bytes:
    return CODED[request.param]()


def test_size_bytes_and_bits_are_those_of_the_file(jpeg: bytes) -> None:
    found = inspect(jpeg)
    assert (found.bytes, found.width, found.height) == (len(jpeg), 317, 211)
    assert found.bits_per_pixel == pytest.approx(len(jpeg) * 8 / 317 / 211)


def test_tables_and_sampling_are_those_that_pillow_reads(jpeg: bytes) -> None:
    image = Image.open(io.BytesIO(jpeg))
    by_pillow = [(h, v, image.quantization[slot]) for _, h, v, slot in image.layer]  # type: ignore[attr-defined]
    found = inspect(jpeg).components
    assert [(part.h_samp, part.v_samp, [step for row in part.table for step in row]) for part in found] == by_pillow


def test_shares_of_zeros_are_those_of_the_levels_that_jpeglib_reads(jpeg: bytes) -> None:
    huffman_coded = program("jpegtran", stdin=jpeg).stdout  # jpeglib reads nothing else
    found, (planes, _) = inspect(jpeg), read_levels(huffman_coded)
    blocks = [plane.reshape(-1, 64) for plane in planes]
    for zeros, levels in zip(
        [found.zeros, *(part.zeros for part in found.components)], [np.concatenate(blocks), *blocks], strict=True
    ):
        assert zeros.coefficients == pytest.approx(1 - np.count_nonzero(levels) / levels.size)
        assert zeros.ac == pytest.approx(1 - np.count_nonzero(levels[:, 1:]) / levels[:, 1:].size)
        assert zeros.blocks == pytest.approx(1 - np.count_nonzero(levels[:, 1:].any(axis=1)) / len(levels))
    assert [(part.block_rows, part.block_columns) for part in found.components] == [plane.shape[:2] for plane in planes]


def by_djpeg(jpeg: bytes) -> Iterator[str]:
    """What libjpeg's own trace says of the segments, in the words of `by_us`."""
    trace = program("djpeg", "-verbose", "-verbose", stdin=jpeg).stderr.decode("latin-1")
    for line in trace.splitlines():
        if found := re.match(r"Define Quantization Table (\d)  precision (\d)", line):
            yield f"table {found[1]}{' of 16 bits' if found[2] == '1' else ''}"
        elif found := re.match(r"Define Huffman Table 0x(\d)(\d)", line):
            yield f"{('DC', 'AC')[int(found[1])]} {found[2]}"
        elif found := re.match(r"Define Restart Interval (\d+)", line):
            yield f"restarts {found[1]}"
        elif found := re.match(r"Start Of Frame 0x(\w\w): width=(\d+), height=(\d+), components=(\d)", line):
            yield f"SOF{int(found[1], 16) - 0xC0} {found[2]}x{found[3]} {found[4]}"
        elif found := re.match(r"Start Of Scan: (\d) components", line):
            yield f"scan of {found[1]}"
        elif found := re.match(r"  Ss=(\d+), Se=(\d+), Ah=(\d+), Al=(\d+)", line):
            yield f"{found[1]} to {found[2]}, refines {found[3] != '0'}, left out {found[4]}"
        elif re.match(r"(JFIF APP0|Adobe APP14) marker", line):
            yield line.split()[0]
        elif line == "End Of Image":
            yield "EOI"


def by_us(found: Inspection) -> Iterator[str]:
    scans = iter(found.scans)
    for marker in found.markers:
        if marker.name == "DQT":
            yield from (f"table {table}" for table in marker.detail.split(", "))
        elif marker.name == "DHT":
            yield from marker.detail.split(", ")
        elif marker.name == "DRI":
            yield f"restarts {marker.detail.removesuffix(' MCUs')}"
        elif marker.name.startswith("SOF"):
            size, components = re.sub(" of 8 bits, components", "", marker.detail).split()
            yield f"{marker.name} {size} {components}"
        elif marker.name == "SOS":
            scan = next(scans)
            yield f"scan of {len(scan.components)}"
            yield f"{scan.first} to {scan.last}, refines {scan.refines}, left out {scan.left_out}"
        elif marker.contents in ("JFIF", "Adobe"):
            yield marker.contents
        elif marker.name == "EOI":
            yield "EOI"


def test_markers_and_scans_are_those_that_djpeg_traces(jpeg: bytes) -> None:
    assert list(by_us(inspect(jpeg))) == list(by_djpeg(jpeg))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("baseline", ("baseline", False, "standard")),
        ("optimised", ("baseline", False, "optimised")),
        ("progressive, restarts", ("progressive", False, "optimised")),
        ("extended, tables of 16 bits", ("extended", False, "standard")),
        ("arithmetic", ("extended", True, None)),
        ("progressive, arithmetic", ("progressive", True, None)),
    ],
)
def test_the_coding_is_named(kind: str, expected: tuple[str, bool, str | None]) -> None:
    found = inspect(CODED[kind]())
    assert (found.coding, found.arithmetic, found.huffman_tables) == expected


def test_a_file_without_huffman_tables_is_coded_by_the_standard_ones() -> None:
    jpeg = jpeg_of()
    bare = re.sub(rb"\xff\xc4\x00([\x1f\xb5])", lambda found: b"\xff\xfe\x00" + found[1], jpeg)  # DHT to COM
    assert (inspect(bare).huffman_tables, inspect(bare).zeros) == ("standard", inspect(jpeg).zeros)


@pytest.mark.parametrize(
    ("make", "space", "sampling", "names"),
    [
        (lambda: jpeg_of(subsampling="4:4:4"), "YCbCr", "4:4:4", "Y Cb Cr"),
        (lambda: jpeg_of(subsampling="4:2:2"), "YCbCr", "4:2:2", "Y Cb Cr"),
        (lambda: jpeg_of(subsampling="4:2:0"), "YCbCr", "4:2:0", "Y Cb Cr"),
        (lambda: cjpeg("-sample", "1x2"), "YCbCr", "4:4:0", "Y Cb Cr"),
        (lambda: cjpeg("-sample", "4x1"), "YCbCr", "4:1:1", "Y Cb Cr"),
        (lambda: cjpeg("-sample", "2x1,2x1,2x1"), "YCbCr", "4:4:4", "Y Cb Cr"),
        (lambda: cjpeg("-sample", "2x1,1x1,2x1"), "YCbCr", None, "Y Cb Cr"),
        (lambda: jpeg_of("L"), "grey", None, "Y"),
        (lambda: jpeg_of(keep_rgb=True), "RGB", None, "R G B"),
        (lambda: jpeg_of("CMYK"), "CMYK", None, "C M Y K"),
        (as_ycck, "YCCK", "4:4:4", "Y Cb Cr K"),
    ],
)
def test_colour_space_and_sampling_have_their_usual_names(
    make: CODED,
    space: str,
    sampling: str | None,
    names: str,  # type: ignore[valid-type]
) -> None:
    found = inspect(make())
    assert (found.colour_space, found.sampling) == (space, sampling)
    assert [part.name for part in found.components] == names.split()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_each_of_pillows_qualities_is_recognised_as_such(mode: str) -> None:
    small = photograph("coffee", mode).crop((100, 100, 116, 116))
    for quality in range(1, 101):
        found = inspect(saved(small, "JPEG", quality=quality))
        assert (found.quality, found.exact_tables) == (quality, "annex-k")


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_of_our_own_qualities_is_recognised_as_such(mode: str, effort: str) -> None:
    small = photograph("coffee", mode).crop((100, 100, 116, 116))
    for quality in range(10, 98, 3):  # near both ends several qualities may have one table
        found = inspect(pyregjpeg.encode(small, quality=quality, background_quality=quality, effort=effort))
        assert (found.quality, found.exact_tables) == (quality, "perceptual")


def test_other_tables_amount_to_the_nearest_quality() -> None:
    luma, chroma = annex_k(80).astype(int).tolist()
    assert inspect(jpeg_of(qtables=[luma, chroma])).exact_tables == "annex-k"
    for changed in ([luma, [*chroma[:-1], chroma[-1] + 1]], [[*luma[:-1], luma[-1] + 1], chroma], [luma, luma]):
        found = inspect(jpeg_of(qtables=changed))
        assert (found.quality, found.exact_tables) == (80, None)
    even = inspect(jpeg_of(qtables=[[3] * 64]))
    assert (even.quality, even.exact_tables) == (90, None)


def test_the_restart_interval_is_the_first_scans() -> None:
    assert inspect(jpeg_of(restart_marker_blocks=7)).restart_interval == 7
    assert inspect(jpeg_of(restart_marker_rows=2)).restart_interval == 2 * 20
    assert inspect(jpeg_of()).restart_interval == 0


def test_metadata_is_found_where_it_is() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg = jpeg_of(exif=exif, icc_profile=b"p" * 70_000, xmp=b"<x/>", comment="a cup")
    found = inspect(jpeg)
    assert found.orientation == 6
    described = [(marker.contents, marker.detail) for marker in found.markers if marker.name.startswith(("APP", "COM"))]
    assert described == [
        ("JFIF", "version 1.01, pixels 1:1"),
        ("EXIF", "orientation 6"),
        ("XMP", ""),
        ("ICC profile", "chunk 1 of 2"),
        ("ICC profile", "chunk 2 of 2"),
        ("comment", "a cup"),
    ]
    assert all(jpeg[marker.offset] == 0xFF for marker in found.markers)
    scan_bytes = sum(scan.bytes for scan in found.scans)
    assert sum(marker.bytes for marker in found.markers) + scan_bytes == len(jpeg)


def test_a_second_picture_lies_after_the_end() -> None:
    file = io.BytesIO()
    photograph("coffee").save(file, "MPO", save_all=True, append_images=[photograph("gravel")])
    found = inspect(file.getvalue())
    assert "MPF" in [marker.contents for marker in found.markers]
    second = file.getvalue()[len(file.getvalue()) - found.bytes_after_end :]
    assert Image.open(io.BytesIO(second)).size == (200, 150)
