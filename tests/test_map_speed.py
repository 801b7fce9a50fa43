"""The map's time beside Pillow's: every part is timed, and the report says which is which."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from helper import photograph
from tiny_model import brightness_network, model_file

from benchmarks import map_speed
from benchmarks.map_speed import report, time_size
from benchmarks.photographs import Photograph
from pyregjpeg.map_model import load_model


def coffee() -> Photograph:
    file = io.BytesIO()
    photograph("coffee").save(file, "PNG")
    return Photograph("coffee", file.getvalue)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Any]:
    return {"bright": load_model(model_file(tmp_path, brightness_network()))}


def test_a_map_that_takes_longer_than_pillow_has_a_ratio_above_1(
    models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_speed, "save", lambda *_, **__: time.sleep(0.01))
    monkeypatch.setattr(map_speed.pyregjpeg, "predict_map", lambda *_: time.sleep(0.03))
    result = time_size(models, [coffee()], 0.05, rounds=5)
    assert result["Pillow, ms"] == pytest.approx(10, rel=0.3)
    assert result["models"]["bright"]["over Pillow"] == pytest.approx(3, rel=0.3)
    assert result["models"]["bright"]["low"] <= result["models"]["bright"]["high"]


def test_scaling_is_timed_by_itself(models: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_speed, "to_pixels", lambda *_: time.sleep(0.02))
    result = time_size(models, [coffee()], 0.05, rounds=3)["models"]["bright"]
    assert result["input, ms"] == pytest.approx(20, rel=0.3)
    assert 0 < result["map, ms"] < 20


def test_the_report_has_a_row_for_each_size_and_model(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"map, ms": 12.34, "input, ms": 3.21, "over Pillow": 6.5, "low": 6, "high": 7}
    report({"0.3 MP": {"Pillow, ms": 1.9, "models": {"msroi": row}}}, rounds=25)
    cells = [cell.strip() for cell in capsys.readouterr().out.splitlines()[-1].split("|")[1:-1]]
    assert cells == ["0.3 MP", "msroi", "6.50 (6.00..7.00)", "12.3 ms", "3.2 ms", "1.9 ms"]
