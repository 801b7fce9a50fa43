"""tables="perceptual", the default: what is in the file, how its levels are chosen, and what its qualities mean."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from block_rule import coefficients, rule
from helper import PHOTOGRAPHS, photograph, read_levels
from PIL import Image

import pyregjpeg
from pyregjpeg import perceptual, quantization, region_map
from pyregjpeg.level_rule import level_rule
from pyregjpeg.metrics import psnr_y, ssimulacra2
from pyregjpeg.options import EFFORTS

LEVELS = region_map.LEVELS


def encoded(image: Image.Image, **options: Any) -> bytes:
    flat = {} if "region_map" in options else {"background_quality": options.get("quality", 75)}
    return pyregjpeg.encode(image, tables="perceptual", **{**flat, **options})


def plain(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def decoded(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


@pytest.mark.parametrize("effort", EFFORTS)
def test_a_higher_quality_never_has_a_coarser_step(effort: str) -> None:
    tables = np.array([perceptual.tables(quality, effort) for quality in range(1, 101)], dtype=np.int64)
    assert np.all(np.diff(tables, axis=0) <= 0)
    assert tables.min() >= 1
    assert tables.max() <= 255


@pytest.mark.parametrize("effort", EFFORTS)
def test_its_luma_table_tells_its_quality(effort: str) -> None:
    for quality in range(10, 98):  # near both ends several qualities have nearly one table
        table = perceptual.tables(quality, effort)[0]
        assert abs(perceptual.equivalent_quality(table, effort) - quality) <= 1


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("quality", [10, 50, 75, 95])
def test_the_file_has_the_tables(quality: int, effort: str) -> None:
    _, found = read_levels(encoded(photograph("coffee"), quality=quality, effort=effort))
    assert np.array_equal(np.reshape(found, (3, 64)), perceptual.tables(quality, effort)[[0, 1, 1]])
    assert not np.array_equal(np.reshape(found[:2], (2, 64)), quantization.annex_k(quality))


def test_they_are_the_default() -> None:
    image = photograph("coffee")
    by_default = pyregjpeg.encode(image, background_quality=75)
    assert by_default == encoded(image) != pyregjpeg.encode(image, background_quality=75, tables="annex-k")


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("background", [20, 60])
def test_the_levels_follow_the_rule_with_its_weights(name: str, background: int) -> None:
    image = Image.fromarray(np.asarray(photograph(name, "L")).clip(1, 254))  # no white or black to dering
    rows, columns = region_map.grid_shape(image.size)
    importance = np.linspace(0, 1, rows * columns, dtype=np.float32).reshape(rows, columns)
    jpeg = encoded(image, background_quality=background, region_map=importance, feather=0)
    [levels], [table] = read_levels(jpeg)
    chosen = level_rule("perceptual", "fast")
    allowances = chosen.allowances(table.ravel(), 75, background, LEVELS).astype(np.float64)
    of_blocks = allowances[region_map.to_levels(importance)]
    assert chosen.weights is not None
    content = {"weights": chosen.weights[0], "masking": chosen.masking, "tail": chosen.tail}
    expected, close = rule(coefficients(np.asarray(image)), table, of_blocks, **content)
    assert close.mean() < 0.01
    assert np.array_equal(levels[~close], expected[~close])


@pytest.mark.parametrize(("effort", "most"), [("fast", 0.92), ("best", 0.89)])
@pytest.mark.parametrize("quality", [40, 75, 90])
def test_fewer_bytes_than_annex_k_for_the_same_ssimulacra2(quality: int, effort: str, most: float) -> None:
    ratios, differences = [], []
    for name in PHOTOGRAPHS:
        image = photograph(name)
        ours, theirs = encoded(image, quality=quality, effort=effort), plain(image, quality)
        ratios.append(len(ours) / len(theirs))
        differences.append(ssimulacra2(image, decoded(ours)) - ssimulacra2(image, decoded(theirs)))
    assert np.exp(np.mean(np.log(ratios))) < most
    assert abs(np.mean(differences)) < 3


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("background", [20, 40])
def test_importance_0_has_about_the_psnr_of_a_flat_map_at_the_background_quality(background: int, effort: str) -> None:
    differences = []
    for name in PHOTOGRAPHS:
        image = photograph(name)
        ours = encoded(image, background_quality=background, region_map=np.zeros((1, 1)), effort=effort)
        flat = encoded(image, quality=background, effort=effort)
        differences.append(psnr_y(image, decoded(ours)) - psnr_y(image, decoded(flat)))
    assert abs(np.mean(differences)) < 0.8


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("quality", [30, 50, 75])
def test_by_default_what_does_not_matter_has_fewer_bytes(quality: int, effort: str) -> None:
    image = photograph("coffee")
    none, all_of_it = (
        encoded(image, quality=quality, region_map=np.full((1, 1), value), effort=effort) for value in (0.0, 1.0)
    )
    assert len(none) < 0.93 * len(all_of_it)


def test_tables_that_are_given_exclude_others() -> None:
    image = photograph("coffee")
    with pytest.raises(pyregjpeg.OptionError, match="exclude each other"):
        pyregjpeg.encode(image, tables="perceptual", qtables="web_low", background_quality=75)
    with pytest.raises(pyregjpeg.OptionError, match="'annex-k' or 'perceptual', not 'flat'"):
        pyregjpeg.encode(image, tables="flat")
    with pytest.raises(pyregjpeg.OptionError, match="tables"):
        pyregjpeg.encode(image, tables="perceptual", overhead_free=True)


@pytest.mark.parametrize("effort", EFFORTS)
def test_transcoding_takes_the_larger_of_each_step(effort: str) -> None:
    source = plain(photograph("coffee"), 90)
    jpeg = pyregjpeg.transcode(source, quality=75, background_quality=75, effort=effort)
    _, tables = read_levels(jpeg)
    _, before = read_levels(source)
    wanted = np.maximum(np.reshape(before, (-1, 64)), perceptual.tables(75, effort)[[0, 1, 1]])
    assert np.array_equal(np.reshape(tables, (-1, 64)), wanted)
