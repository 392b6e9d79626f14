"""A stand-in for published AudioSet weights: a file of their names and shapes, of the narrowest network, untrained."""

from pathlib import Path

import torch

from sedkd.models.audioset import mobilenet


def write_published(path: Path) -> Path:
    torch.manual_seed(0)
    torch.save(mobilenet(0.4).state_dict(), path)
    return path
