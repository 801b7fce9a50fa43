"""What a transcoded file carries over: every segment in order and to the byte, but for those that are stripped."""

from __future__ import annotations

from typing import Any

import pytest
from helper import APP0, APP1, APP2, APP14, COM, DQT, SOS, Segment, opened, payloads, segments
from jpeg_sources import EOI, jpeg_of, segment, with_segments
from PIL import ExifTags, Image, ImageCms, ImageOps

import pyregjpeg
from pyregjpeg import transcoding

APP13 = 0xED
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CENTRE = [(80, 60, 240, 160)]
GUID = b"0123456789ABCDEF0123456789ABCDEF"


def exif(orientation: int, order: str = ">") -> bytes:
    made = Image.Exif()
    made.endian = order
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Make] = "a camera"
    made[ExifTags.Base.Software] = "its software"
    return made.tobytes()


EXIF = (APP1, exif(6))
XMP = (APP1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")
EXTENDED_XMP = [
    (APP1, b"http://ns.adobe.com/xmp/extension/\0" + GUID + bytes((0, 0, 0, 8, 0, 0, 0, start)) + b"half")
    for start in (0, 4)
]
ICC = [(APP2, b"ICC_PROFILE\0" + bytes((number + 1, 3)) + SRGB[200 * number :][:200]) for number in range(2)]
ICC.append((APP2, b"ICC_PROFILE\0\3\3" + SRGB[400:]))
PHOTOSHOP = (APP13, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0")
UNKNOWN = [
    (0xE5, b"what no one knows"),
    (0xEB, b""),
    (0xEF, bytes(65533)),
    (APP1, b"Exif"),
    (APP2, b"MPF"),
    (APP0, b"JFXX\0"),
]
COMMENTS = [(COM, b"one"), (COM, b""), (COM, b"\xff\xd8\xff\xd9")]
OTHERS = [PHOTOSHOP, *UNKNOWN]
# Mixed, to show that order is kept.
ADDED: list[Segment] = [COMMENTS[0], ICC[2], EXIF, *UNKNOWN[:3], *ICC[:2], COMMENTS[1], *EXTENDED_XMP, PHOTOSHOP, XMP]
ADDED += [*UNKNOWN[3:], COMMENTS[2]]


def carried_segments(jpeg: bytes) -> list[Segment]:
    return [(marker, payload) for marker, payload in segments(jpeg) if marker == COM or APP0 <= marker <= 0xEF]


@pytest.mark.parametrize("kind", ["4:2:0", "progressive", "CMYK", "RGB", "no JFIF marker", "arithmetic"])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_segment_is_kept_in_order_and_to_the_byte(kind: str, progressive: bool) -> None:
    source = with_segments(jpeg_of(kind), *ADDED)
    jpeg = pyregjpeg.transcode(source, region_map=CENTRE, progressive=progressive, quality=60)
    assert carried_segments(jpeg) == carried_segments(source)
    assert len(carried_segments(jpeg)) >= len(ADDED)


def test_segments_between_scans_follow_the_others() -> None:
    source = with_segments(jpeg_of("tables redefined"), EXIF)
    first, last = source.index(bytes((0xFF, SOS))), source.rindex(bytes((0xFF, 0xDB)))
    assert first < last
    late = segment(*COMMENTS[0]) + segment(*PHOTOSHOP)
    jpeg = pyregjpeg.transcode(source[:last] + late + source[last:-2] + segment(*XMP) + EOI, region_map=CENTRE)
    assert carried_segments(jpeg) == [EXIF, COMMENTS[0], PHOTOSHOP, XMP]


def without(*kinds: list[Segment]) -> list[Segment]:
    gone = [one for kind in kinds for one in kind]
    return [one for one in ADDED if one not in gone]


def orientation_alone(orientation: int) -> Segment:
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    return APP1, made.tobytes()


ORIENTATION = orientation_alone(6)
STRIPPED: dict[tuple[str, ...], list[Segment]] = {
    ("icc",): without(ICC),
    ("xmp",): without([XMP], EXTENDED_XMP),
    ("comment",): without(COMMENTS),
    ("icc", "xmp", "comment"): without(ICC, [XMP], EXTENDED_XMP, COMMENTS),
    ("exif",): [ORIENTATION if one == EXIF else one for one in ADDED],
    ("exif", "icc"): [ORIENTATION if one == EXIF else one for one in without(ICC)],
    ("all",): [ORIENTATION],
    ("all", "exif"): [ORIENTATION],
}


@pytest.mark.parametrize("kept", [False, True], ids=["written", "kept"])
@pytest.mark.parametrize("kind", ["4:2:0", "CMYK", "RGB"])
@pytest.mark.parametrize("strip", STRIPPED, ids="-".join)
def test_what_is_to_be_stripped_goes_and_all_else_stays(strip: tuple[str, ...], kind: str, kept: bool) -> None:
    plain = pyregjpeg.transcode(jpeg_of(kind), background_quality=100)
    source = with_segments(plain, *ADDED)
    options: dict[str, Any] = {"background_quality": 100} if kept else {"region_map": CENTRE}
    result = transcoding.transcoded(source, strip=strip, **options)
    assert result.kept == kept
    needed = [one for one in carried_segments(plain) if one[0] in (APP0, APP14)]
    assert needed
    expected = STRIPPED[strip]
    # Adobe's marker stands behind those that were added.
    assert carried_segments(result.jpeg) == ([*needed, *expected] if needed[0][0] == APP0 else [*expected, *needed])
    if kept:
        assert opened(result.jpeg).tobytes() == opened(source).tobytes()
        assert len(result.jpeg) < len(source)


def test_where_there_is_nothing_to_strip_the_very_file_is_kept() -> None:
    jpeg = pyregjpeg.transcode(jpeg_of("4:2:0"), background_quality=100)
    for strip in ("exif", "icc", "xmp", "comment", "all"):
        assert pyregjpeg.transcode(jpeg, background_quality=100, strip={strip}) is jpeg


@pytest.mark.parametrize("strip", [["exif"], ("all",)])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_stays_upright_without_the_rest_of_its_exif(orientation: int, order: str, strip: Any) -> None:
    source = with_segments(jpeg_of("4:2:0"), (APP1, exif(orientation, order)))
    jpeg = pyregjpeg.transcode(source, region_map=CENTRE, strip=strip)
    tags = dict(opened(jpeg).getexif())
    assert tags == ({ExifTags.Base.Orientation: orientation} if 2 <= orientation <= 8 else {})
    assert ImageOps.exif_transpose(opened(jpeg)).size == ImageOps.exif_transpose(opened(source)).size


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "damaged", [b"", b"II*\0", b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"]
)
def test_damaged_exif_is_kept_as_it_is_or_goes_altogether(damaged: bytes) -> None:
    source = with_segments(jpeg_of("4:2:0"), (APP1, b"Exif\0\0" + damaged))
    assert (APP1, b"Exif\0\0" + damaged) in carried_segments(pyregjpeg.transcode(source, region_map=CENTRE))
    assert payloads(pyregjpeg.transcode(source, region_map=CENTRE, strip=("exif",)), APP1) == []


def test_stripping_finds_segments_and_not_what_looks_like_them() -> None:
    """An empty comment is FF FE 00 02: so may steps of a table be. Before a marker there may be more of FF, and libjpeg
    passes over a comment that claims to be shorter than its length."""
    comment = segment(COM, b"")
    table = segment(DQT, b"\x13" + comment + bytes(range(124)))  # 16 bits, in a slot that no component uses
    plain = pyregjpeg.transcode(jpeg_of("4:2:0"), background_quality=100, restart_marker_blocks=1)

    def with_comments(comment: bytes) -> bytes:
        start = plain[:2] + b"\xff\xfe\0\1" + table + b"\xff\xff"
        return start + comment + b"\xff" + plain[2:-2] + b"\xff\xff" + comment + EOI

    options: dict[str, Any] = {"optimize": False, "restart_marker_blocks": 1}  # so that the file stays as it was
    result = transcoding.transcoded(with_comments(comment), background_quality=100, strip=("comment",), **options)
    assert result.kept
    assert result.jpeg == with_comments(b"")


def test_pillow_reads_what_it_read_before() -> None:
    source = with_segments(jpeg_of("4:2:0"), EXIF, XMP, ICC[1], ICC[0], ICC[2], COMMENTS[0])
    before, after = opened(source), opened(pyregjpeg.transcode(source, region_map=CENTRE, progressive=True))
    assert before.info["icc_profile"] == SRGB
    assert {**before.info, "progressive": 1, "progression": 1} == after.info
    assert dict(before.getexif()) == dict(after.getexif())
