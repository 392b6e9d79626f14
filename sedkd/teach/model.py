"""What a teacher is: a network with its name, where it came from, and how well it did on validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.features.pack import Pack
from sedkd.models.frame import FrameModel
from sedkd.train.corpus import Corpus, corpus_from


@dataclass(frozen=True)
class Stage:
    """A part of a teacher's training: optimiser `steps` that its weights have seen, `seconds` that it took, segment F1
    on validation of each environment (None where validation holds no event)."""

    name: str
    steps: int
    seconds: float
    f1: Mapping[str, float | None]


@dataclass(frozen=True)
class Teacher:
    """A trained teacher. `key` names the model's weights; `origin` says in words where they come from. `head`, where
    there is one, takes the place of the model's last layer (see `sedkd.teach.adapt`). `stages` are those in which it
    was trained, as far as they are known."""

    model: FrameModel
    key: str
    kind: str
    origin: str
    head: nn.Linear | None = None
    stages: tuple[Stage, ...] = ()


def corpus_for(model: FrameModel, recordings: Sequence[Recording], pool: Pool, pack: Pack) -> Corpus:
    """The recordings on the model's own grid, with the targets of the model's labels."""
    return corpus_from(recordings, pack, model.stride, model.frame_seconds, model.labels, pool.annotated)


def stages_from(notes: Mapping[str, Any]) -> tuple[Stage, ...]:
    """The stages that a teacher's file tells of; older files tell of none."""
    return tuple(Stage(**stage) for stage in notes.get("stages", ()))
