"""timm backbones that answer once per output frame: built, opened in time, and loaded from a published file.

A file is read by timm with `weights_only=True`; the three input channels of weights for colour images are summed.
"""

import urllib.error
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sedkd.errors import UserError
from sedkd.models.strides import open_time_strides

HUB_FILE = "model.safetensors"
ODD_FRAMES = (1, 3, 31)  # answers: what halves a map and doubles it again gives one more of an odd number


def opened_backbone(name: str, n_mels: int, stride: int, depth: int | None = None) -> Any:
    """The untrained backbone, `[batch, 1, n_mels, time]` to one map per level, its time reduced by `stride` at most.

    The first `depth` levels of it, or all. UserError where there is no such model, or it cannot be opened.
    """
    _require_known(name)
    try:
        backbone = _built(name, depth)
        example = torch.zeros(1, 1, n_mels, 256)
        open_time_strides(backbone, example, stride)
        for length in (example.shape[-1], *(stride * frames for frames in ODD_FRAMES)):
            _require_frames(backbone, example[..., :length], stride)
    except (RuntimeError, ValueError, TypeError, AttributeError, AssertionError) as error:
        reason = str(error).split("\n")[0] or type(error).__name__
        raise UserError(f"timm model {name!r} cannot serve as a frame-level backbone: {reason}") from error
    return backbone


@cache
def require_backbone(name: str, n_mels: int, stride: int, depth: int | None = None) -> None:
    """UserError where `opened_backbone` has none; each is tried once."""
    with torch.random.fork_rng(devices=[]):  # trying one must not move a seeded draw
        opened_backbone(name, n_mels, stride, depth)


def backbone_weights(name: str, depth: int, file: Path) -> dict[str, Tensor]:
    """State dict of a one-channel backbone's first `depth` levels, out of a file of the whole timm model.

    Raises:
        UserError: the file is not there, is no checkpoint, or is another model's.
    """
    import timm
    from timm.models import load_state_dict

    if not file.is_file():
        raise UserError(f"{file}: no such file; it should hold the weights of timm model {name!r}")
    try:
        found = load_state_dict(str(file), weights_only=True)
        missing = sorted(set(timm.create_model(name, num_classes=0).state_dict()) - set(found))
    except Exception as error:  # torch and safetensors raise many kinds for a file that is no checkpoint
        raise UserError(f"{file}: not a checkpoint that loads with weights_only=True") from error
    if missing:
        raise UserError(f"{file}: not the weights of timm model {name!r}: it has no {missing[0]}")
    # timm sums over as many input channels as it is told, and warns of a file that has one already.
    stem = getattr(timm.get_pretrained_cfg(name), "first_conv", None)
    channels = found[f"{stem}.weight"].shape[1] if f"{stem}.weight" in found else 3
    overlay = {"file": str(file), "input_size": (channels, 224, 224)}
    try:
        return _built(name, depth, pretrained=True, pretrained_cfg_overlay=overlay).state_dict()
    except (RuntimeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split("\n")[:2][-1].split())
        raise UserError(f"{file}: not the weights of timm model {name!r}: {reason}") from error


def hub_file(name: str) -> Path:
    """The published weights of a timm model: from Hugging Face's cache, or fetched into it.

    Raises:
        UserError: none are published, or the hub cannot be reached (which file to put where).
    """
    import timm
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache

    published = timm.get_pretrained_cfg(name)
    if published is None or not published.hf_hub_id:
        raise UserError(f"no weights of timm model {name!r} are on the hub; write initialisation: timm:FILE")
    repository, _, revision = published.hf_hub_id.partition("@")
    cached = try_to_load_from_cache(repository, HUB_FILE, revision=revision or None)
    if isinstance(cached, str):
        return Path(cached)
    try:
        _require_reachable(constants.ENDPOINT)
        return Path(hf_hub_download(repository, HUB_FILE, revision=revision or None))
    except (OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        raise UserError(
            f"cannot fetch the weights of timm model {name!r} ({reason}); download {HUB_FILE} of "
            f"{constants.ENDPOINT}/{repository} elsewhere and write initialisation: timm:PATH/{HUB_FILE}"
        ) from error


def _require_known(name: str) -> None:
    import timm

    if not timm.is_model(name):
        near = ", ".join(timm.list_models(f"*{name.split('_')[0]}*")[:5]) or "see timm.list_models()"
        raise UserError(f"timm has no model {name!r}; near it: {near}")


def _built(name: str, depth: int | None, **options: Any) -> Any:
    import timm

    # The "getter" drops the layers behind the last level, which other ways to its features keep and run.
    levels: dict[str, Any] = {} if depth is None else {"out_indices": tuple(range(depth)), "feature_cls": "getter"}
    return timm.create_model(name, features_only=True, in_chans=1, **levels, **options)


def _require_frames(backbone: Any, example: Tensor, stride: int) -> None:
    """Even kernels lose frames once their stride is opened, and some networks join branches of unlike strides."""
    expected = example.shape[-1] // min(backbone.feature_info.reduction()[-1], stride)
    training = backbone.training
    with torch.no_grad():
        frames = backbone.eval()(example)[-1].shape[-1]
    backbone.train(training)
    if frames != expected:
        raise ValueError(f"it answers {frames} frames where {expected} are expected, of {example.shape[-1]} it hears")


def _require_reachable(endpoint: str) -> None:
    """OSError at once where the hub's own client would try for three quarters of a minute."""
    try:
        urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=10).close()
    except urllib.error.HTTPError:
        return  # it answers
