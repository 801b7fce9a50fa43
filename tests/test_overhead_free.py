"""The overhead-free dialect: the exact QF map and the exact pixels come back, for any picture and predictor."""

from __future__ import annotations

import io
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from helper import DQT, DRI, PHOTOGRAPHS, SOF_PROGRESSIVE, payloads, photograph, read_levels, segments
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from overhead_free_files import GivenMap, encoded, meant, picture_of, pixels
from PIL import Image
from qf_stub import StubPredictor, install, predicts, random_factors

import pyregjpeg
from pyregjpeg import overhead_free, qf_segment
from pyregjpeg.metadata import APP9, QF_MAP_SIGNATURE
from pyregjpeg.qf_segment import QfSegment
from pyregjpeg.reader import Reader

SIZES = ((1, 1), (8, 8), (16, 16), (17, 16), (33, 47), (131, 77), (240, 16))
SUBSAMPLINGS = ("4:2:0", "4:4:4")


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> StubPredictor:
    predictor = StubPredictor()
    install(monkeypatch, predictor)
    return predictor


def told_in(jpeg: bytes) -> QfSegment:
    with Reader(jpeg) as reader:
        return qf_segment.read(qf_segment.payloads(reader.segments))


def assert_exact(jpeg: bytes, factors: NDArray[np.uint8]) -> None:
    assert np.array_equal(overhead_free.read_factors(jpeg), factors)
    assert np.array_equal(pixels(pyregjpeg.decode(jpeg)), meant(jpeg, factors))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_map_and_pixels_of_colour_come_back_exactly(
    size: tuple[int, int], subsampling: str, stub: StubPredictor
) -> None:
    factors = random_factors(size)
    jpeg = encoded(picture_of(size), factors, subsampling=subsampling)
    assert_exact(jpeg, factors)
    assert pyregjpeg.decode(jpeg).mode == "RGB"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_map_and_pixels_of_grey_come_back_exactly(size: tuple[int, int], stub: StubPredictor) -> None:
    factors = random_factors(size)
    jpeg = encoded(picture_of(size, "L"), factors)
    assert_exact(jpeg, factors[:1])
    assert pyregjpeg.decode(jpeg).mode == "L"
    assert told_in(jpeg).limits[1] == (50, 50)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.booleans(),
    st.sampled_from(SUBSAMPLINGS),
    st.integers(0, 2**31),
    st.floats(0, 0.04),
)
def test_any_map_of_any_picture_comes_back(
    monkeypatch: pytest.MonkeyPatch, width: int, height: int, grey: bool, subsampling: str, seed: int, moved: float
) -> None:
    random = np.random.default_rng(seed)
    factors = random_factors((width, height), seed=seed)
    lowest, highest = sorted(random.integers(2, 51, 2))
    factors = factors.clip(lowest, highest)
    install(monkeypatch, StubPredictor(random.uniform(lowest, highest, factors.shape), moved_by=moved))
    picture = random.integers(0, 256, (height, width) if grey else (height, width, 3), dtype=np.uint8)
    assert_exact(encoded(picture, factors, subsampling=subsampling), factors[:1] if grey else factors)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"quality": 40}, {"region_map": [(30, 40, 150, 120)]}])
def test_with_the_networks_that_are_installed_the_picture_comes_back(name: str, options: dict[str, Any]) -> None:
    jpeg = pyregjpeg.encode(photograph(name), overhead_free=True, **options)
    factors = overhead_free.read_factors(jpeg)
    assert_exact(jpeg, factors)
    told = told_in(jpeg)
    assert told.limits == tuple((plane.min(), plane.max()) for plane in factors)


def test_files_decode_closer_to_the_original_than_an_ordinary_viewer_shows_them(stub: StubPredictor) -> None:
    photo = photograph("coffee")
    jpeg = encoded(photo, random_factors(photo.size))
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as viewed:
        assert viewed.format == "JPEG"
        wrong = np.abs(pixels(viewed) - pixels(photo).astype(float)).mean()
    right = np.abs(pixels(pyregjpeg.decode(jpeg)) - pixels(photo).astype(float)).mean()
    assert right < 12 < 2 * right < wrong


