"""The loss terms of a cohort: several students of one architecture, each with its own, computed in one go.

No loss is written twice: the terms are those of a single student, mapped over the students by `torch.func.vmap`.
"""

import copy
from collections.abc import Hashable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from sedkd.models.frame import FrameOutput
from sedkd.train.batch import Batch
from sedkd.train.term import Term


class TermCohort(nn.Module):
    """The terms of `members`, K students: member k's are `members[k]`, the label term first.

    Parameters and buffers are the members' own, copied and stacked along a first axis `[K, ...]`; `weights`
    `[K, terms]` are their weights.

    Raises:
        ValueError: there is no member or no term, a term is not computed in cohorts, or two members' terms have not
            the same `signature`.
    """

    weights: Tensor

    def __init__(self, members: Sequence[Sequence[Term]]) -> None:
        super().__init__()
        _require_fit(members)
        parameters, buffers = stack_module_state([_Terms(terms) for terms in members])  # type: ignore[arg-type]
        # The first member's terms, copied, hold what is stacked: it is found, moved and saved as any module's.
        self.terms = copy.deepcopy(_Terms(members[0]))
        for name, stacked in parameters.items():
            _put(self.terms, name, nn.Parameter(stacked, stacked.requires_grad))
        for name, stacked in buffers.items():
            _put(self.terms, name, stacked)
        weights = [[term.weight for term in terms] for terms in members]
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32))

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        """Losses `[K, terms]`; every tensor of `batch` and `output` has a first axis K, and None is None for all.

        Raises:
            ValueError: a tensor's first axis has another length.
        """
        if len(batch.valid) != len(self.weights):
            raise ValueError(f"the batches of {len(batch.valid)} members for a cohort of {len(self.weights)}")
        state = dict(self.terms.named_parameters()) | dict(self.terms.named_buffers())
        nothing = dict.fromkeys(vars(batch))

        def losses(state: dict[str, Tensor], heard: dict[str, Tensor], answered: dict[str, Tensor]) -> Tensor:
            one = Batch(**nothing | heard)  # type: ignore[arg-type]
            return functional_call(self.terms, state, (one, FrameOutput(**answered)))

        # vmap knows neither the dataclass nor None: it maps what there is, by name.
        return vmap(losses)(state, _given(vars(batch)), _given(output._asdict()))


def signature(terms: Sequence[Term]) -> tuple[Hashable, ...] | None:
    """What the terms of students must have alike to stand in one `TermCohort`: classes, the shapes of parameters and
    buffers, and whatever is no tensor, but for the weight. None where a term is not computed in cohorts."""
    if not all(map(_can_stand_in, terms)):
        return None
    found = []
    for name, module in _Terms(terms).named_modules():
        plain = _plain(module)
        if plain is None:
            return None
        tensors = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        kinds = tuple((own, tuple(t.shape), t.dtype, t.device, t.requires_grad) for own, t in tensors)
        found.append((name, type(module), kinds, plain))
    return tuple(found)


class _Terms(nn.ModuleList):
    """One student's terms as one module: their losses `[terms]`."""

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return torch.stack([term(batch, output) for term in self])


def _require_fit(members: Sequence[Sequence[Term]]) -> None:
    if not members or not members[0]:
        raise ValueError("a cohort needs at least one member with at least one term")
    first = signature(members[0])
    for k, terms in enumerate(members):
        found = signature(terms)
        if found is None:
            raise ValueError(f"member {k}'s terms are not computed in cohorts: {_named(terms)}")
        if found != first:
            raise ValueError(f"member {k}'s terms do not fit the first member's: {_named(terms)}, {_named(members[0])}")


def _named(terms: Sequence[Term]) -> str:
    return "+".join(f"{type(term).__module__}.{type(term).__qualname__}" for term in terms)


def _can_stand_in(term: Term) -> bool:
    """Whether a term says that it can, and has nothing to do between the steps, which would not be done."""
    kind = type(term)
    return issubclass(kind, Term) and kind.in_cohort and kind.begin is Term.begin and kind.after_step is Term.after_step


def _plain(module: nn.Module) -> tuple[tuple[str, Hashable], ...] | None:
    """A module's attributes that are not stacked, by name, which all members would share; None where one of them
    cannot be compared, such as a list."""
    ours = {name: value for name, value in vars(module).items() if name not in vars(nn.Module())}
    if isinstance(module, Term):
        ours.pop("weight", None)
    return tuple(sorted(ours.items())) if all(map(_comparable, ours.values())) else None


def _comparable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return not isinstance(value, Tensor)  # whose hash tells one from another, not what they hold


def _put(module: nn.Module, name: str, stacked: Tensor) -> None:
    """Let `stacked` be the parameter or buffer `name`, such as `1.projection.weight`."""
    owner, _, own = name.rpartition(".")
    setattr(module.get_submodule(owner), own, stacked)


def _given(fields: dict[str, Tensor | None]) -> dict[str, Tensor]:
    return {name: value for name, value in fields.items() if value is not None}
