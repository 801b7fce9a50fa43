"""Checkpoints of a training run, from which it goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def restore(checkpoint: Path, states: dict[str, Any]) -> int:
    """Load `states` from `checkpoint` if it is there; how many epochs were done."""
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint)
    for name, each in states.items():
        each.load_state_dict(saved[name])
    return int(saved["epochs"])