@pytest.mark.parametrize("moved", [0.0, 0.01, 0.04])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_a_predictor_that_other_machines_compute_otherwise_gives_the_exact_map(
    moved: float, subsampling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (400, 300)
    factors = random_factors(size)
    install(monkeypatch, StubPredictor(predicts(factors)))
    jpeg = encoded(picture_of(size), factors, subsampling=subsampling)
    assert told_in(jpeg).predictor == "stub"
    install(monkeypatch, StubPredictor(predicts(factors), moved_by=moved))
    for _ in range(5):
        assert_exact(jpeg, factors)


def test_a_good_predictor_makes_the_file_smaller_and_a_perfect_one_needs_no_corrections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size = (400, 300)
    factors = random_factors(size)
    sizes = []
    for says in (None, predicts(factors), factors.astype(np.float32)):
        install(monkeypatch, StubPredictor(says))
        sizes.append(len(told_in(encoded(picture_of(size), factors)).told))
    assert sizes[0] > 1.5 * sizes[1]
    assert sizes[2] == 0


def test_what_is_told_is_less_than_zlib_makes_of_the_map(stub: StubPredictor) -> None:
    photo = photograph("astronaut")
    down, across = np.mgrid[:16, :16]
    factors = np.stack([np.rint(12 + 6 * np.sin(down / 3 + across / 5))] * 2).astype(np.uint8)
    jpeg = encoded(photo, factors)
    assert len(told_in(jpeg).told) < len(zlib.compress(factors.tobytes(), 9))


def test_one_factor_everywhere_needs_no_predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, None)
    factors = np.full((2, 19, 25), 30, np.uint8)
    factors[1] = 17
    jpeg = encoded(picture_of((400, 300)), factors)
    assert told_in(jpeg).told == b""
    assert_exact(jpeg, factors)


def test_a_map_that_is_told_whole_needs_no_predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    ignorant = StubPredictor(np.random.default_rng(5).uniform(2, 50, (2, 19, 25)).astype(np.float32))
    install(monkeypatch, ignorant)
    factors = np.full((2, 19, 25), 2, np.uint8)
    factors[:, 5:9, 7:12] = 50
    jpeg = encoded(picture_of((400, 300)), factors)
    assert ignorant.calls
    install(monkeypatch, None)
    assert_exact(jpeg, factors)


def test_more_corrections_than_a_segment_holds_are_in_several(stub: StubPredictor) -> None:
    size = (3600, 3600)
    factors = random_factors(size)
    picture = Image.new("RGB", size, (120, 130, 140))
    jpeg = encoded(picture, factors)
    parts = [payload for payload in payloads(jpeg, APP9) if payload.startswith(QF_MAP_SIGNATURE)]
    assert [part[6:8] for part in parts] == [b"\1\2", b"\2\2"]
    assert np.array_equal(overhead_free.read_factors(jpeg), factors)


