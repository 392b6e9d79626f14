"""A student before its first step: random, or begun from what another network has learned; see `sedkd.trial.starts`."""

from dataclasses import replace
from typing import Any

import torch

from sedkd.disk.paths import expanded
from sedkd.models.audioset import load_lower_layers
from sedkd.models.settings import TIMM, StudentSettings
from sedkd.models.slicing import sliced
from sedkd.models.student import Student
from sedkd.models.timm_backbone import backbone_weights, hub_file
from sedkd.progress import Progress, counting
from sedkd.task.task import Task
from sedkd.teach.weights import weights_path
from sedkd.trial.generic import generic_student, start_from
from sedkd.trial.starts import AUDIOSET_WIDTHS, WIDEST, check_start


def initialised(
    settings: StudentSettings,
    labels: tuple[str, ...],
    initialisation: str,
    task: Task,
    seed: int = 0,
    progress: Progress | None = None,
) -> Student:
    """A student on the CPU, its features standardised: by the training clips, or as those it inherits weights from.

    What no initialisation brings (the last layer, a GRU over published weights) is random and follows `seed`.

    Raises:
        ValueError: the architecture does not allow this initialisation.
        UserError: published weights are not there or do not fit.
    """
    check_start(initialisation, settings)
    torch.manual_seed(seed)
    student = Student(settings, labels)
    if initialisation in ("generic", "slice"):
        width = WIDEST if initialisation == "slice" else settings.width
        report = counting(progress, "training the generic student")
        generic = generic_student(replace(settings, width=width), task, report)
        start_from(student, sliced(generic, settings) if initialisation == "slice" else generic)
        return student
    student.standardise_by(*task.statistics)
    network: Any = getattr(student.blocks, "network", None)  # of the kinds of block that have published weights
    if initialisation == "audioset":
        load_lower_layers(network, weights_path(AUDIOSET_WIDTHS[settings.width]))
    elif initialisation != "random":
        name, file = settings.block.removeprefix(TIMM), initialisation.partition(":")[2]
        path = expanded(file) if file else hub_file(name)
        network.backbone.load_state_dict(backbone_weights(name, settings.depth, path))
    return student
