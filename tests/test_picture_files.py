"""Files of all formats: what JPEG can hold is made fit for it with its metadata, the rest is refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from helper import photograph, saved
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

import pyregjpeg
from pyregjpeg import picture_files
from pyregjpeg.errors import CodecError
from pyregjpeg.picture_files import PictureFile

WHITE = (255, 255, 255)
Tag = ExifTags.Base
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def file_of(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def opened(content: bytes, background: tuple[int, int, int] = WHITE, **options: Any) -> PictureFile:
    return picture_files.opened(content, background, **options)


def exif_of(kept: PictureFile) -> Image.Exif:
    exif = Image.Exif()
    exif.load(kept.metadata["exif"])
    return exif


def small(mode: str = "RGB") -> Image.Image:
    return photograph("coffee", mode).resize((40, 30))


def camera() -> Image.Exif:
    exif = Image.Exif()
    exif[Tag.Orientation] = 6
    exif[Tag.Make] = "a camera"
    return exif


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_what_holds_several_pictures_is_refused(form: str) -> None:
    content = file_of(small(), form, save_all=True, append_images=[small("L").convert("RGB")])
    with pytest.raises(CodecError, match="holds 2 pictures"):
        opened(content)


def test_of_a_file_with_one_main_picture_that_one_is_taken() -> None:
    content = file_of(small(), "MPO", save_all=True, append_images=[small("L")])
    kept = opened(content)
    assert kept.image.size == (40, 30)
    assert kept.notes == ("the further pictures in it are left out",)


@pytest.mark.parametrize(("mode", "form"), [("I;16", "PNG"), ("I;16", "TIFF"), ("I", "TIFF")])
def test_grey_of_more_than_8_bits_is_refused(mode: str, form: str) -> None:
    with pytest.raises(CodecError, match="more than 8 bits"):
        opened(file_of(Image.new(mode, (8, 8)), form))


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_what_pillows_jpeg_does_not_take_is_refused(mode: str) -> None:
    kept = opened(file_of(Image.new(mode, (8, 8)), "TIFF"))
    with pytest.raises(CodecError, match=f"cannot write mode {mode}"):
        pyregjpeg.encode(kept.image, region_map=[(0, 0, 8, 8)])


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(CodecError, match="no picture"):
        opened(content)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_alpha_is_flattened_on_the_background_with_a_warning(mode: str) -> None:
    transparent = {"transparency": (0, 0, 0) if mode == "RGB" else 0} if mode in ("P", "RGB", "L") else {}
    kept = opened(file_of(Image.new(mode, (16, 16), 0), "PNG", **transparent), (64, 128, 192))
    assert (kept.image.mode, kept.image.getpixel((8, 8))) == ("RGB", (64, 128, 192))
    assert "transparency" in " ".join(kept.notes)


def test_half_transparent_is_half_of_each() -> None:
    kept = opened(file_of(Image.new("RGBA", (8, 8), (255, 0, 0, 128)), "PNG"), (0, 0, 255))
    assert kept.image.getpixel((4, 4)) == pytest.approx((128, 0, 127), abs=1)


@pytest.mark.parametrize(("mode", "flat"), [("RGBA", "RGB"), ("LA", "L"), ("P", "RGB"), ("1", "1"), ("CMYK", "CMYK")])
def test_what_nothing_shines_through_has_no_warning(mode: str, flat: str) -> None:
    image = small().convert(mode)
    kept = opened(file_of(image, "TIFF"))
    assert (kept.image.mode, kept.notes) == (flat, ())
    assert np.array_equal(np.asarray(kept.image), np.asarray(image.convert(flat)))


def test_grey_stays_grey_on_a_grey_background() -> None:
    kept = opened(file_of(Image.new("LA", (8, 8), (0, 0)), "PNG"))
    assert (kept.image.mode, kept.image.getpixel((4, 4))) == ("L", 255)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_metadata_comes_along(form: str) -> None:
    options: dict[str, Any] = {"exif": camera(), "icc_profile": PROFILE, "xmp": XMP, "dpi": (300, 300)}
    if form == "PNG":  # Pillow reads XMP from one, and has to be shown where to write it
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
    kept = opened(file_of(small(), form, **options))
    written = pyregjpeg.encode(kept.image, region_map=[(0, 0, 8, 8)], **kept.metadata)
    with Image.open(io.BytesIO(written)) as image:
        assert (image.getexif()[Tag.Orientation], image.getexif()[Tag.Make]) == (6, "a camera")
        assert (image.info["icc_profile"], image.info["xmp"]) == (PROFILE, XMP)
        if form != "WEBP":  # has no place for it
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_exif_that_an_old_png_holds_as_text_comes_along() -> None:
    exif = camera().tobytes()
    told = PngImagePlugin.PngInfo()
    told.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{exif.hex()}\n")
    assert exif_of(opened(file_of(small(), "PNG", pnginfo=told)))[Tag.Make] == "a camera"


def test_a_tiff_tells_of_its_camera_and_not_of_its_strips() -> None:
    exif = camera()
    told = {ExifTags.IFD.Exif: {Tag.ExposureTime: 0.25}, ExifTags.IFD.GPSInfo: {ExifTags.GPS.GPSLatitudeRef: "N"}}
    for directory, tags in told.items():
        exif.get_ifd(directory).update(tags)
        exif[directory] = 0  # or Pillow's TIFF does not write it
    kept = opened(file_of(small(), "TIFF", exif=exif, icc_profile=PROFILE, dpi=(300, 300)))
    found = exif_of(kept)
    assert found[Tag.Make] == "a camera"
    assert found.get_ifd(ExifTags.IFD.Exif)[Tag.ExposureTime] == 0.25
    assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert Tag.Orientation not in found  # Pillow has turned it upright
    assert not {Tag.StripOffsets, Tag.ImageWidth, Tag.Compression} & set(found)
    assert kept.metadata["icc_profile"] == PROFILE
    assert kept.metadata["dpi"] == (300, 300)


@pytest.mark.parametrize("name", ["exif", "icc", "xmp", "comment"])
def test_what_is_stripped_stays_behind_and_nothing_else(name: str) -> None:
    content = file_of(small(), "JPEG", exif=camera(), icc_profile=PROFILE, xmp=XMP, comment=b"words")
    kept = opened(content, strip=(name,)).metadata
    assert (b"a camera" in kept["exif"]) == (name != "exif")
    assert ("icc_profile" in kept) == (name != "icc")
    assert ("xmp" in kept) == (name != "xmp")
    assert bool(kept["comment"]) == (name != "comment")


def test_all_is_all_but_how_the_picture_is_turned() -> None:
    content = file_of(small(), "JPEG", exif=camera(), icc_profile=PROFILE, xmp=XMP, comment=b"words")
    kept = opened(content, strip=("all",))
    assert dict(exif_of(kept)) == {Tag.Orientation: 6}
    assert kept.metadata["comment"] == b""
    assert set(kept.metadata) <= {"exif", "comment", "dpi"}
    assert opened(saved(small(), "JPEG"), strip=("all",)).metadata["exif"] == b""


def test_the_comment_of_a_picture_with_a_palette_comes_along() -> None:
    assert opened(file_of(small().quantize(16), "GIF", comment=b"words")).metadata["comment"] == b"words"


def test_a_grey_profile_does_not_describe_colours() -> None:
    grey = bytearray(PROFILE)
    grey[16:20] = b"GRAY"
    image = Image.new("LA", (8, 8), (0, 0))
    assert "icc_profile" not in opened(file_of(image, "PNG", icc_profile=bytes(grey)), (64, 128, 192)).metadata
    assert "icc_profile" in opened(file_of(image, "PNG", icc_profile=bytes(grey))).metadata