def test_the_segment_follows_the_jfif_header(stub: StubPredictor) -> None:
    jpeg = encoded(picture_of((40, 30)), random_factors((40, 30)), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0", comment="c")
    names = [(marker, payload[:5]) for marker, payload in segments(jpeg)[:3]]
    assert names == [(0xE0, b"JFIF\0"), (APP9, b"QFMap"), (0xE1, b"Exif\0")]


@pytest.mark.parametrize("quality", [1, 10, 40, 75, 100])
def test_quality_scales_the_map(quality: int, stub: StubPredictor) -> None:
    size = (200, 100)
    factors = random_factors(size)
    expected = np.clip(np.rint(factors.astype(int) * quality / 75), 2, 50)
    jpeg = encoded(picture_of(size), factors, quality=quality)
    assert_exact(jpeg, expected.astype(np.uint8))


def test_importance_is_a_qf_by_linear_interpolation(stub: StubPredictor) -> None:
    importance = np.array([[0, 0.25, 0.5], [0.75, 1, 0.1]], dtype=np.float32)
    picture = picture_of((48, 32))
    fine = importance.repeat(2, axis=0).repeat(2, axis=1)  # a value for each block
    jpeg = pyregjpeg.encode(picture, overhead_free=True, region_map=fine)
    expected = np.rint(2 + 48 * importance.astype(float))
    assert np.array_equal(overhead_free.read_factors(jpeg), [expected, expected])


def test_a_region_is_as_important_as_its_most_important_block(stub: StubPredictor) -> None:
    jpeg = pyregjpeg.encode(picture_of((64, 48)), overhead_free=True, region_map=[(23, 23, 25, 25)])
    expected = np.full((2, 3, 4), 2)
    expected[:, 1, 1] = 50
    assert np.array_equal(overhead_free.read_factors(jpeg), expected)


@pytest.mark.parametrize(
    "options",
    [
        {"progressive": True},
        {"optimize": False},
        {"restart_marker_rows": 1},
        {"restart_marker_blocks": 3, "progressive": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_way_of_coding_gives_the_same_picture(mode: str, options: dict[str, Any], stub: StubPredictor) -> None:
    picture, factors = picture_of((131, 77), mode), random_factors((131, 77))
    plain, other = encoded(picture, factors), encoded(picture, factors, **options)
    assert plain != other
    assert pyregjpeg.decode(plain).tobytes() == pyregjpeg.decode(other).tobytes()
    assert bool(payloads(other, SOF_PROGRESSIVE)) == ("progressive" in options)
    assert bool(payloads(other, DRI)) == any("restart" in name for name in options)


def test_the_tables_in_the_file_are_annex_k_at_quality_50(stub: StubPredictor) -> None:
    jpeg = encoded(picture_of((40, 30)), random_factors((40, 30)), quality=31)
    pillow = io.BytesIO()
    picture_of((40, 30)).save(pillow, "JPEG", quality=50)
    assert payloads(jpeg, DQT) == payloads(pillow.getvalue(), DQT)


def test_arrays_are_encoded_as_images_are(stub: StubPredictor) -> None:
    picture, factors = picture_of((131, 77)), random_factors((131, 77))
    assert encoded(np.asarray(picture), factors) == encoded(picture, factors)


def test_levels_are_those_of_plain_rounding(stub: StubPredictor) -> None:
    size = (64, 48)
    flat_map = np.full((2, 3, 4), 25, np.uint8)
    pillow = io.BytesIO()
    picture_of(size).save(pillow, "JPEG", quality=25)
    jpeg = encoded(picture_of(size), flat_map)
    for ours, theirs in zip(read_levels(jpeg)[0], read_levels(pillow.getvalue())[0], strict=True):
        differences = np.abs(ours.astype(int) - theirs)
        assert differences.max() <= 1
        assert np.count_nonzero(differences) < 0.01 * differences.size


def test_many_threads_encode_and_decode_at_once(stub: StubPredictor) -> None:
    maps = [random_factors((160, 96), seed=seed) for seed in range(12)]
    picture = picture_of((160, 96))

    def there_and_back(factors: NDArray[np.uint8]) -> bytes:
        return pyregjpeg.decode(encoded(picture, factors)).tobytes()

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(there_and_back, maps)) == [there_and_back(factors) for factors in maps]


def test_the_model_sees_the_picture_as_it_is_stored(stub: StubPredictor) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    seen = []

    class Seeing(GivenMap):
        def factors(self, image: Image.Image) -> NDArray[np.uint8]:
            seen.append(image.size)
            return self.given

    picture = picture_of((64, 32))
    jpeg = pyregjpeg.encode(
        picture, overhead_free=True, map_model=Seeing(random_factors((64, 32))), exif=turned.tobytes()
    )
    assert seen == [(64, 32)]
    assert pyregjpeg.decode(jpeg).size == (64, 32)
