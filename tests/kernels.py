"""The block kernels that this processor runs besides the generic one, and files encoded by one of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pyregjpeg import native
from pyregjpeg.errors import CodecError
from pyregjpeg.native import Settings

KERNELS = ("generic", "sse2", "avx2", "neon")


def has_kernel(name: str) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYREGJPEG_SIMD", name)
        try:
            return native.simd_name() == name
        except CodecError:
            return False


FAST_KERNELS = [name for name in KERNELS if name != "generic" and has_kernel(name)]


def encoded_by(kernel: str, to_write: Settings, rows: NDArray[np.uint8]) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYREGJPEG_SIMD", kernel)
        return native.encode(to_write, [rows])
