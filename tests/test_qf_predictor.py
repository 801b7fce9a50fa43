"""QF map predictors: found by name and digest, and the same for every form that a file's levels come in."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import PHOTOGRAPHS, flat, photograph
from numpy.typing import NDArray

from pyregjpeg import qf_predictor, read_levels
from pyregjpeg.errors import ModelError
from pyregjpeg.model_card import ModelCard, read_card
from pyregjpeg.qf_predictor import FOLDER, Predictor, default_predictor, find_predictor, load_predictor

LIMITS = [[3, 20], [10, 45]]
CARD = read_card(FOLDER / "qf.json")
NETWORK = (FOLDER / "qf.onnx").read_bytes()


def levels_of(name: str, **options: Any) -> list[NDArray[np.int16]]:
    return read_levels(flat(photograph(name), **{"quality": 20, "subsampling": 2, **options}))


def written(folder: Path, network: bytes, **fields: Any) -> Path:
    """A predictor's file in `folder`, with a card that fits it, save for the fields given."""
    path = folder / "mine.onnx"
    path.write_bytes(network)
    card = {**dataclasses.asdict(CARD), "name": "mine", "sha256": hashlib.sha256(network).hexdigest(), **fields}
    path.with_suffix(".json").write_text(json.dumps(card), "utf-8")
    return path


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_each_region_has_a_factor_between_its_planes_limits(name: str) -> None:
    width, height = photograph(name).size
    predicted = default_predictor().predict(levels_of(name), LIMITS)
    assert predicted.shape == (2, -(-height // 16), -(-width // 16))
    assert predicted.dtype == np.float32
    for plane, (smallest, largest) in zip(predicted, LIMITS, strict=True):
        assert smallest <= plane.min() < plane.max() <= largest


def test_a_predictor_is_found_by_the_beginning_of_its_digest() -> None:
    digest = default_predictor().digest
    assert find_predictor("qf", digest[:8]) is find_predictor("qf", digest) is default_predictor()


def test_where_both_limits_are_the_same_nothing_else_is_predicted() -> None:
    predicted = default_predictor().predict(levels_of("coffee"), [[7, 7], [50, 50]])
    assert (predicted[0] == 7).all()
    assert (predicted[1] == 50).all()


def test_the_same_levels_give_the_same_map_in_every_thread() -> None:
    levels = levels_of("chelsea")
    expected = default_predictor().predict(levels, LIMITS)
    with ThreadPoolExecutor(8) as pool:
        maps = list(pool.map(lambda _: default_predictor().predict(levels, LIMITS), range(16)))
    assert all(np.array_equal(each, expected) for each in maps)


def test_four_blocks_of_full_chroma_stand_for_their_mean() -> None:
    luma, blue, red = levels_of("rocket")
    full = [np.repeat(np.repeat(plane, 2, 0), 2, 1)[: luma.shape[0], : luma.shape[1]] for plane in (blue, red)]
    for plane in full:  # four blocks that differ, of the same mean
        plane[::2, ::2], plane[1::2, 1::2] = plane[::2, ::2] + 4, plane[1::2, 1::2] - 4
    expected = default_predictor().predict([luma, blue, red], LIMITS)
    assert np.array_equal(default_predictor().predict([luma, *full], LIMITS), expected)


def test_odd_rows_and_columns_of_blocks_count_twice() -> None:
    luma, blue, red = levels_of("coffee")  # 27x40 blocks
    assert luma.shape[0] % 2 == 1
    doubled = np.concatenate((luma, luma[-1:]))
    maps = [default_predictor().predict([plane, blue, red], LIMITS) for plane in (luma, doubled)]
    assert np.array_equal(*maps)


def test_a_grey_file_is_one_without_chroma() -> None:
    luma = read_levels(flat(photograph("gravel", "L"), 20))
    shape = (-(-luma[0].shape[0] // 2), -(-luma[0].shape[1] // 2), 8, 8)
    none = np.zeros(shape, np.int16)
    maps = [default_predictor().predict(levels, LIMITS) for levels in (luma, [*luma, none, none])]
    assert np.array_equal(*maps)


def test_a_picture_of_one_pixel_has_one_region() -> None:
    block = np.zeros((1, 1, 8, 8), np.int16)
    assert default_predictor().predict([block] * 3, LIMITS).shape == (2, 1, 1)


@pytest.mark.parametrize("components", [2, 4])
def test_levels_of_other_components_are_a_model_error(components: int) -> None:
    with pytest.raises(ModelError, match="4:2:0"):
        default_predictor().predict([np.zeros((2, 2, 8, 8), np.int16)] * components, LIMITS)


def test_other_subsampling_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="4:2:0"):
        default_predictor().predict(levels_of("coffee", subsampling=1), LIMITS)


def test_a_predictor_is_found_by_its_name_and_digest() -> None:
    digest = hashlib.sha256(NETWORK).digest()
    assert default_predictor().digest == digest
    assert find_predictor("qf", digest) is default_predictor()


@pytest.mark.parametrize("name", ["qf", "other", "../qf", "predictors/qf", "x" * 5000, "\0"])
def test_a_predictor_that_is_not_at_hand_is_named(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        find_predictor(name, b"\xab\xcd\xef\x01" * 8)
    assert name in str(caught.value)
    assert "(abcdef01) is not installed" in str(caught.value)


def test_a_missing_file_is_a_model_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(qf_predictor, "FOLDER", tmp_path)
    with pytest.raises(ModelError, match=r"qf\.onnx"):
        default_predictor()


def test_a_file_that_its_card_does_not_describe_is_a_model_error(tmp_path: Path) -> None:
    path = written(tmp_path, NETWORK, sha256="0" * 64)
    with pytest.raises(ModelError, match="sha256"):
        load_predictor(path)


def test_a_damaged_file_that_its_card_describes_is_a_model_error(tmp_path: Path) -> None:
    path = written(tmp_path, NETWORK[:-4000])
    with pytest.raises(ModelError, match="onnxruntime"):
        load_predictor(path)


def test_a_network_of_another_kind_predicts_nothing() -> None:
    generator = FOLDER.parent / "qf.onnx"
    with pytest.raises(ModelError, match="'qf'"):
        load_predictor(generator)


def test_a_generator_under_a_predictors_card_is_a_model_error() -> None:
    card: ModelCard = dataclasses.replace(CARD, name="mine")
    with pytest.raises(ModelError, match="must take"):
        Predictor(card, (FOLDER.parent / "qf.onnx").read_bytes())


def test_onnxruntime_is_imported_when_a_predictor_is_loaded() -> None:
    program = (
        "import sys; from pyregjpeg.qf_predictor import default_predictor; assert 'onnxruntime' not in sys.modules\n"
        "default_predictor(); assert 'onnxruntime' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=True, text=True)
    assert done.returncode == 0
