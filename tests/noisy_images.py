"""Small pictures of random samples, for what has to hold whatever the picture."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from PIL import Image

MODES = ["L", "RGB", "CMYK"]
VALUES = [(0, 255), (0, 1, 128, 254, 255), (120, 128, 130), (77,)]  # extremes with and without others, noise, nothing


@st.composite
def noisy_images(draw: st.DrawFn, largest_side: int = 80) -> Image.Image:
    """Of any size up to that, each sample one of a few values."""
    width, height = (draw(st.integers(1, largest_side)) for _ in range(2))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = np.array(draw(st.sampled_from(VALUES)), dtype=np.uint8)
    return Image.fromarray(random.choice(values, (height, width, 3))).convert(draw(st.sampled_from(MODES)))
