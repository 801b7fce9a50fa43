"""Picture files that go through pixels: opened, refused or made fit for a JPEG, with the metadata that they keep."""

from __future__ import annotations

import io
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image, UnidentifiedImageError

from .errors import CodecError
from .metadata import EXIF_SIGNATURE
from .region_map import turns

METADATA = ("exif", "icc_profile", "xmp", "dpi")
# These hold one picture that is meant to be seen, and others that belong to it.
ONE_MAIN_PICTURE = {"MPO": "the further pictures in it are left out", "PSD": ""}
Tag = ExifTags.Base
# The tags of a TIFF that say something about the picture; the others say where its pixels are.
TOLD_BY_TIFF = (
    *(Tag.ImageDescription, Tag.Make, Tag.Model, Tag.Software, Tag.DateTime, Tag.Artist, Tag.HostComputer),
    *(Tag.Copyright, Tag.Rating, Tag.RatingPercent),
    *(Tag.XPTitle, Tag.XPComment, Tag.XPAuthor, Tag.XPKeywords, Tag.XPSubject),
)


@dataclass(frozen=True)
class PictureFile:
    """A picture that JPEG can hold, the save options that keep its metadata, and what the user should know of it."""

    image: Image.Image
    metadata: dict[str, Any]
    notes: tuple[str, ...] = ()


def opened(content: bytes, background_color: tuple[int, int, int], strip: Collection[str] = ()) -> PictureFile:
    """The picture in a file of any format that Pillow opens, transparent ones flattened on `background_color`.

    `strip` names the metadata that is left out: "exif", "icc", "xmp", "comment" or "all". CodecError for what is no
    picture or more than one, and for 16 or more bits in grey; other errors as Pillow raises them.
    """
    try:
        image = Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        raise CodecError("it is no picture, or of a format that Pillow does not know") from None
    notes = []
    if getattr(image, "is_animated", False):
        if image.format not in ONE_MAIN_PICTURE:
            raise CodecError(f"it holds {getattr(image, 'n_frames', 'several')} pictures, a JPEG holds one")
        notes.append(ONE_MAIN_PICTURE[image.format])
    if image.mode.startswith("I"):
        raise CodecError(f"it has more than 8 bits a sample (mode {image.mode}), a JPEG holds 8")
    if any(";16" in str(tile) for tile in image.tile):
        notes.append("of 16 bits a sample 8 are kept")
    image.load()  # in a PNG, metadata may follow the pixels; a TIFF is turned upright, and its orientation dropped
    flattened, had_alpha = _flattened(image, background_color)
    if had_alpha:
        notes.append("its transparency is lost: it was flattened")
    return PictureFile(flattened, _metadata(image, flattened, strip), tuple(filter(None, notes)))


def _flattened(image: Image.Image, background_color: tuple[int, int, int]) -> tuple[Image.Image, bool]:
    """Palettes and alpha, which JPEG does not have, as grey or RGB on the background; whether there was any alpha."""
    if not image.has_transparency_data:
        return (image.convert("RGB") if image.mode == "P" else image), False
    picture = image.convert("RGBA")
    is_grey = image.mode in ("1", "L", "LA", "La")
    lowest, _ = picture.getchannel("A").getextrema()
    if lowest == 255:
        return picture.convert("L" if is_grey else "RGB"), False
    flattened = Image.new("RGBA", picture.size, background_color)
    flattened.alpha_composite(picture)
    return flattened.convert("L" if is_grey and len(set(background_color)) == 1 else "RGB"), True


def _metadata(image: Image.Image, flattened: Image.Image, strip: Collection[str]) -> dict[str, Any]:
    """The save options that keep the picture's metadata."""
    kept = {name: image.info[name] for name in METADATA if image.info.get(name)}
    if "exif" not in kept:
        kept["exif"] = _exif(image)
    # WebP holds EXIF bare; in a JPEG the signature says what the marker is, and without it the orientation is lost.
    if kept["exif"] and not kept["exif"].startswith(EXIF_SIGNATURE):
        kept["exif"] = EXIF_SIGNATURE + kept["exif"]
    if not all(map(_is_finite, kept.get("dpi", ()))):
        del kept["dpi"]
    if flattened.mode == "RGB" and kept.get("icc_profile", b"")[16:20] == b"GRAY":
        del kept["icc_profile"]
    if isinstance(image.info.get("comment"), (bytes, str)):
        kept["comment"] = image.info["comment"]
    for name in ("icc", "xmp", "comment"):
        if name in strip or "all" in strip:
            kept.pop("icc_profile" if name == "icc" else name, None)
    if "exif" in strip or "all" in strip:
        kept["exif"] = _orientation(image)
    if "comment" not in kept:
        kept["comment"] = b""  # or the encoder takes the one that the picture brings
    return kept


def _is_finite(number: Any) -> bool:
    """Whether a resolution is a number: that of a TIFF may be 0/0."""
    try:
        return math.isfinite(number)
    except ZeroDivisionError:  # before Pillow 12 a fraction, and no NaN
        return False


def _orientation(image: Image.Image) -> bytes:
    """EXIF that says no more than how the picture is turned, if it is: without it, it would lie on its side."""
    exif = Image.Exif()
    if turns(image) is not None:
        exif[Tag.Orientation] = image.getexif()[Tag.Orientation]
    return exif.tobytes() if len(exif) else b""


def _exif(image: Image.Image) -> bytes:
    """EXIF that a format keeps in another form than JPEG: a TIFF as its own tags, an old PNG as text."""
    try:
        found = image.getexif()
        if image.format != "TIFF":
            return found.tobytes() if "Raw profile type exif" in image.info else b""
        exif = Image.Exif()
        for tag in TOLD_BY_TIFF:
            if tag in found:
                exif[tag] = found[tag]
        directories = {number: found.get_ifd(number) for number in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)}
        for number, directory in directories.items():
            if directory:
                exif.get_ifd(number).update(directory)
        return exif.tobytes() if len(exif) or any(directories.values()) else b""
    except Exception:  # damaged EXIF makes Pillow raise errors of many kinds; the picture is worth more
        return b""
