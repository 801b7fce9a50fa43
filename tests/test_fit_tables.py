"""training.fit_tables: tables by a formula, judged on real files, and the scale of each quality, for each effort."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from helper import photograph
from PIL import Image

from benchmarks.table_judge import METRICS, Judge, encoded
from pyregjpeg import perceptual
from pyregjpeg.metrics import psnr_y
from pyregjpeg.options import EFFORTS
from training import fit_tables
from training.fit_tables import SETTINGS, Shape


def in_psnr(original: Image.Image, decoded: Image.Image) -> float:
    """Stands in for SSIMULACRA2, which takes its time."""
    return psnr_y(original, decoded)


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    return [photograph(name) for name in ("coffee", "astronaut")]


@pytest.fixture(scope="module")
def judges(pictures: list[Image.Image]) -> list[Judge]:
    return [Judge(picture, in_psnr) for picture in pictures]


@pytest.fixture(scope="module", params=EFFORTS)
def effort(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def present_shape(effort: str) -> Shape:
    return Shape(**json.loads(perceptual.TABLES.read_text("utf-8"))[effort]["shape"])


def test_steps_rise_with_the_frequency_but_for_dc(effort: str) -> None:
    shape = present_shape(effort)
    steps = shape.fitted().steps.reshape(2, 8, 8)
    for plane in steps:
        assert np.all(np.diff(plane[1:], axis=1) > -0.01 * plane[1:, 1:])  # diagonal waves may be finer
        assert np.all(np.diff(np.diag(plane)[1:]) > 0)
        assert np.allclose(plane, plane.T)
    assert steps[0].mean() == pytest.approx(fit_tables.MEAN_STEP)
    coarser = replace(shape, luma_diagonal=shape.luma_diagonal + 0.3).fitted().steps.reshape(2, 8, 8)[0]
    assert coarser[3, 3] / coarser[0, 3] > steps[0, 3, 3] / steps[0, 0, 3]


def test_a_judge_sees_by_ms_ssim_what_is_lost_where_low_frequencies_are_coarse(
    judges: list[Judge], effort: str
) -> None:
    present = present_shape(effort).fitted()
    upside_down = replace(present, steps=present.steps[:, ::-1])
    fitted, spoilt = (fit_tables.ratios(judges, each, effort) for each in (present, upside_down))
    assert all(0.5 < ratio < 1.1 for ratio in fitted)
    assert spoilt[METRICS.index("MS-SSIM")] > 1.2 * fitted[METRICS.index("MS-SSIM")]


def test_scales_follow_the_quality(pictures: list[Image.Image], effort: str) -> None:
    shape = present_shape(effort)
    described = fit_tables.described(pictures, in_psnr, shape, effort)
    qualities, scales = np.array(described["qualities"]), np.array(described["scales"])
    assert np.all(np.diff(scales) <= 0)
    [scale] = scales[qualities == 75]
    tables = shape.fitted()
    ours = np.mean([in_psnr(each, _decoded(encoded(each, tables, scale, **SETTINGS[effort]))) for each in pictures])
    plain = np.mean([in_psnr(each, _decoded(fit_tables._plain(each, 75))) for each in pictures])
    assert ours == pytest.approx(plain, abs=0.1)


def test_a_search_stays_with_what_it_found(judges: list[Judge], effort: str) -> None:
    pytest.importorskip("cma")
    shape = present_shape(effort)
    found = fit_tables.search(judges[:1], shape, effort, generations=1)
    assert found != shape
    assert (found.tail == 0) == (effort == "best")
    assert fit_tables.search(judges[:1], found, effort, generations=0) is found


def _decoded(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")
