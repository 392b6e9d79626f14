"""The teacher: which network, trained on what, found again in the cache.

Kinds: `crnn` (the widest student architecture, from scratch), `timm:NAME` (any convolutional timm backbone, from
scratch), `mn04_as` and `mn10_as` (EfficientAT's AudioSet weights, fetched before), `module:callable` (a network of
one's own, trained from its own start), or a file: an EfficientAT checkpoint (.pt), which is fine-tuned like the named
ones, or a teacher that `sedkd teacher train` wrote, which is used as it is.
"""

import hashlib
import importlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import nn

from sedkd.data.audio import content_hash
from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording, digest_of
from sedkd.distill.labels import Labels
from sedkd.errors import UserError
from sedkd.features.logmel import AUDIOSET_FEATURES, STUDENT_FEATURES, FeatureSettings
from sedkd.features.pack import Pack, features_of
from sedkd.kept import made_once
from sedkd.models.checkpoint import Build, load_model, save_model
from sedkd.models.frame import FrameModel
from sedkd.models.student import Student, StudentSettings
from sedkd.models.timm_net import TimmNet
from sedkd.paths import cache_root
from sedkd.progress import Progress, counting
from sedkd.teach.weights import AUDIOSET_WEIGHTS, weights_path
from sedkd.train.corpus import Corpus, corpus_from
from sedkd.train.fit import fit
from sedkd.train.settings import TrainSettings

VERSION = 1
CRNN = StudentSettings(width=40, depth=5, block="conv", head="gru")
FROM_SCRATCH = TrainSettings(steps=500)
FROM_AUDIOSET = TrainSettings(steps=300, learning_rate=1e-3)


@dataclass(frozen=True)
class Teacher:
    """A trained teacher. `key` names the model's weights; `origin` says in words where they come from. `head`, where
    there is one, takes the place of the model's last layer (see `sedkd.teach.adapt`)."""

    model: FrameModel
    key: str
    kind: str
    origin: str
    head: nn.Linear | None = None


def teacher_for(
    pool: Pool, kind: str, device: torch.device, seed: int = 0, progress: Progress | None = None
) -> Teacher:
    """The teacher of `kind` for the environments of `pool`: from the cache, or trained and kept there, by one process
    while others wait.

    Raises:
        UserError: the kind is unknown, its weights are not there, or a given teacher misses labels.
    """
    path = Path(kind).expanduser()
    if path.suffix == ".safetensors":
        return _given(path, pool, device)
    settings, build = _settings(kind), _own_builder(kind)
    features = _features_of(kind, settings, build, pool)
    recordings = [recording for name in pool.environments for recording in pool.training(name)]
    pack = _features(recordings, features, progress)
    settings = replace(settings, seed=seed)
    key = teacher_key(kind, pool, recordings, pack, settings)
    target = teachers_folder() / f"{key}.safetensors"

    def make() -> None:
        model = _train(kind, build, pool, recordings, pack, settings, device, progress)
        about = {
            "kind": kind,
            "data": pool.origin,
            "environments": list(pool.environments),
            "synthetic": pool.synthetic,
        }
        save_model(model, target, {**about, "origin": _origin(kind, pool), "settings": asdict(settings)})

    waiting = counting(progress, "waiting for the teacher, which another process trains")
    model = made_once(target, make, partial(load_model, build=build), waiting)
    return Teacher(model.to(device), key, kind, _origin(kind, pool))


def teachers_folder() -> Path:
    return cache_root() / "teachers"


def teacher_key(kind: str, pool: Pool, recordings: Sequence[Recording], pack: Pack, settings: TrainSettings) -> str:
    """Key of a trained teacher: everything that its weights depend on, the annotations as they stand among it."""
    file, build = _start_file(kind), _own_builder(kind)
    start = content_hash(file) if file else kind
    if build:
        source = inspect.getsourcefile(build)
        start += f" {content_hash(Path(source))}" if source else ""
    network = asdict(CRNN) if kind == "crnn" else None
    annotated = {name: list(labels) for name, labels in pool.annotated.items()}
    parts = [VERSION, start, network, pack.key, digest_of(recordings), annotated, settings.as_key()]
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def corpus_for(model: FrameModel, recordings: Sequence[Recording], pool: Pool, pack: Pack) -> Corpus:
    """The recordings on the model's own grid, with the targets of the model's labels."""
    return corpus_from(recordings, pack, model.stride, model.frame_seconds, model.labels, pool.annotated)


