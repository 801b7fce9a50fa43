"""An overhead-free file is what the differentiable JPEG of training/ says: its levels, and its pixels exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helper import ODD_SIZED, photograph
from overhead_free_files import encoded
from qf_stub import StubPredictor, install, random_factors

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")

import pyregjpeg  # noqa: E402
from training import differentiable_jpeg as dj  # noqa: E402


def planes_of(jpeg: bytes) -> dj.Planes:
    luma, *chroma = (
        torch.tensor(plane.reshape(*plane.shape[:2], 64).astype(np.float32)) for plane in pyregjpeg.read_levels(jpeg)
    )
    return dj.Planes(luma[None, None], torch.stack(chroma)[None])


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_levels_and_pixels_are_those_of_the_differentiable_jpeg(
    subsampling: dj.Subsampling, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, StubPredictor())
    photo = photograph(ODD_SIZED)
    factors = random_factors(photo.size)
    jpeg = encoded(photo, factors, subsampling=subsampling)
    batch: Any = torch.tensor(np.asarray(photo)[np.newaxis], dtype=torch.float32)
    values = dj.coefficients(batch, subsampling)
    steps = dj.steps(torch.tensor(factors[np.newaxis], dtype=torch.float32), values, subsampling)
    levels = planes_of(jpeg)
    for ours, theirs in zip(levels, dj.quantised(values, steps, torch.round), strict=True):
        assert float((ours - theirs).abs().max()) <= 1
        assert float((ours != theirs).float().mean()) < 0.001
    shown = dj.decoded(dj.dequantised(levels, steps), (photo.height, photo.width), subsampling)
    assert np.array_equal(pyregjpeg.decode(jpeg), shown[0].numpy())
