"""What a kind of teacher names (see `sedkd.teach.teacher`): a published checkpoint, or a callable of one's own."""

from pathlib import Path

from sedkd.data.pool import Pool
from sedkd.errors import UserError
from sedkd.features.settings import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings
from sedkd.models.checkpoint import Build
from sedkd.models.frame import FrameModel
from sedkd.own import Broken, Missing, imported, raised
from sedkd.teach.weights import AUDIOSET_WEIGHTS, weights_path


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
    if not isinstance(model, FrameModel) or tuple(model.labels) != pool.labels:
        raise UserError(
            f"--teacher {kind}: must make a sedkd.models.frame.FrameModel with the labels of {{'labels': [...]}}"
        )
    return model


def features_of_kind(kind: str, build: Build | None, pool: Pool) -> FeatureSettings:
    if build:
        return built(kind, build, pool).features
    return AUDIOSET_FEATURES if has_stages(kind) else STUDENT_FEATURES


def start_file(kind: str) -> Path | None:
    """The published checkpoint that a teacher starts from, if it starts from one."""
    if kind in AUDIOSET_WEIGHTS:
        return weights_path(kind)
    return Path(kind).expanduser() if kind.endswith(".pt") else None
