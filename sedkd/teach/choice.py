"""How a student's teacher is chosen and restricted: three of what makes distillation environment-aware."""

from dataclasses import dataclass

TARGETS = ("own", "environment", "all")
ADAPTATIONS = ("general", "adapted")
ENSEMBLES = ("first", "mean", "weighted")


@dataclass(frozen=True)
class TeacherSettings:
    """What the student hears from its teacher.

    targets: `own`, the events to be detected only, all events of the `environment`, where fewer are to be detected, or
        `all` labels that the teacher knows; a student of more labels keeps the rows of its own events at the end, so
        that all have the same architecture when they run.
    adaptation: the teacher as it came, trained on all environments (`general`), or fine-tuned on the environment's
        labelled clips first (`adapted`).
    ensemble: of several teachers the `first` alone, the `mean` of their logits, or the mean `weighted` per class by
        their F1 on validation. Embeddings and attention are always the first teacher's.
    """

    targets: str = "own"
    adaptation: str = "general"
    ensemble: str = "first"

    def __post_init__(self) -> None:
        for name, known in (("targets", TARGETS), ("adaptation", ADAPTATIONS), ("ensemble", ENSEMBLES)):
            if getattr(self, name) not in known:
                raise ValueError(f"teacher.{name} must be one of {', '.join(known)}, not {getattr(self, name)}")
