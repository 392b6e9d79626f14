"""A safetensors file written as its rows come."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np


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
