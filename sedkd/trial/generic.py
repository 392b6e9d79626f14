"""The generic student: one architecture, distilled from the teacher on all environments and all their labels.

It knows nothing of where it will listen, and is one of the initialisations from which a student is specialised. Each
architecture's is trained once and kept in the cache.
"""

from collections.abc import Callable

import torch

from sedkd.disk.json_file import digest
from sedkd.disk.paths import cache_root
from sedkd.disk.shared import made_once_for_all
from sedkd.distill.registry import build_terms
from sedkd.models.checkpoint import load_model, save_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.task.task import Task
from sedkd.train.cohort import Member, fit_cohort
from sedkd.train.fit import Watch
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Sizes

VERSION = 4  # raise it with every change of how students are trained
WEIGHT = 1.0  # of the response
TRAINING = TrainSettings(steps=120, learning_rate=2e-2)  # a start, not a result: shorter than a trial


def generic_student(
    settings: StudentSettings, task: Task, progress: Callable[[int, int], None] | None = None
) -> Student:
    """The trained generic student of this architecture, from the cache or made now."""
    corpus = task.generic.corpus
    labels = tuple(label for label in task.pool.labels if label in task.teacher.model.labels)
    target = cache_root() / "generic" / f"{_key(settings, task, labels)}.safetensors"

    def make() -> None:
        torch.manual_seed(TRAINING.seed)
        student = Student(settings, labels)
        student.standardise_by(*(t.cpu() for t in corpus.statistics()))
        assert corpus.teacher is not None
        sizes = Sizes(student.embedding_size, corpus.teacher.embeddings.shape[1], len(labels))
        terms = build_terms("response", {"response": {"weight": WEIGHT}}, sizes)
        (ended,) = fit_cohort([Member(student.to(task.device), corpus, terms, TRAINING, Watch())], progress)
        if isinstance(ended, Exception):
            raise ended
        save_model(student, target, {"teacher": task.teacher.key, "environments": list(task.pool.environments)})

    return made_once_for_all(target, make, load_model, progress)  # type: ignore[return-value]


def start_from(student: Student, learned: Student) -> None:
    """Copy a trained student's weights, of its last layer the rows of the labels that both have. Each stays on the
    device on which it lies."""
    own = student.state_dict()
    weights = {name: tensor.to(own[name].device) for name, tensor in learned.state_dict().items()}
    known = [label for label in student.labels if label in learned.labels]
    here, there = ([model.labels.index(label) for label in known] for model in (student, learned))
    for name in ("classifier.weight", "classifier.bias"):
        rows = own[name].clone()
        rows[here] = weights[name][there]
        weights[name] = rows
    student.load_state_dict(weights)


def _key(settings: StudentSettings, task: Task, labels: tuple[str, ...]) -> str:
    annotated = {name: list(events) for name, events in task.pool.annotated.items()}  # masks what is unknown
    parts = [VERSION, settings.as_key(), TRAINING.as_key(), task.teacher.key, task.generic_digest, annotated, labels]
    return digest(parts)
