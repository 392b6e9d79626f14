"""A sampler kept from choices that are never drawn.

Optuna wants one set of choices per dimension in a study's life, so those that a run cannot use stay among them (see
`Space.barring`); what draws one is asked again.
"""

from typing import Any

import numpy as np
import optuna

from search.space.space import Space

TRIES = 10


class Narrowed(optuna.samplers.BaseSampler):
    """`sampler`, but for the barred choices of `space`: where it insists on one, another is drawn at random."""

    def __init__(self, sampler: optuna.samplers.BaseSampler, space: Space, seed: int) -> None:
        self.sampler, self.barred = sampler, space.barred
        self.kept = {name: space.choices(name) for name in self.barred}
        self.rng = np.random.default_rng(seed)

    def reseed_rng(self) -> None:
        self.sampler.reseed_rng()
        self.rng = np.random.default_rng()

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        return self.sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, optuna.distributions.BaseDistribution],
    ) -> dict[str, Any]:
        for _ in range(TRIES):
            values = self.sampler.sample_relative(study, trial, search_space)
            if not any(self._is_barred(name, value) for name, value in values.items()):
                break
        return {name: self._allowed(name, value) for name, value in values.items()}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> Any:
        for _ in range(TRIES):
            value = self.sampler.sample_independent(study, trial, param_name, param_distribution)
            if not self._is_barred(param_name, value):
                break
        return self._allowed(param_name, value)

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        self.sampler.before_trial(study, trial)

    def after_trial(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        state: optuna.trial.TrialState,
        values: Any,
    ) -> None:
        self.sampler.after_trial(study, trial, state, values)

    def _is_barred(self, name: str, value: Any) -> bool:
        return value in self.barred.get(name, ())

    def _allowed(self, name: str, value: Any) -> Any:
        if not self._is_barred(name, value):
            return value
        kept = self.kept[name]
        return kept[int(self.rng.integers(len(kept)))]
