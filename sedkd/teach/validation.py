"""How well a teacher does: segment F1 on validation of every environment, by the labels that it annotates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from sedkd.data.pool import Pool
from sedkd.data.recordings import Recording
from sedkd.models.frame import FrameModel
from sedkd.score.postprocess import fast_f1, tune
from sedkd.score.summary import score
from sedkd.train.fit import Checkpoint, Watch
from sedkd.train.split import Split

CRITERION = "f1_segment"
PATIENCE = 3  # looks without a gain


@dataclass(frozen=True)
class Validation:
    """Validation splits, by environment, on the grid of the models that are scored."""

    splits: Mapping[str, Split]

    def mean(self, model: FrameModel) -> float:
        """Mean over the environments of macro F1 at the best threshold per label, without filters (`fast_f1`)."""
        return float(np.mean([fast_f1(split.answers(model), CRITERION) for split in self.splits.values()]))

    def scores(self, model: FrameModel) -> dict[str, float | None]:
        """Macro F1 of each environment after tuning as a student's; None where validation holds no event."""
        found = {}
        for name, split in self.splits.items():
            answers = split.answers(model)
            found[name] = score(answers, tune(answers, CRITERION), with_psds=False).values[CRITERION]
        return found


def validation_of(pool: Pool, split: Callable[[Sequence[Recording]], Split]) -> Validation:
    """Validation of the environments that have one with events in it; `split` makes the tensors of recordings."""
    found = {name: pool.validation(name) for name in pool.environments if pool.has_validation(name)}
    return Validation({name: split(clips) for name, clips in found.items() if any(clip.events for clip in clips)})


class Ended(Exception):
    """Training has stopped to gain."""


class Best:
    """Keeps the weights of `model` that did best on validation; `watch` looks at them while they are trained."""

    def __init__(self, model: FrameModel, validation: Validation) -> None:
        self.model, self.validation = model, validation
        self.score, self.steps, self.misses = -np.inf, 0, 0
        self.weights: dict[str, Tensor] = {}

    def look(self) -> float:
        """The model's score as it stands; its weights are kept if they did better than all before."""
        found = self.validation.mean(self.model.eval())
        self.misses += 1
        if found > self.score:
            self.score, self.misses = found, 0
            self.weights = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
        return found

    def watch(self, looks: int) -> Watch:
        """Looks so often while training, which it ends with `Ended` after PATIENCE of them without a gain."""
        return Watch(evaluate=lambda _: self.look(), checkpoints=looks, report=self._report)

    def restore(self) -> None:
        """Give the model its best weights."""
        self.model.load_state_dict(self.weights)
        self.model.eval()

    def _report(self, at: Checkpoint) -> None:
        if self.misses == 0:
            self.steps = at.step
        if self.misses >= PATIENCE:
            raise Ended
