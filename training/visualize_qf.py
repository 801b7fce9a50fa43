"""What a QF system makes of the pictures of a folder: each decoded, beside its generated and its predicted maps.

    python -m training.visualize_qf some/folder --output drawn

Writes NAME.png for each picture: luma and chroma maps with bars of quality factors. The networks are those whose
weights were kept, or those of a training run. Needs the extras [train] and [plot].
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from training.qf_networks import CONFIGURATIONS
from training.qf_pipeline import QfSystem, kept
from training.qf_samples import draw_samples


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of pictures, in any format that Pillow opens")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("drawn"), help="(default: %(default)s)")
    parser.add_argument("--configuration", choices=CONFIGURATIONS, default="shipping", help="(default: %(default)s)")
    parser.add_argument("--checkpoint", type=Path, help="of training.train_qf, in the same configuration")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    pictures = pictures_in(options.folder)
    if not pictures:
        sys.exit(f"There is no picture in {options.folder}")
    system = trained(options.configuration, options.checkpoint) if options.checkpoint else kept(options.configuration)
    options.output.mkdir(parents=True, exist_ok=True)
    for path in pictures:
        pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
        drawn = options.output / f"{path.name}.png"
        draw_samples(system, torch.tensor(pixels[None]), drawn)
        print(drawn, flush=True)


def pictures_in(folder: Path) -> list[Path]:
    """The files whose names are those of pictures, in order."""
    known = Image.registered_extensions()
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in known and path.is_file())


def trained(configuration: str, checkpoint: Path) -> QfSystem:
    """The system of a training run."""
    system = QfSystem(CONFIGURATIONS[configuration])
    system.load_state_dict(torch.load(checkpoint)["system"])
    return system.eval()


if __name__ == "__main__":
    main()
