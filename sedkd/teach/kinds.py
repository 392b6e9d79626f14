"""What a kind of teacher names (see `sedkd.teach.teacher`): a published checkpoint, or a callable of one's own."""

import inspect
import json
import sys
from pathlib import Path

import torch

from sedkd.data.pool import Pool
from sedkd.disk.paths import expanded
from sedkd.errors import UserError
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings
from sedkd.models.checkpoint import Build
from sedkd.models.frame import FrameModel, FrameOutput
from sedkd.own import Broken, Missing, imported, raised
from sedkd.own_sources import own_sources
from sedkd.teach.weights import AUDIOSET_WEIGHTS, weights_path
from sedkd.train.settings import TrainSettings


def has_stages(kind: str) -> bool:
    """Whether a teacher of this kind begins from AudioSet weights, so that it has a head and may be fine-tuned."""
    return kind in AUDIOSET_WEIGHTS or kind.endswith(".pt")


def own_builder(kind: str) -> Build | None:
    """The callable of `module:callable`; it makes a FrameModel out of `{"labels": [...]}` and of its `config()`."""
    module, colon, name = kind.partition(":")
    if not colon or module == "timm" or has_stages(kind):
        return None
    try:
        return imported(module, name)
    except Missing as error:
        raise UserError(f"--teacher {kind}: cannot be found ({error}); is its folder the current one?") from error
    except Broken as error:
        raise UserError(f"--teacher {kind}: {error}") from error


def built(kind: str, build: Build, pool: Pool) -> FrameModel:
    """An untrained network of one's own; UserError where none is made, or one of other labels."""
    try:
        model = build({"labels": list(pool.labels)})
    except Exception as error:  # what somebody else wrote may raise anything
        raise UserError(f"--teacher {kind}: cannot be built: {raised(error)}") from error
    if not isinstance(model, FrameModel) or tuple(getattr(model, "labels", ())) != pool.labels:
        raise UserError(
            f"--teacher {kind}: must make a sedkd.models.frame.FrameModel with the labels of {{'labels': [...]}}"
        )
    lacking = next((name for name in ("kind", "features", "stride") if not hasattr(model, name)), None)
    if lacking is not None or next(model.parameters(), None) is None:
        raise UserError(f"--teacher {kind}: its model has no {lacking or 'weights to train'}")
    return model


def _require_rebuilt(kind: str, build: Build, model: FrameModel) -> None:
    """UserError where the file of a network of one's own could not be read again."""
    try:
        build(json.loads(json.dumps(model.config()))).load_state_dict(model.state_dict())
    except Exception as error:  # what somebody else wrote may raise anything
        raise UserError(f"--teacher {kind}: cannot be built again from its config(): {raised(error)}") from error


def sources_of(kind: str, build: Build) -> list[Path]:
    """The files whose code makes it: the callable's own, or, of what is no function nor class, the named module's; and
    those of one's own that these import."""
    module = kind.partition(":")[0]
    written = inspect.isroutine(build) or inspect.isclass(build)
    source = inspect.getsourcefile(build if written else sys.modules[module])
    first = [Path(source).resolve()] if source else []
    return list(dict.fromkeys([*first, *own_sources(module)]))


def require_answers(kind: str, model: FrameModel, settings: TrainSettings) -> None:
    """UserError where a network of one's own does not answer a batch, in training's shape, as a FrameModel does: with
    finite logits `[batch, frames, labels]`, and embeddings and a feature map, if any, of as many frames."""
    batch, frames = settings.batch, settings.frames
    device = next(model.parameters()).device
    heard = torch.zeros(batch, model.stride * frames, model.features.n_mels, device=device)
    try:
        with torch.inference_mode():
            output = model.eval()(heard)
    except Exception as error:  # what somebody else wrote may raise anything
        raise UserError(f"--teacher {kind}: cannot answer features {list(heard.shape)}: {raised(error)}") from error
    if not isinstance(output, FrameOutput):
        raise UserError(
            f"--teacher {kind}: answered a {type(output).__name__}, expected a sedkd.models.frame.FrameOutput"
        )
    expected = [batch, frames, len(model.labels)]
    if list(output.logits.shape) != expected:
        raise UserError(f"--teacher {kind}: answered {list(output.logits.shape)}, expected {expected}")
    if output.embedding.ndim != 3 or list(output.embedding.shape[:2]) != expected[:2]:
        shape = list(output.embedding.shape)
        raise UserError(f"--teacher {kind}: answered embeddings {shape}, expected [{batch}, {frames}, channels]")
    seen = output.feature_map
    if seen is not None and (seen.ndim != 4 or [seen.shape[0], seen.shape[2]] != expected[:2]):
        raise UserError(
            f"--teacher {kind}: answered a feature map {list(seen.shape)}, expected [{batch}, channels, {frames}, "
            "bands], or None"
        )
    if not output.logits.isfinite().all():
        raise UserError(f"--teacher {kind}: answered logits that are no finite numbers")


def features_of_kind(kind: str, build: Build | None, pool: Pool, settings: TrainSettings) -> FeatureSettings:
    """What a teacher hears; one's own is tried on a batch of training besides, before anything is computed for it."""
    if build:
        model = built(kind, build, pool)
        require_answers(kind, model, settings)
        _require_rebuilt(kind, build, model)
        return model.features
    return AUDIOSET_FEATURES if has_stages(kind) else STUDENT_FEATURES


def start_file(kind: str) -> Path | None:
    """The published checkpoint that a teacher starts from, if it starts from one."""
    if kind in AUDIOSET_WEIGHTS:
        return weights_path(kind)
    return expanded(kind) if kind.endswith(".pt") else None
