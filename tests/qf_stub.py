"""Predictors that need no network, in place of the one that is installed, and QF maps to go with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from pyregjpeg import qf_predictor
from pyregjpeg.errors import ModelError

DIGEST = bytes(range(32))


@dataclass
class StubPredictor:
    """Says of every region what it is told to say, within the limits and moved by as much as another machine might."""

    says: NDArray[np.float32] | None = None  # None: the middle of the limits
    moved_by: float = 0.0
    name: str = "stub"
    digest: bytes = DIGEST
    calls: list[str] = field(default_factory=list)

    def predict(self, levels: Sequence[NDArray[np.int16]], limits: ArrayLike) -> NDArray[np.float32]:
        self.calls.append("predict")
        rows, columns = (-(-side // 2) for side in levels[0].shape[:2])
        lowest, highest = np.asarray(limits, dtype=np.float32).T.reshape(2, 2, 1, 1)
        middle = np.broadcast_to((lowest + highest) / 2, (2, rows, columns))
        said = middle if self.says is None else np.resize(self.says, (2, rows, columns))
        random = np.random.default_rng(len(self.calls))
        return (said + random.uniform(-self.moved_by, self.moved_by, said.shape)).astype(np.float32)


def install(monkeypatch: pytest.MonkeyPatch, predictor: StubPredictor | None) -> None:
    """Make it the only predictor; None: there is none."""

    def find(name: str, digest: bytes) -> StubPredictor:
        if predictor is None or name != predictor.name or not predictor.digest.startswith(digest):
            raise ModelError(f"the file's predictor {name} ({digest.hex()[:8]}) is not installed")
        return predictor

    monkeypatch.setattr(qf_predictor, "default_predictor", lambda: predictor)
    monkeypatch.setattr(qf_predictor, "find_predictor", find)


def random_factors(size: tuple[int, int], planes: int = 2, seed: int = 0) -> NDArray[np.uint8]:
    """A QF map without any structure for a picture of `size` (width, height)."""
    shape = (planes, -(-size[1] // 16), -(-size[0] // 16))
    return np.random.default_rng(seed).integers(2, 51, shape, dtype=np.uint8)


def predicts(factors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A good prediction: mostly right, sometimes near a rounding boundary, sometimes wrong."""
    random = np.random.default_rng(1)
    errors = random.choice([0, 0, 0, 0, 0.3, 0.47, -0.49, 0.52, -1.4, 6], factors.shape)
    return (factors + errors).astype(np.float32)
