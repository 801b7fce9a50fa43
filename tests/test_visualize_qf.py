"""Each picture of a folder gets a figure: decoded, and beside it the maps in their own colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helper import photograph
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
pytest.importorskip("efficientnet_lite_pytorch", reason="the extra [train] is not installed")
pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")

from training import visualize_qf  # noqa: E402
from training.qf_networks import CONFIGURATIONS  # noqa: E402
from training.qf_pipeline import QfSystem  # noqa: E402

SYSTEM = QfSystem(CONFIGURATIONS["shipping"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of different sizes, a file that is none, and a checkpoint."""
    made = tmp_path / "pictures"
    made.mkdir()
    photograph("chelsea").crop((60, 60, 220, 160)).save(made / "cat.png")
    photograph("coffee").crop((100, 100, 250, 270)).save(made / "cup.JPG")
    (made / "notes.txt").write_text("no picture")
    torch.save({"system": SYSTEM.state_dict()}, tmp_path / "run.pt")
    return made


def test_each_picture_of_a_folder_gets_its_figure(folder: Path, tmp_path: Path) -> None:
    visualize_qf.main([str(folder), "--checkpoint", str(tmp_path / "run.pt"), "--output", str(tmp_path / "drawn")])
    drawn = sorted((tmp_path / "drawn").iterdir())
    assert [path.name for path in drawn] == ["cat.png.png", "cup.JPG.png"]
    for path in drawn:
        shown = np.asarray(Image.open(path).convert("RGB"))
        assert len(np.unique(shown.reshape(-1, 3), axis=0)) > 1000  # a photograph and its maps, no empty axes


def test_a_folder_without_pictures_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no picture"):
        visualize_qf.main([str(tmp_path)])


def test_the_networks_are_those_of_the_run(folder: Path, tmp_path: Path) -> None:
    found: Any = visualize_qf.trained("shipping", tmp_path / "run.pt").state_dict()
    assert all(torch.equal(value, found[name]) for name, value in SYSTEM.state_dict().items())
