"""A second network that learns beside the student, with an optimiser of its own, and is thrown away with it.

Its own optimiser keeps its gradients out of the student's clipping and out of the running magnitude of the loss.
"""

import copy

from torch import Tensor, nn

from sedkd.models.frame import FrameModel
from sedkd.train.batch import Batch
from sedkd.train.fit import CLIP_NORM
from sedkd.train.optimiser import optimiser_for
from sedkd.train.settings import TrainSettings


class Peer:
    """`model` learns from `settings.steps` calls of `learn`. No torch module, so that a term which holds one does not
    count its weights among those that are trained along."""

    def __init__(self, model: FrameModel, settings: TrainSettings) -> None:
        self.model = model.train()
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimiser = optimiser_for(self.parameters, settings)

    def answer(self, batch: Batch) -> Tensor:
        """Logits `[batch, frames, labels]`, with gradient."""
        return self.model(batch.features).logits

    def learn(self, loss: Tensor) -> None:
        """One step down `loss`."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
        self.optimiser.step()


def fresh_copy(model: FrameModel) -> FrameModel:
    """The same architecture with new random weights; buffers such as the feature statistics stay."""
    twin = copy.deepcopy(model)
    for module in twin.modules():
        reset = getattr(module, "reset_parameters", None)
        if reset is not None:
            reset()
    return twin
