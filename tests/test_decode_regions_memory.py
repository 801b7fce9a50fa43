"""decode_regions: no memory is lost, whatever it is given."""

from __future__ import annotations

import numpy as np
import pytest
from jpeg_sources import SIZE, jpeg_of
from measured_memory import MIB, STATUS, memory_kept

from pyregjpeg.errors import CodecError
from pyregjpeg.reader import decode_regions


@pytest.mark.skipif(not STATUS.exists(), reason="memory is measured as Linux tells it")
def test_a_thousand_decodes_well_and_badly_keep_no_memory() -> None:
    jpegs = [jpeg_of(kind) for kind in ("4:2:0", "progressive")]
    scales = np.full((2, -(-SIZE[1] // 16), -(-SIZE[0] // 16)), 1.5)

    def decode_well_and_badly() -> None:
        for jpeg in jpegs:
            decode_regions(jpeg, scales)
            for bad, given in ((jpeg[: len(jpeg) // 2], scales), (jpeg, scales * np.inf), (jpeg, scales[:1])):
                with pytest.raises(CodecError):
                    decode_regions(bad, given)

    assert memory_kept(decode_well_and_badly, first=20, then=125) < 3 * MIB  # of eight each
