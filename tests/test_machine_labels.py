"""What the map for machines is trained on: crops that are made again alike, and information where answers depend."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from helper import photograph

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")

from training.fisher import Reader  # noqa: E402
from training.machine_data import CELLS, explained_share, wanted_map  # noqa: E402
from training.machine_labels import BANDS, PARTS, SIDE, TO_RGB, crop_of, information, plan, weights_of  # noqa: E402
from training.qf_data import NO_LABEL, Photo  # noqa: E402

ALIKE = np.ones((3, 8, 8), np.float32)
CAT = photograph("chelsea").convert("RGB").resize((600, 400))
PHOTO = Photo(np.asarray(CAT), NO_LABEL)


def of_left_half(pictures: torch.Tensor) -> torch.Tensor:
    """An answer that depends on the grey of each pixel of the left half."""
    return pictures[:, :, : SIDE // 2].mean(3).flatten(1)


def test_every_photograph_has_one_crop_before_any_has_a_second() -> None:
    files = list(plan({"training": 37, "validation": 5}, 3))
    assert [part for part, _, _ in files] == ["training"] * 3 + ["validation"] + ["training"] * 6
    assert len({(part, number) for part, number, _ in files}) == len(files)
    for first, its_round in ((0, 0), (4, 1), (7, 2)):
        places = [place for _, _, of_file in files[first : first + 3] for place in of_file]
        assert Counter(places) == Counter((photo, its_round) for photo in range(37))


def test_the_first_crop_is_the_whole_photograph() -> None:
    found = np.asarray(crop_of(PHOTO, 3, 0).clean, np.float32)
    side = len(found)
    assert SIDE <= side <= min(PHOTO.pixels.shape[:2])
    whole = np.asarray(CAT.resize((side, side)), np.float32)
    assert np.abs(found - whole).mean() < 2


def test_a_crop_is_made_again_alike_and_its_file_loses_something() -> None:
    first, again, other = (crop_of(PHOTO, 3, its_round) for its_round in (1, 1, 2))
    assert first.clean == again.clean
    assert first.decoded == again.decoded
    assert first.clean != other.clean
    assert all(picture.shape == (SIDE, SIDE, 3) for picture in first.seen(SIDE))
    difference = np.abs(np.subtract(*(picture.astype(np.float32) for picture in first.seen(SIDE)))).mean()
    assert 0.5 < difference < 20


def test_information_is_where_the_answer_depends_on_the_picture() -> None:
    reader = Reader("left half", SIDE, of_left_half, classifies=False)
    found = information(reader, [crop_of(PHOTO, 3, 0)], 2, 0, ALIKE)
    rows = SIDE // 8
    assert found.shape == (1, 2, PARTS, rows, rows)
    luma, chroma = found[:, :, :-1].sum(2), found[:, :, -1]
    np.testing.assert_allclose(luma[..., : rows // 2], 64, rtol=0.02)  # each pixel's gradient is a sign
    assert np.abs(luma[..., rows // 2 :]).max() == 0
    np.testing.assert_allclose(chroma[..., : rows // 2], 64 * (TO_RGB.mean(0)[1:] ** 2).sum(), rtol=0.02)
    assert found[0, 0, 0].max() > 0
    assert len(BANDS) + 1 == PARTS - 1


def test_frequencies_carry_the_same_on_average_but_for_those_that_carry_nothing() -> None:
    mean = np.array([[[4.0, 2.0], [1.0, 1e-9]]], np.float32)
    weighted = weights_of(mean) * mean
    np.testing.assert_allclose(weighted.ravel()[:3], 1, rtol=1e-6)
    assert weighted.ravel()[3] < 1e-6


def test_a_wanted_map_is_in_octaves_from_the_mean() -> None:
    found = np.ones((2, 2, PARTS, 28, 28), np.float32)
    found[0, :, :, :, 14:] = 16.0
    maps = wanted_map(found)
    assert maps.shape == (2, CELLS, CELLS)
    np.testing.assert_allclose(maps.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(maps[0, :, -4:] - maps[0, :, :4], 4, atol=1e-5)
    np.testing.assert_allclose(maps[1], 0, atol=1e-5)
    np.testing.assert_allclose(wanted_map(found * 7), maps, atol=1e-5)
    found[:, :, -2:] *= np.arange(1, 29, dtype=np.float32)  # the highest frequencies and chroma
    np.testing.assert_allclose(wanted_map(found), maps, atol=1e-5)


def test_no_place_falls_endlessly_below_the_mean() -> None:
    found = np.zeros((1, 2, PARTS, 32, 32), np.float32)
    found[..., :16] = 1.0
    assert 10 < np.ptp(wanted_map(found)) < 20


def test_a_flat_map_explains_nothing_and_the_wanted_one_all() -> None:
    wanted = wanted_map(np.random.default_rng(1).random((3, 2, PARTS, 28, 28), np.float32))
    assert explained_share(np.zeros_like(wanted), wanted) == 0
    assert explained_share(wanted + 3, wanted) == pytest.approx(1)
