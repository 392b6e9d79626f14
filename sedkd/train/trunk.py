"""Training that is put aside, and goes on from there to more steps.

Trainings of one seed to 150 and to 600 steps are the same, windows and rate, for 150 steps. What they share is the
longer one's *trunk*. So the longer one begins where the shorter one ended, and what comes out is, bit for bit on one
machine, what it would have become from its first step. So does a training that was lost on its way and goes on from
its last look.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sedkd.disk.kept import kept
from sedkd.disk.tensor_file import save_tensors
from sedkd.train.term import Term
from sedkd.train.together import signature

STEPS, KEY, CURVE = "steps", "key", "curve"  # of a file's header
MOMENTS = ("z", "exp_avg_sq")  # the optimiser's, by schedulefree's names
SUMS = ("weight_sum", "lr_max")  # its own, of all steps so far


@dataclass(frozen=True)
class Trunk:
    """Where training stands after `step` steps, `since` so many after its last checkpoint: weights, the optimiser's and
    the losses' averages, by name.

    curve: the checkpoints so far, field by field, where it is of the very training that goes on.
    """

    step: int
    since: int
    tensors: Mapping[str, Tensor]
    curve: Sequence[Mapping[str, Any]] = ()

    @property
    def seconds(self) -> float:
        """Of the training that goes on, so far."""
        return float(self.curve[-1]["seconds"]) if self.curve else 0.0


@dataclass(frozen=True)
class Resume:
    """`trunk`: where training goes on; None: at its first step. `keep` hears of this training's own trunk, `keep_each`
    of where it stands after each checkpoint but the last, with its curve."""

    trunk: Trunk | None = None
    keep: Callable[[Trunk], None] | None = None
    keep_each: Callable[[Trunk], None] | None = None


FROM_THE_FIRST = Resume()  # and keep nothing


class FitState:
    """All that one step of `sedkd.train.fit` hands to the next: `modules` are the model and its terms, `parameters`
    those that the optimiser moves; `total` `[]` is the loss since the last
    checkpoint."""

    def __init__(
        self,
        modules: nn.Module,
        terms: Sequence[Term],
        parameters: Sequence[nn.Parameter],
        optimiser: torch.optim.Optimizer,
        total: Tensor,
    ) -> None:
        self.modules, self.terms, self.parameters = modules, terms, list(parameters)
        self.optimiser, self.total = optimiser, total

    def trunk(self, step: int, since: int, magnitudes: Tensor, curve: Sequence[Mapping[str, Any]] = ()) -> Trunk:
        """As it is now, copied: after `step` steps, `since` the last checkpoint."""
        found = {f"modules.{name}": tensor for name, tensor in self.modules.state_dict().items()}
        found |= optimiser_state(self.optimiser, self.parameters)
        for place, term in enumerate(self.terms):
            found |= {_of_term(place) + name: tensor for name, tensor in term.state().items()}
        found |= {"total": self.total, "magnitudes": magnitudes}
        return Trunk(step, since, {name: tensor.detach().clone() for name, tensor in found.items()}, curve)

    def restore(self, trunk: Trunk) -> None:
        """All but the magnitudes, which are their owner's to take."""
        own = self.modules.state_dict()
        self.modules.load_state_dict({name: trunk.tensors[f"modules.{name}"] for name in own})
        restore_optimiser(self.optimiser, self.parameters, trunk.tensors, trunk.step)
        for place, term in enumerate(self.terms):
            start = _of_term(place)
            found = {name.removeprefix(start): t for name, t in trunk.tensors.items() if name.startswith(start)}
            term.restore(found)
        self.total.copy_(trunk.tensors["total"])


def optimiser_state(optimiser: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]) -> dict[str, Tensor]:
    """An optimiser's (`sedkd.train.optimiser`) averages and sums, by name; one that no loss reached has none."""
    found = {
        f"{name}.{place}": optimiser.state[parameter][name]
        for place, parameter in enumerate(parameters)
        if optimiser.state[parameter]
        for name in MOMENTS
    }
    group = optimiser.param_groups[0]
    return found | {name: torch.tensor(group[name], dtype=torch.float64) for name in SUMS}


def restore_optimiser(
    optimiser: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], state: Mapping[str, Tensor], steps: int
) -> None:
    """Go on from what `optimiser_state` answered after so many steps; names besides are another's."""
    for place, parameter in enumerate(parameters):
        if f"{MOMENTS[0]}.{place}" not in state:
            continue
        # In the parameter's own order of memory: in another, sums round otherwise.
        means = {name: torch.empty_like(parameter).copy_(state[f"{name}.{place}"]) for name in MOMENTS}
        optimiser.state[parameter] = means
    optimiser.param_groups[0].update({"k": steps, **{name: float(state[name]) for name in SUMS}})


def can_go_on(terms: Sequence[Term]) -> bool:
    """Whether training by these may be put aside: all that a step leaves to the next is known."""
    return all((isinstance(term, Term) and term.resumable) or signature([term]) is not None for term in terms)


def _of_term(place: int) -> str:
    """What a term's own state is named by in a trunk."""
    return f"state.{place}."


def save_trunk(trunk: Trunk, path: Path, key: str) -> None:
    """Write a trunk to a safetensors file, under a key that says what was trained."""
    header = {STEPS: json.dumps([trunk.step, trunk.since]), KEY: key, CURVE: json.dumps(list(trunk.curve))}
    save_tensors(trunk.tensors, path, header)


def load_trunk(path: Path, key: str) -> Trunk | None:
    """The trunk in a file of `save_trunk`; None where there is none and, with a warning, where it is damaged or of
    another training."""
    return kept(path, lambda file: _read(file, key))


def _read(path: Path, key: str) -> Trunk:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        header = file.metadata() or {}
        if header.get(KEY) != key:
            raise ValueError("the trunk of another training")
        step, since = json.loads(header[STEPS])
        names = file.keys()  # of safetensors' own; the file itself cannot be walked through
        tensors = {name: file.get_tensor(name) for name in names}
        return Trunk(step, since, tensors, json.loads(header.get(CURVE, "[]")))  # earlier versions kept none
