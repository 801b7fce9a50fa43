"""What exiftool reads of a file before and after it is transcoded: every tag is the same but those of the coding."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from helper import photograph, saved
from jpeg_sources import jpeg_of
from multi_picture import by_hand, by_pillow, parts
from PIL import ImageCms

import pyregjpeg

CENTRE = [(80, 60, 240, 160)]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
OF_THE_FILE_AND_ITS_CODING = ("SourceFile", "ExifTool:", "System:", "File:EncodingProcess")
WRITTEN = (
    "-Make=A camera",
    "-Orientation#=6",
    "-ExposureTime=1/60",
    "-UserComment=ünïcode",
    "-GPSLatitude=48.1",
    "-GPSLatitudeRef=N",
    "-IPTC:Keywords=one",
    "-IPTC:Keywords=two",
    "-XMP-dc:Title=A cup of coffee",
    "-Comment=a comment",
    "-JFIF:XResolution=300",
)


def exiftool(*arguments: str | Path) -> bytes:
    path = shutil.which("exiftool")
    assert path is not None, "exiftool is not installed (Debian: libimage-exiftool-perl)"
    return subprocess.run([path, *arguments], capture_output=True, check=True).stdout


def tags(jpeg: bytes, folder: Path) -> dict[str, Any]:
    """Each tag with its value, binary ones too, by group and copy."""
    path = folder / "read.jpg"
    path.write_bytes(jpeg)
    [found] = json.loads(exiftool("-j", "-b", "-a", "-G1:4", path))
    return {name: value for name, value in found.items() if not name.startswith(OF_THE_FILE_AND_ITS_CODING)}


def groups(found: dict[str, Any]) -> set[str]:
    return {name.split(":")[0] for name in found}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A photograph with EXIF and its thumbnail, GPS, IPTC, XMP so long that it is extended, ICC and a comment."""
    folder = tmp_path_factory.mktemp("exiftool")
    path = folder / "written.jpg"
    path.write_bytes(jpeg_of("4:2:0"))
    contents = {
        "ThumbnailImage": saved(photograph("coffee").resize((160, 106)), "JPEG"),
        "XMP-dc:Description": b"Words without end. " * 8000,
        "ICC_Profile": SRGB,
    }
    for name, content in contents.items():
        (folder / name.replace(":", "")).write_bytes(content)
    from_files = [f"-{name}<={folder / name.replace(':', '')}" for name in contents]
    exiftool("-overwrite_original", *WRITTEN, *from_files, path)
    return path.read_bytes()


def test_this_test_sees_every_kind_of_metadata(tagged: bytes, tmp_path: Path) -> None:
    expected = {"JFIF", "IFD0", "ExifIFD", "GPS", "IFD1", "IPTC", "XMP-dc", "XMP-xmpNote", "ICC_Profile", "File"}
    assert expected <= groups(tags(tagged, tmp_path))


@pytest.mark.parametrize(
    "options",
    [{}, {"quality": 50}, {"progressive": True, "restart_marker_rows": 1}, {"background_quality": 100}],
    ids=str,
)
def test_exiftool_reads_the_same_tags(options: dict[str, Any], tagged: bytes, tmp_path: Path) -> None:
    jpeg = pyregjpeg.transcode(tagged, region_map=CENTRE, **options)
    assert jpeg != tagged
    assert tags(jpeg, tmp_path) == tags(tagged, tmp_path)


@pytest.mark.parametrize("kind", ["RGB", "YCCK", "arithmetic", "grey"])
def test_exiftool_reads_the_same_of_other_kinds(kind: str, tmp_path: Path) -> None:
    jpeg = pyregjpeg.transcode(jpeg_of(kind), region_map=CENTRE, quality=50)
    assert jpeg != jpeg_of(kind)
    assert tags(jpeg, tmp_path) == tags(jpeg_of(kind), tmp_path)


@pytest.mark.parametrize(
    ("strip", "gone"),
    [
        (("exif",), {"ExifIFD", "GPS", "IFD1"}),
        (("icc",), {"ICC_Profile", "ICC-header"}),
        (("xmp",), {"XMP-dc", "XMP-x", "XMP-xmpNote"}),
        (("comment",), set()),
        (("all",), {"ExifIFD", "GPS", "IFD1", "ICC_Profile", "XMP-dc", "IPTC"}),
    ],
    ids=str,
)
def test_exiftool_finds_only_what_was_not_stripped(
    strip: tuple[str, ...], gone: set[str], tagged: bytes, tmp_path: Path
) -> None:
    before = tags(tagged, tmp_path)
    after = tags(pyregjpeg.transcode(tagged, region_map=CENTRE, strip=strip), tmp_path)
    assert gone <= groups(before)
    assert not gone & groups(after)
    assert ("File:Comment" in after) == (not {"comment", "all"} & set(strip))
    assert after["IFD0:Orientation"] == before["IFD0:Orientation"]
    assert ("IFD0:Make" in after) == (not {"exif", "all"} & set(strip))


@pytest.mark.parametrize("source", [by_pillow, by_hand])
def test_exiftool_finds_the_other_pictures(source: Any, tmp_path: Path) -> None:
    jpeg = pyregjpeg.transcode(source(), region_map=CENTRE, quality=50)
    path = tmp_path / "several.jpg"
    path.write_bytes(jpeg)
    for number, other in enumerate(parts(source())[1:], start=2):
        assert exiftool("-b", f"-MPImage{number}", path) == other
    before, after = tags(source(), tmp_path), tags(jpeg, tmp_path)
    assert before.keys() == after.keys()
    moved = {name.split(":")[-1] for name in before if before[name] != after[name]}
    assert moved == {"MPImageStart", "MPImageLength"}
