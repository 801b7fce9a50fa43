"""Pillow opens overhead-free files rightly and all other JPEGs as ever, in whatever order things are imported."""

from __future__ import annotations

import copy
import hashlib
import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import flat, photograph, saved
from overhead_free_files import GivenMap, encoded, meant, picture_of, pixels
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from qf_stub import random_factors

import pyregjpeg
from pyregjpeg.errors import CodecError
from pyregjpeg.metadata import APP9, QF_MAP_SIGNATURE, segment
from pyregjpeg.plugin import OverheadFreeFile

SIZE = (131, 77)
FACTORS = random_factors(SIZE)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TURNED = Image.Exif()
TURNED[0x0112] = 6
TURNED[0x010F] = "A camera"


def file_of(mode: str = "RGB", **options: Any) -> bytes:
    return encoded(picture_of(SIZE, mode), FACTORS, **options)


def right(jpeg: bytes) -> np.ndarray[Any, Any]:
    return meant(jpeg, FACTORS if pyregjpeg.decode(jpeg).mode == "RGB" else FACTORS[:1])


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_open_shows_what_the_encoder_meant(mode: str) -> None:
    jpeg = file_of(mode)
    with Image.open(io.BytesIO(jpeg)) as image:
        assert (image.format, image.mode, image.size) == ("REGIONJPEG", mode, SIZE)
        assert image.get_format_mimetype() == "image/jpeg"
        assert np.array_equal(pixels(image), right(jpeg))


@pytest.mark.parametrize(
    "imports",
    [
        "import pyregjpeg; from PIL import Image",
        "from PIL import Image, JpegImagePlugin; import pyregjpeg",
        "from PIL import Image; Image.init(); import pyregjpeg",
        "import pyregjpeg; from PIL import Image; Image.init()",
        "from PIL import Image; Image.open(sys.argv[2]).load(); import pyregjpeg",
        "import pyregjpeg; import importlib; from PIL import Image, JpegImagePlugin; importlib.reload(JpegImagePlugin)",
    ],
)
def test_files_are_told_apart_in_every_order_of_imports(imports: str, tmp_path: Path) -> None:
    ours, standard, plain = (tmp_path / name for name in ("ours.jpg", "standard.jpg", "plain.jpg"))
    ours.write_bytes(jpeg := file_of())
    standard.write_bytes(flat(photograph("gravel")))
    plain.write_bytes(saved(photograph("gravel"), "JPEG"))
    program = (
        f"import sys; {imports}; import hashlib\n"
        "for name in sys.argv[1:]:\n    image = Image.open(name)\n"
        "    print(image.format, type(image).__name__, hashlib.sha256(image.tobytes()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, ours, standard, plain], capture_output=True, text=True, check=True
    )
    told, *others = [line.split() for line in done.stdout.splitlines()]

    assert told == ["REGIONJPEG", "OverheadFreeFile", hashlib.sha256(right(jpeg).tobytes()).hexdigest()]
    assert [line[:2] for line in others] == [["JPEG", "JpegImageFile"]] * 2


