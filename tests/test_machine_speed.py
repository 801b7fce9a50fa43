"""The speed of purpose="machine" beside Pillow's: the encoder with a map that is given, and each part by itself."""

from __future__ import annotations

import time
from typing import Any

import pytest
from helper import photograph

from benchmarks import machine_speed
from benchmarks.machine_speed import FLAT, measured


def test_each_part_is_timed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(_: object, **options: Any) -> None:
        assert options["purpose"] == "machine"
        time.sleep(0.02 if options.get("region_map") is FLAT else 0.05)

    monkeypatch.setattr(machine_speed, "save", lambda *_, **__: time.sleep(0.01))
    monkeypatch.setattr(machine_speed.pyregjpeg, "encode", encode)
    monkeypatch.setattr(machine_speed.pyregjpeg, "predict_map", lambda *_: time.sleep(0.03))
    found = measured([photograph("coffee")], 75, rounds=5)
    assert found["the encoder"] == pytest.approx(1 / 2, rel=0.3)
    assert found["the map"] == pytest.approx(1 / 3, rel=0.3)
    assert found["both"] == pytest.approx(1 / 5, rel=0.3)
