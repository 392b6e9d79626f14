"""Models on disk: safetensors whose header holds what rebuilds the network. Nothing is unpickled."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sedkd.disk.tensor_file import save_tensors
from sedkd.errors import UserError
from sedkd.models.frame import FrameModel


def save_model(model: FrameModel, path: Path, notes: Mapping[str, Any] | None = None) -> None:
    """Write weights, kind, configuration and `notes` (anything JSON can hold) to one safetensors file."""
    header = {"kind": model.kind, "config": json.dumps(model.config()), "notes": json.dumps(dict(notes or {}))}
    save_tensors(model.state_dict(), path, header)


Build = Callable[[dict[str, Any]], FrameModel]
"""Makes an untrained model out of its `config()`."""


def load_model(path: Path, build: Build | None = None) -> FrameModel:
    """The model of `save_model`, on the CPU, in evaluation mode.

    `build` makes a model of a kind that is not sedkd's own; a file never names code to run.
    """
    from safetensors.torch import load_file

    header = read_header(path)
    try:
        config = json.loads(header["config"])
        model = build(config) if build else _empty(header["kind"], config, path)
        model.load_state_dict(load_file(path))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: its header and its weights are not one of sedkd's models") from error
    return model.eval()


def read_header(path: Path) -> dict[str, str]:
    """The header of a file of `save_model`: kind, config, notes (JSON texts)."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as stream:
            header = stream.metadata() or {}
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UserError(f"{path}: no such file") from error
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path}: not a safetensors file") from error
    if "kind" not in header or "config" not in header:
        raise UserError(f"{path}: a safetensors file, but none of sedkd's models")
    return header


def _empty(kind: str, config: dict[str, Any], path: Path) -> FrameModel:
    if kind == "student":
        from sedkd.models.student import student_from

        return student_from(config)
    if kind == "timm":
        from sedkd.models.timm_net import timm_net_from

        return timm_net_from(config)
    if kind == "audioset":
        from sedkd.models.audioset import audioset_net_from

        return audioset_net_from(config)
    raise UserError(f"{path}: holds a model of the unknown kind {kind!r}")
