"""Safetensors files: written whole, or as their rows come."""

import errno
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sedkd.disk.paths import written_atomically

if TYPE_CHECKING:
    from torch import Tensor


def save_tensors(tensors: Mapping[str, "Tensor"], path: Path, metadata: Mapping[str, str]) -> None:
    """Write tensors, wherever they lie, and texts beside them, all or nothing. OSError, as where a disk is full."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    found = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with written_atomically(path) as temporary:
        try:
            save_file(found, temporary, metadata=dict(metadata))
        except SafetensorError as error:  # its text holds the system's number: a full disk is one
            number = re.search(r"os error (\d+)", str(error))
            raise OSError(int(number[1]) if number else errno.EIO, str(error)) from error


def write_tensors(path: Path, tensors: Mapping[str, tuple[tuple[int, int], Iterable[np.ndarray]]]) -> None:
    """Write a safetensors file of fp16 tensors, each given by its shape and its rows, part after part, as they come.

    The layout is that of https://github.com/huggingface/safetensors: the header's length, the header as JSON, data.
    """
    header, end = {}, 0
    for name, ((rows, columns), _) in tensors.items():
        begin, end = end, end + 2 * rows * columns
        header[name] = {"dtype": "F16", "shape": [rows, columns], "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # data are aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, (shape, parts) in tensors.items():
            written = sum(file.write(part.astype(np.float16, copy=False).tobytes()) for part in parts)
            if written != 2 * shape[0] * shape[1]:
                raise ValueError(f"{name}: {written} bytes for the shape {shape}")
