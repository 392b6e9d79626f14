"""The slimmable family of an environment: one network, trained once, of which every student is a slice.

Each step trains the widest member by the labels and the teacher, and by the widest's own answers the narrowest member
and some between: the sandwich rule and the in-place teacher of universally slimmable networks (Yu and Huang 2019). A
slice is then a student that needs only a few steps more, and whose score before them already tells what it is worth.
"""

import hashlib
import json
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sedkd.data.recordings import digest_of
from sedkd.disk.kept import made_once
from sedkd.disk.paths import cache_root
from sedkd.distill.registry import build_terms
from sedkd.distill.response import response_loss
from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.frame import FrameOutput
from sedkd.models.slimmable import Slimmable
from sedkd.models.student import Student, StudentSettings
from sedkd.task.task import Task
from sedkd.teach.choice import TeacherSettings
from sedkd.train.batch import Batch
from sedkd.train.fit import fit
from sedkd.train.sampler import OneSampler
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Sizes, Term, mean_where
from sedkd.trial.starts import WIDEST

VERSION = 2  # raise it with every change of how students are trained
TRAINING = TrainSettings(steps=300, learning_rate=0.02, unlabeled_share=0.5)
DEEPEST, NARROWEST = 5, 2
BETWEEN = 2  # widths per step besides the widest and the narrowest
RECALIBRATION_BATCHES = 8


def family_student(
    settings: StudentSettings, task: Task, progress: Callable[[int, int], None] | None = None
) -> Student:
    """The slice of these settings as a student for the task's events, with batch statistics of its own."""
    student = family_of(settings.block, task, progress).cut(settings).to(task.device)
    _recalibrate(student, task)
    return student.cpu().eval()


def family_of(block: str, task: Task, progress: Callable[[int, int], None] | None = None) -> Slimmable:
    """The trained family of students with this kind of block, from the cache or made now."""
    target = cache_root() / "families" / f"{_key(block, task)}.safetensors"

    def make() -> None:
        save_model(_trained(block, task, progress), target, {"teacher": task.teacher.key})

    return made_once(target, make, load_model, progress)  # type: ignore[return-value]


class InPlace(Term):
    """Slices learn the widest member's answers to the same batch: those of the narrowest width, and of some drawn at
    random, each with all depths and heads, which one pass over its layers serves."""

    needs_teacher = False
    weight = float(1 + BETWEEN)

    def __init__(self, family: Slimmable, seed: int) -> None:
        super().__init__()
        self.family = family
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        drawn = torch.randint(NARROWEST, self.family.widest.width + 1, (BETWEEN,), generator=self.generator)
        found = [end for width in (NARROWEST, *drawn.tolist()) for end in self.family.ends(width, batch.features)]
        loss = response_loss(torch.stack(found), output.logits.detach().expand(len(found), -1, -1, -1), 1.0)
        return mean_where(loss.mean(0), batch.valid[..., None])


def _trained(block: str, task: Task, progress: Callable[[int, int], None] | None) -> Slimmable:
    torch.manual_seed(TRAINING.seed)
    family = Slimmable(StudentSettings(WIDEST, DEEPEST, block, "gru"), task.events)
    corpus = task.corpus(TeacherSettings())
    mean, std = corpus.statistics()
    family.mean.copy_(mean)
    family.std.copy_(std)
    family.to(task.device)
    assert corpus.teacher is not None
    sizes = Sizes(family.embedding_size, corpus.teacher.embeddings.shape[1], len(task.events))
    terms = [*build_terms("response", {}, sizes), InPlace(family, TRAINING.seed)]
    fit(family, corpus, terms, TRAINING, progress=progress)
    return family


@torch.no_grad()
def _recalibrate(student: Student, task: Task) -> None:
    """Set the batch statistics to the mean over some batches of the environment's clips."""
    corpus = task.corpus(None)
    draw = OneSampler(corpus, TRAINING, task.device)
    norms = [module for module in student.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    student.train()
    for _ in range(RECALIBRATION_BATCHES):
        student(draw().batch.features)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum


def _key(block: str, task: Task) -> str:
    parts = [
        VERSION,
        block,
        [WIDEST, DEEPEST, NARROWEST, BETWEEN],
        TRAINING.as_key(),
        list(task.events),
        task.teacher.key,
        digest_of(task.training.recordings),
    ]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
