"""Metrics by programs that take two picture files, many times as fast as what PyPI has."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from PIL import Image


def said(program: Path, original: Image.Image, decoded: Image.Image) -> str:
    """What the program prints about the two RGB pictures, which it gets as PPM files."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("original.ppm", "decoded.ppm")]
        for picture, file in zip((original, decoded), files, strict=True):
            picture.save(file)
        return subprocess.run([program, *files], capture_output=True, text=True, check=True).stdout


def ssimulacra2_score(program: Path, original: Image.Image, decoded: Image.Image) -> float:
    """By libjxl's ssimulacra2."""
    return float(said(program, original, decoded))


def butteraugli_distance(program: Path, original: Image.Image, decoded: Image.Image) -> float:
    """The 3-norm over the picture by libjxl's butteraugli_main; 0 for equal pictures."""
    printed = said(program, original, decoded)
    found = re.search(r"^3-norm: (\S+)$", printed, re.MULTILINE)
    if found is None:
        raise ValueError(f"{program} did not say a 3-norm, but: {printed}")
    return float(found[1])
