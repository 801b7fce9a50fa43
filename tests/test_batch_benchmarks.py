"""The benchmarks of whole folders: command lines and what they use, the files, the arithmetic of a million."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import batch, commands, jpeg_folders, million


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8))


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_commands_run_at_the_same_time() -> None:
    nap = python("import time; time.sleep(1)")
    alone, together = (commands.measured([nap] * count) for count in (1, 3))
    assert 1 < together.seconds < 2 * alone.seconds
    assert together.processor_seconds < 1


def test_the_memory_of_a_command_is_its_own() -> None:
    """And not that of this process, which holds more when it starts the command."""
    held = np.ones(300_000_000, dtype=np.uint8)
    small = commands.measured([python("import time; time.sleep(0.2)")]).peak_megabytes
    large = commands.measured([python("import time; x = b'1' * 100_000_000; time.sleep(0.2)")]).peak_megabytes
    assert held.nbytes / 1e6 < commands.peak_megabytes()
    assert 95 < large - small < 110


def test_a_command_that_fails_says_why() -> None:
    failing = python("raise SystemExit('the disk is full')")
    for run in (commands.run, commands.measured):
        with pytest.raises(commands.CommandError, match="the disk is full"):
            run([python("pass"), failing])


@pytest.fixture
def folder(tmp_path: Path, picture: Image.Image) -> jpeg_folders.Folder:
    (tmp_path / "in").mkdir()
    for name in "abc":
        picture.save(tmp_path / "in" / f"{name}.jpg")
    return jpeg_folders.Folder.at(tmp_path / "in")


def test_a_folder_knows_its_files_pixels_and_bytes(folder: jpeg_folders.Folder) -> None:
    assert [file.name for file in folder.files] == ["a.jpg", "b.jpg", "c.jpg"]
    assert folder.megapixels == pytest.approx(3 * 64 * 96 / 1e6)
    assert folder.bytes == sum(len(file.read_bytes()) for file in folder.files)


def test_the_map_of_all_pictures_is_a_box_of_forty_percent(tmp_path: Path) -> None:
    region_map = np.asarray(Image.open(jpeg_folders.centre_map(tmp_path / "maps" / "map.png"))) / 255
    assert region_map.mean() == pytest.approx(0.4, abs=0.002)
    assert (region_map == region_map[::-1, ::-1]).all()


def copying(folder: jpeg_folders.Folder, output: Path, workers: str, seconds: float, count: int = 3) -> batch.Program:
    code = f"import shutil, time; time.sleep({seconds}); "
    code += f"[shutil.copy(file, {str(output)!r}) for file in {[str(file) for file in folder.files[:count]]}]"
    return batch.Program("copy", workers, output, [python(code)])


def test_programs_are_compared_by_time_and_bytes(folder: jpeg_folders.Folder, tmp_path: Path) -> None:
    one, two = (copying(folder, tmp_path / "out", batch.THREADS[index], (0.6, 0.2)[index]) for index in range(2))
    results = batch.compare("copies", [one, two], folder, rounds=2, cluster=None)
    assert results["programs"][str(two)]["bytes out / in"] == 1
    assert results["programs"][str(two)]["files per second"] == pytest.approx(
        3 / results["programs"][str(two)]["seconds"]
    )
    assert 1.2 < results["with two"][str(two)] < 3


def test_a_program_that_leaves_files_out_is_not_compared(folder: jpeg_folders.Folder, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="2 of 3 files"):
        batch.outcome(copying(folder, tmp_path / "out", batch.THREADS[0], 0, count=2), folder, None)


def test_two_processes_share_all_files(folder: jpeg_folders.Folder, tmp_path: Path) -> None:
    _, two = batch._jpegoptim(folder, tmp_path / "out", "-m75")
    shares = [{word for word in command if word.endswith(".jpg")} for command in two.commands]
    assert shares[0] | shares[1] == {str(file) for file in folder.files}
    assert not shares[0] & shares[1]


def test_what_a_million_files_cost() -> None:
    """At 72 ms a million is 20 core-hours; 2.25 MB and a link of 10 Gbit/s are half an hour, which 40 cores fill."""
    file = million.File(seconds=0.1, processor_seconds=0.072, bytes_in=1_500_000, bytes_out=750_000)
    assert file.core_hours() == pytest.approx(20)
    assert file.link_hours() == pytest.approx(0.5)
    assert file.cores_to_fill_the_link() == pytest.approx(40)
