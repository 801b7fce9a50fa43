"""encode(): pictures of every kind in, files that every decoder reads out, the map deciding what a block may lose."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from block_rule import coefficients, rule
from helper import (
    COLOUR_PHOTOGRAPHS,
    ODD_SIZED,
    PHOTOGRAPHS,
    SOS,
    flat,
    opened,
    photograph,
    read_levels,
    roundtrip,
    saved,
    segments,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

import pyregjpeg
from pyregjpeg import perceptual, picture_map, quantization, region_map
from pyregjpeg.options import EFFORTS, TABLES, SaveOptions

MODES = ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr")
CENTRE = [(80, 60, 240, 160)]


class NoModel:
    """Stands in for map_model: the test fails if a model is asked for."""

    @staticmethod
    def load_model(*_: object) -> Any:
        raise AssertionError("a model was asked for")


@pytest.mark.parametrize("name", COLOUR_PHOTOGRAPHS)
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_important_blocks_keep_the_levels_of_a_flat_map(name: str, subsampling: int) -> None:
    image = photograph(name)
    important = region_map.to_levels(region_map.block_importance(CENTRE, image.size))
    options: dict[str, Any] = {"quality": 80, "subsampling": subsampling}
    kept, _ = read_levels(pyregjpeg.encode(image, region_map=CENTRE, feather=0, **options))
    expected, _ = read_levels(pyregjpeg.encode(image, background_quality=80, **options))
    across, down = ((1, 1), (2, 1), (2, 2))[subsampling]
    maps = [important, *[region_map.subsampled(important, down, across)] * 2]
    for plane, expected_plane, levels in zip(kept, expected, maps, strict=True):
        assert np.array_equal(plane[levels > 0], expected_plane[levels > 0])
        assert np.count_nonzero(plane[levels == 0]) < np.count_nonzero(expected_plane[levels == 0])


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_levels_of_a_map_of_any_importance_follow_the_block_rule(name: str) -> None:
    image = photograph(name, "L")
    rows, columns = region_map.grid_shape(image.size)
    importance = np.linspace(0, 1, rows * columns).reshape(rows, columns)
    options: dict[str, Any] = {"quality": 75, "background_quality": 20, "tables": "annex-k"}
    jpeg = pyregjpeg.encode(image, region_map=importance, feather=0, **options)
    [levels], [table] = read_levels(jpeg)
    allowances = quantization.allowances(table.ravel(), 75, 20, region_map.LEVELS).astype(np.float64)
    block_levels = region_map.to_levels(importance.astype(np.float32))
    expected, close = rule(coefficients(np.asarray(image)), table, allowances[block_levels])
    assert close.mean() < 0.002
    assert np.array_equal(levels[~close], expected[~close])


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_more_importance_takes_more_bytes(name: str) -> None:
    sizes = [len(saved(photograph(name), region_map=np.full((1, 1), value))) for value in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert sizes == sorted(set(sizes))


def test_a_flat_map_runs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_map, "map_model", NoModel)
    assert opened(pyregjpeg.encode(photograph(ODD_SIZED), quality=60, background_quality=60)).size == (317, 211)


@pytest.mark.parametrize(("quality", "background"), [(100, 80), (90, 72), (61, 48), (5, 4), (3, 2), (2, 1), (1, 1)])
def test_the_default_background_quality_is_four_fifths_of_the_quality(quality: int, background: int) -> None:
    assert SaveOptions().background_of(quality) == background


def test_a_save_without_any_quality_has_75_and_60() -> None:
    image = photograph(ODD_SIZED)
    jpegs = [saved(image, region_map=CENTRE, quality=75, background_quality=number) for number in (59, 60, 61)]
    assert [jpeg == saved(image, region_map=CENTRE) for jpeg in jpegs] == [False, True, False]


def test_at_quality_1_the_default_is_a_flat_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_map, "map_model", NoModel)
    assert pyregjpeg.encode(photograph(ODD_SIZED), quality=1) == flat(photograph(ODD_SIZED), 1)


def test_a_map_that_is_given_runs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_map, "map_model", NoModel)
    assert roundtrip(photograph(ODD_SIZED), region_map=CENTRE).size == (317, 211)


def test_without_a_map_the_models_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((7, 10), dtype=np.float32)

    class Model:
        def predict(self, image: Image.Image) -> NDArray[np.float32]:
            assert image.size == (317, 211)
            return values

    asked_for: list[object] = []

    def load_model(model: object) -> Model:
        asked_for.append(model)
        return Model()

    monkeypatch.setattr("pyregjpeg.map_model.load_model", load_model)
    image = photograph(ODD_SIZED)
    expected = pyregjpeg.encode(image, region_map=values)
    assert pyregjpeg.encode(image) == expected
    assert pyregjpeg.encode(np.asarray(image), map_model="other") == expected
    assert np.array_equal(pyregjpeg.predict_map(image), values)
    assert asked_for == ["msroi", "other", "msroi"]


def decodable_by_all(jpeg: bytes, folder: Path) -> None:
    opened(jpeg)
    read_levels(jpeg)
    path = folder / "a.jpg"
    path.write_bytes(jpeg)
    djpeg = shutil.which("djpeg")
    assert djpeg is not None, "djpeg is not installed (Debian: libjpeg-turbo-progs)"
    decoded = subprocess.run([djpeg, "-strict", str(path)], capture_output=True, check=False)
    assert (decoded.returncode, decoded.stderr) == (0, b"")
    assert decoded.stdout


@pytest.mark.parametrize("progressive", [False, True], ids=["sequential", "progressive"])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", MODES)
def test_every_decoder_reads_it_without_a_warning(
    mode: str, subsampling: int, progressive: bool, tmp_path: Path
) -> None:
    image = photograph(ODD_SIZED).convert(mode)
    options: dict[str, Any] = {"subsampling": subsampling, "progressive": progressive, "restart_marker_rows": 3}
    decodable_by_all(pyregjpeg.encode(image, region_map=CENTRE, **options), tmp_path)


@pytest.mark.parametrize("qtables", [[[1] * 64], [[255] * 64], [[300] * 64], [[32767] * 64]])
def test_every_decoder_reads_extreme_tables_without_a_warning(qtables: list[list[int]], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).choice(np.array([0, 255], dtype=np.uint8), (60, 70, 3))
    decodable_by_all(pyregjpeg.encode(noise, qtables=qtables, region_map=np.ones((1, 1))), tmp_path)


def test_eight_threads_write_the_bytes_of_one() -> None:
    images = [photograph(name, mode) for name in PHOTOGRAPHS for mode in ("L", "RGB", "CMYK", "YCbCr")]
    jobs = [(image, {"quality": quality, "progressive": quality < 60}) for image in images for quality in (40, 85)]

    def encoded(job: tuple[Image.Image, dict[str, Any]]) -> bytes:
        image, options = job
        return pyregjpeg.encode(image, region_map=CENTRE, **options)

    expected = [encoded(job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(encoded, jobs * 3)) == expected * 3


def test_threads_that_share_a_picture_write_the_bytes_of_one() -> None:
    image = photograph(ODD_SIZED)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: flat(image), range(64))) == {flat(image)}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    mode=st.sampled_from(MODES),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    rows_and_columns=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    options=st.fixed_dictionaries(
        {
            "quality": st.integers(1, 100),
            "subsampling": st.sampled_from([-1, 0, 1, 2]),
            "tables": st.sampled_from(TABLES),
            "effort": st.sampled_from(EFFORTS),
        },
        optional={
            "optimize": st.booleans(),
            "progressive": st.sampled_from([True, False, None]),
            "keep_rgb": st.just(False),
            "smooth": st.integers(0, 100),
            "restart_marker_blocks": st.integers(0, 20),
            "restart_marker_rows": st.integers(0, 3),
            "feather": st.integers(0, 4),
            "comment": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        },
    ),
    data=st.data(),
)
def test_whatever_is_encoded_is_decoded_in_size_mode_and_tables(
    mode: str,
    size: tuple[int, int],
    rows_and_columns: tuple[int, int],
    options: dict[str, Any],
    data: st.DataObject,
) -> None:
    seed = data.draw(st.integers(0, 2**32))
    background_quality = data.draw(st.integers(1, options["quality"]))
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    importance = np.random.default_rng(seed).random(rows_and_columns, dtype=np.float32)
    image = Image.fromarray(noise).convert(mode)
    jpeg = pyregjpeg.encode(image, region_map=importance, background_quality=background_quality, **options)
    decoded = opened(jpeg)
    plain = opened(saved(image, "JPEG", quality=options["quality"], subsampling=options["subsampling"]))
    quality, effort = options["quality"], options["effort"]
    expected = quantization.annex_k(quality) if options["tables"] == "annex-k" else perceptual.tables(quality, effort)
    assert (decoded.size, decoded.mode) == (plain.size, plain.mode)
    assert decoded.quantization == {number: expected[number].tolist() for number in plain.quantization}
    assert decoded.layer == plain.layer
    assert segments(jpeg)[-1][0] == SOS
    assert jpeg.endswith(b"\xff\xd9")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_model_sees_the_picture_upright_and_its_map_is_turned_back(orientation: int) -> None:
    upright = photograph("chelsea")
    stored = upright
    if orientation > 1:
        stored = upright.transpose(region_map.TURNS[orientation][1])
        stored.getexif()[0x0112] = orientation
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(stored)), np.asarray(upright))
    seen = Image.fromarray(pyregjpeg.predict_map(upright))
    expected = seen.transpose(region_map.TURNS[orientation][1]) if orientation > 1 else seen
    assert np.array_equal(pyregjpeg.predict_map(stored), np.asarray(expected))


def test_a_damaged_exif_does_not_keep_a_picture_from_its_map() -> None:
    picture = photograph("chelsea")
    expected = pyregjpeg.predict_map(picture)
    picture.info["exif"] = b"Exif\0\0XX"
    assert np.array_equal(pyregjpeg.predict_map(picture), expected)
