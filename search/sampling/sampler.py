"""The sampler of a search: hypervolume per second of training, with the cost known.

What a student costs is known before it is trained, and how long its training takes is easily learned; only its quality
has to be guessed. Optuna's samplers, made for any objectives, guess all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import optuna

from search.pareto.expected_gain import expected_gain
from search.sampling.encoding import Encoding
from search.sampling.surrogate import Surrogate
from search.space.drawing import completed, drawn
from search.space.space import Space
from sedkd.models.settings import LATER, section_of

MIN_OBSERVATIONS = 6  # observations before anything is guessed
CANDIDATES = 200  # half of them anywhere, half near the front
TREES, TREES_OF_SECONDS = 40, 10
MAX_OBSERVATIONS = 600  # observations that are looked at: the front, and the latest
NOISE = 0.02  # the least deviation of a guess: one student's F1 from seed to seed
PRIOR_WEIGHT = 0.3  # of a trial of another study


@dataclass(frozen=True)
class Observation:
    """A student that was trained, to its end or until a rung: its quality, its cost (log10), its training's seconds."""

    configuration: Mapping[str, Any]
    quality: float
    cost: float
    seconds: float


class Knowledge(Protocol):
    """What the sampler may ask about the study that it samples for."""

    def observations(self) -> Sequence[Observation]:
        """What was trained in this study, in order."""
        ...

    def pending(self, but: int) -> Sequence[Mapping[str, Any]]:
        """Configurations that other trials than this one are at."""
        ...

    def cost(self, configuration: Mapping[str, Any]) -> float:
        """log10 of what it would cost; infinite where it is above a limit that is known without measuring."""
        ...

    def is_left_out(self, configuration: Mapping[str, Any]) -> bool:
        """Whether to train it would tell nothing new, or it is above a limit. Asked of few: one may be measured."""
        ...


class GainSampler(optuna.samplers.BaseSampler):
    """Asks for the candidate with the most expected gain in hypervolume per second (Snoek et al. 2012) of training.

    `reference`: (quality, log10 of the cost) from which the hypervolume is measured; `prior`: observations of other
    studies, of which those count that this space holds. The first trials are random where there is no prior.
    """

    def __init__(
        self,
        space: Space,
        knowledge: Knowledge,
        reference: tuple[float, float],
        seed: int,
        prior: Sequence[Observation] = (),
    ) -> None:
        self.space, self.knowledge, self.reference, self.seed = space, knowledge, reference, seed
        self.encoding = Encoding(space)
        self.prior = [found for observation in prior if (found := _in_space(observation, space))]
        self.random = optuna.samplers.RandomSampler(seed)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        return self.space.distributions()

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        if "fixed_params" in trial.system_attrs:  # it was enqueued: Optuna would not listen
            return {}
        own = self.knowledge.observations()
        if len(own) + len(self.prior) < MIN_OBSERVATIONS:
            return {}
        pending = [completed(values, self.space) for values in self.knowledge.pending(trial.number)]
        return self._best(own, pending, np.random.default_rng([self.seed, trial.number]))

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> Any:
        return self.random.sample_independent(study, trial, param_name, param_distribution)

    def _best(
        self, own: Sequence[Observation], pending: Sequence[Mapping[str, Any]], rng: np.random.Generator
    ) -> dict[str, Any]:
        """The candidate that promises most; nothing where none promises anything new."""
        quality, seconds = self._surrogates(own, int(rng.integers(2**31)))
        front = [(observation.quality, observation.cost) for observation in own]
        if pending:  # they are taken to turn out as they are guessed
            guessed = quality(self.encoding(pending))[0]
            front += [(q, self.knowledge.cost(values)) for q, values in zip(guessed, pending, strict=True)]
        candidates = self._candidates(_not_dominated(own or self.prior), rng)
        rows = self.encoding(candidates)
        mean, deviation = quality(rows)
        costs = np.array([self.knowledge.cost(values) for values in candidates])
        gain = expected_gain(mean, np.maximum(deviation, NOISE), costs, front, self.reference)
        rates = gain / np.exp(seconds(rows)[0])
        for place in np.argsort(-rates):
            candidate = candidates[place]
            if rates[place] > 0 and candidate not in pending and not self.knowledge.is_left_out(candidate):
                return candidate
        return {}

    def _surrogates(self, own: Sequence[Observation], seed: int) -> tuple[Surrogate, Surrogate]:
        """Of the quality, and of the logarithm of the seconds.

        Other studies' qualities are moved by the mean difference between what they foretell and what came true here.
        """
        own = own if len(own) <= MAX_OBSERVATIONS else [*_not_dominated(own), *own[-MAX_OBSERVATIONS:]]
        prior = self.prior[-MAX_OBSERVATIONS:]
        rows = self.encoding([o.configuration for o in (*prior, *own)])
        qualities = np.array([o.quality for o in (*prior, *own)])
        weights = np.array([PRIOR_WEIGHT] * len(prior) + [1.0] * len(own))
        count = len(prior)
        if prior and own:
            foretold = Surrogate(rows[:count], qualities[:count], weights[:count], TREES, seed)(rows[count:])[0]
            qualities[:count] += np.mean(qualities[count:] - foretold)
        log_seconds = np.log([max(o.seconds, 1e-3) for o in (*prior, *own)])
        return (
            Surrogate(rows, qualities, weights, TREES, seed),
            Surrogate(rows, log_seconds, weights, TREES_OF_SECONDS, seed),
        )

    def _candidates(self, good: Sequence[Observation], rng: np.random.Generator) -> list[dict[str, Any]]:
        anywhere = [drawn(self.space, rng) for _ in range(CANDIDATES // 2)]
        near = [good[int(rng.integers(len(good)))].configuration for _ in range(CANDIDATES // 2)]
        return anywhere + [drawn(self.space, rng, values) for values in near]


# By configurations of spaces without the dimension.
IMPLIED = {f"{section_of(name)}.{name}": value for name, value in LATER.items()}


def _in_space(observation: Observation, space: Space) -> Observation | None:
    """The observation with its configuration completed in `space`; None where that would change what was trained."""
    values = completed(observation.configuration, space)
    trained = {**IMPLIED, **observation.configuration}
    if any(trained.get(name, value) != value for name, value in {**IMPLIED, **values}.items()):
        return None
    return replace(observation, configuration=values)


def _not_dominated(observations: Sequence[Observation]) -> list[Observation]:
    """Those that no cheaper or equal one equals or surpasses in quality."""
    found: list[Observation] = []
    for observation in sorted(observations, key=lambda o: (o.cost, -o.quality)):
        if not found or observation.quality > found[-1].quality:
            found.append(observation)
    return found
