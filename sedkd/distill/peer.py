"""A second network that learns beside the student, with an optimiser of its own, and is thrown away with it.

Its own optimiser keeps its gradients out of the student's clipping and out of the running magnitude of the loss.
"""

import copy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from sedkd.models.frame import FrameModel
from sedkd.train.batch import Batch
from sedkd.train.fit import CLIP_NORM
from sedkd.train.optimiser import optimiser_for
from sedkd.train.settings import TrainSettings
from sedkd.train.trunk import optimiser_state, restore_optimiser

MODEL, STEPS = "model.", "steps"  # in its state
_STREAM = threading.Lock()  # students are trained side by side, and torch has one stream of random numbers


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

    def state(self) -> dict[str, Tensor]:
        """What a term that holds it leaves to the next step (`Term.state`)."""
        steps = torch.tensor(self.optimiser.param_groups[0]["k"])
        own = {MODEL + name: tensor for name, tensor in self.model.state_dict().items()}
        return {STEPS: steps, **own, **optimiser_state(self.optimiser, self.parameters)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict({name: state[MODEL + name] for name in self.model.state_dict()})
        restore_optimiser(self.optimiser, self.parameters, state, int(state[STEPS]))


def fresh_copy(model: FrameModel, seed: int) -> FrameModel:
    """The same architecture with random weights that follow `seed`, on the model's device; buffers such as the feature
    statistics stay. A model that was made with the same seed is the same: see `another_seed`."""
    device = next(model.parameters()).device
    twin = copy.deepcopy(model).cpu()  # the same weights on every kind of device
    with seeded(seed):
        for module in twin.modules():
            reset = getattr(module, "reset_parameters", None)
            if reset is not None:
                reset()
    return twin.to(device)


def another_seed(settings: TrainSettings, number: int = 1) -> int:
    """For a network beside the student or before it, which is to have neither its weights nor its draws."""
    return settings.seed + 1000 * number


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """In here torch's own random numbers on the CPU follow `seed`, whatever was drawn or trained before."""
    with _STREAM, torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        yield