def test_without_pyregjpeg_the_file_is_a_jpeg_like_others(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(file_of())
    program = "import sys; from PIL import Image; image = Image.open(sys.argv[1]); image.load(); print(image.format)"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout == "JPEG\n"


def test_asked_for_by_name_only_overhead_free_files_are_opened() -> None:
    with Image.open(io.BytesIO(file_of()), formats=["REGIONJPEG"]) as image:
        assert image.format == "REGIONJPEG"
    for other in (flat(photograph("gravel")), saved(photograph("gravel"), "PNG"), b"\xff\xd8\xff", b""):
        with pytest.raises(UnidentifiedImageError):
            Image.open(io.BytesIO(other), formats=["REGIONJPEG"])


def test_a_standard_file_is_read_no_further_for_us() -> None:
    class Counting(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    def reads(formats: list[str] | None) -> int:
        file = Counting(flat(photograph("gravel")))
        Image.open(file, formats=formats)
        return file.reads

    assert reads(None) - reads(["JPEG"]) <= 10


def test_metadata_is_that_of_any_jpeg() -> None:
    jpeg = file_of(exif=TURNED, icc_profile=SRGB, xmp=b"<x/>", dpi=(300, 200), comment="a comment")
    with Image.open(io.BytesIO(jpeg)) as ours, Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as theirs:
        assert ours.info == theirs.info
        assert ours.info["dpi"] == (300, 200)
        assert ours.info["icc_profile"] == SRGB
        assert ours.getexif()[0x0112] == 6
        assert ours.info["comment"] == b"a comment"


def test_nothing_is_decoded_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = file_of()
    monkeypatch.setattr("pyregjpeg.overhead_free.decode", lambda jpeg: pytest.fail("decoded"))
    assert Image.open(io.BytesIO(jpeg)).size == SIZE


def test_draft_changes_nothing() -> None:
    jpeg = file_of()
    image = Image.open(io.BytesIO(jpeg))
    assert image.draft("L", (20, 20)) is None
    assert np.array_equal(pixels(image), right(jpeg))


def test_a_thumbnail_is_made_of_the_right_pixels() -> None:
    jpeg = file_of()
    image = Image.open(io.BytesIO(jpeg))
    image.thumbnail((40, 40))
    expected = Image.fromarray(right(jpeg))
    expected.thumbnail((40, 40))
    assert np.abs(pixels(image).astype(int) - pixels(expected)).max() <= 1


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_is_opened_by_its_path_and_closed_when_it_is_loaded(as_text: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg := file_of())
    image = Image.open(str(path) if as_text else path)
    file = image.fp
    assert file is not None
    image.load()
    assert file.closed
    assert np.array_equal(pixels(image), right(jpeg))
    assert np.array_equal(pixels(image), right(jpeg))


def test_a_stream_stays_open() -> None:
    file = io.BytesIO(file_of())
    Image.open(file).load()
    assert not file.closed


def test_it_is_opened_from_a_stream_that_cannot_seek() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self, content: bytes) -> None:
            self.file = io.BytesIO(content)

        def read(self, size: int = -1, /) -> bytes:
            return self.file.read(size)

    jpeg = file_of()
    assert np.array_equal(pixels(Image.open(Pipe(jpeg))), right(jpeg))  # type: ignore[arg-type]


def test_it_is_copied_and_pickled_and_fed_in_pieces() -> None:
    jpeg = file_of()
    image = Image.open(io.BytesIO(jpeg))
    for other in (image.copy(), copy.deepcopy(image), pickle.loads(pickle.dumps(image))):
        assert np.array_equal(pixels(other), right(jpeg))
    parser = ImageFile.Parser()
    for start in range(0, len(jpeg), 100):
        parser.feed(jpeg[start : start + 100])
    assert np.array_equal(pixels(parser.close()), right(jpeg))


def test_it_is_saved_again_in_any_format() -> None:
    jpeg = file_of(comment="kept")
    image = Image.open(io.BytesIO(jpeg))
    assert np.array_equal(pixels(Image.open(io.BytesIO(saved(image, "PNG")))), right(jpeg))
    standard = Image.open(io.BytesIO(saved(image, "JPEG", quality=90)))
    assert (standard.format, standard.info["comment"]) == ("JPEG", b"kept")
    again = saved(Image.open(io.BytesIO(jpeg)), overhead_free=True, map_model=GivenMap(FACTORS))
    assert Image.open(io.BytesIO(again)).format == "REGIONJPEG"
    with Image.open(io.BytesIO(jpeg)) as unloaded, pytest.raises(ValueError, match="not a JPEG"):
        saved(unloaded, quality="keep")


def test_it_changes_in_place_as_other_pictures_do() -> None:
    image = Image.open(io.BytesIO(file_of()))
    image.paste((255, 0, 0), (0, 0, 10, 10))
    assert image.getpixel((5, 5)) == (255, 0, 0)


def test_a_closed_file_is_not_loaded() -> None:
    with Image.open(io.BytesIO(file_of())) as image:
        pass
    with pytest.raises(Exception):  # noqa: B017, PT011, Pillow's own, of several kinds
        image.load()


@pytest.mark.parametrize("where", [24, 33, 40])
def test_damage_in_the_segment_is_said_when_it_is_opened_or_loaded(where: int) -> None:
    jpeg = bytearray(file_of())
    jpeg[where + 6] ^= 0x55
    with pytest.raises(CodecError):
        Image.open(io.BytesIO(jpeg)).load()


def test_a_truncated_file_is_refused() -> None:
    jpeg = file_of()
    image = Image.open(io.BytesIO(jpeg[:-200]))
    with pytest.raises(CodecError, match=r"Premature end|ends before|truncated"):
        image.load()


def test_our_signature_in_another_kind_of_segment_is_none_of_ours() -> None:
    jpeg = flat(photograph("gravel"))
    other = jpeg[:20] + segment(0xE8, QF_MAP_SIGNATURE + b"\1\1") + jpeg[20:]
    assert type(Image.open(io.BytesIO(other))) is JpegImageFile
    ours = jpeg[:20] + segment(APP9, QF_MAP_SIGNATURE + b"\1\1") + jpeg[20:]
    with pytest.raises(CodecError, match="empty"):
        Image.open(io.BytesIO(ours))


def test_it_is_a_jpeg_file_to_code_that_asks() -> None:
    image = Image.open(io.BytesIO(file_of()))
    assert isinstance(image, OverheadFreeFile)
    assert isinstance(image, JpegImageFile)
    assert image.quantization
