"""Students of one kind, with rates, terms, shares and clips of their own: what a cohort is made of in tests."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from bands import corpus, student

from sedkd.distill.registry import build_terms
from sedkd.models.student import Student
from sedkd.train.cohort import Member
from sedkd.train.corpus import Corpus, TeacherOutputs
from sedkd.train.fit import Watch
from sedkd.train.settings import TrainSettings
from sedkd.train.term import Sizes

QUICK = TrainSettings(steps=8, batch=6, frames=16, learning_rate=2e-3)
SETTINGS = (
    QUICK,
    replace(QUICK, seed=3, learning_rate=4e-3, weight_decay=0.1),
    replace(QUICK, seed=5, learning_rate=1e-3, unlabeled_share=0.5),
)
PARAMETERS = (
    {},
    {"response": {"temperature": 4.0, "weight": 0.5}, "hint": {"weight": 2.0}},
    {"response": {"temperature": 1.0, "weight": 3.0}, "hint": {"weight": 0.1}},
)
WATCH = Watch(lambda model: float(model.classifier.weight.detach().abs().sum()), checkpoints=2)


def taught(seed: int) -> Corpus:
    """Clips with a teacher's answers, the same for whoever asks with one seed."""
    data, random = corpus(), torch.Generator().manual_seed(seed)
    frames = int(data.out_starts[-1])
    sizes = (data.targets.shape[1], 5)
    logits, embeddings = (torch.randn(frames, size, generator=random) for size in sizes)
    return data.taught_by(TeacherOutputs(logits.half(), embeddings.half()))


def members(strategy: str, settings: Sequence[TrainSettings] = SETTINGS, mixture: float = 0.0) -> list[Member]:
    """One member per setting, of two corpora; all but the second mix windows with the probability `mixture`."""
    found = []
    for number, train in enumerate(settings):
        torch.manual_seed(number)
        own = Student(student().settings, student().labels)
        own.standardise_by(*taught(0).statistics())
        sizes = Sizes(own.embedding_size, 5, len(own.labels))
        terms = build_terms(strategy, PARAMETERS[number % len(PARAMETERS)], sizes)
        mixing = train if number == 1 else replace(train, mixture=mixture)
        found.append(Member(own, taught(number % 2), terms, mixing, WATCH))
    return found