def _train(
    kind: str,
    build: Build | None,
    pool: Pool,
    recordings: Sequence[Recording],
    pack: Pack,
    settings: TrainSettings,
    device: torch.device,
    progress: Progress | None,
) -> FrameModel:
    torch.manual_seed(settings.seed)
    model = _built(kind, build, pool) if build else _untrained(kind, pool.labels)
    corpus = corpus_for(model, recordings, pool, pack)
    if isinstance(model, Student | TimmNet):
        model.standardise_by(*corpus.statistics())
    report = counting(progress, "training the teacher")
    fit(model.to(device), corpus, [Labels()], settings, progress=report)
    return model


def _untrained(kind: str, labels: tuple[str, ...]) -> FrameModel:
    start = _start_file(kind)
    if start:
        from sedkd.models.audioset import audioset_start

        return audioset_start(start, labels)
    if kind.startswith("timm:"):
        return TimmNet(kind.removeprefix("timm:"), labels)
    return Student(CRNN, labels)


def _settings(kind: str) -> TrainSettings:
    if _start_file(kind):
        return FROM_AUDIOSET
    if kind == "crnn" or ":" in kind:
        return FROM_SCRATCH
    raise UserError(
        f"--teacher {kind}: expected crnn, timm:NAME, {', '.join(AUDIOSET_WEIGHTS)}, an EfficientAT .pt file, "
        "a .safetensors file of `sedkd teacher train`, or module:callable"
    )


def _own_builder(kind: str) -> Build | None:
    """The callable of `module:callable`; it makes a FrameModel out of `{"labels": [...]}` and of its `config()`."""
    module, _, name = kind.partition(":")
    if not name or module == "timm":
        return None
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(f"--teacher {kind}: cannot be found ({error}); is its folder the current one?") from error


def _built(kind: str, build: Build, pool: Pool) -> FrameModel:
    model = build({"labels": list(pool.labels)})
    if not isinstance(model, FrameModel) or tuple(model.labels) != pool.labels:
        raise UserError(
            f"--teacher {kind}: must make a sedkd.models.frame.FrameModel with the labels of {{'labels': [...]}}"
        )
    return model


def _features_of(kind: str, settings: TrainSettings, build: Build | None, pool: Pool) -> FeatureSettings:
    if build:
        return _built(kind, build, pool).features
    return AUDIOSET_FEATURES if settings is FROM_AUDIOSET else STUDENT_FEATURES


def _start_file(kind: str) -> Path | None:
    """The published checkpoint that a teacher starts from, if it starts from one."""
    if kind in AUDIOSET_WEIGHTS:
        return weights_path(kind)
    return Path(kind).expanduser() if kind.endswith(".pt") else None


def _origin(kind: str, pool: Pool) -> str:
    start = "AudioSet weights" if _start_file(kind) else "random weights"
    data = "synthetic soundscapes" if pool.synthetic else "labelled clips"
    return f"{kind}: {start}, trained on the {data} of {', '.join(pool.environments)}"


def _given(path: Path, pool: Pool, device: torch.device) -> Teacher:
    model = load_model(path)
    if not set(model.labels) & set(pool.labels):
        raise UserError(f"{path}: this teacher knows none of the events; it knows: {', '.join(model.labels)}")
    return Teacher(model.to(device), content_hash(path), str(path), f"{path.name}, used as it is")


def _features(recordings: Sequence[Recording], features: FeatureSettings, progress: Progress | None) -> Pack:
    return features_of(recordings, features, counting(progress, "computing the teacher's features"))
