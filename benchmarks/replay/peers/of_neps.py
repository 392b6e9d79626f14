"""Multi-objective multi-fidelity methods of NePS, run by `benchmarks.replay` in the Python where it is installed."""

import random
import sys
import warnings
from bisect import bisect_left
from typing import Any

import neps
import numpy as np
import torch
from neps.optimizers.algorithms import mo_hyperband, moasha, primo
from talk import Train, serve

METHODS = {"mo_hyperband": mo_hyperband, "moasha": moasha}
FIDELITY = "fidelity"
OBJECTIVES = ("one", "other")
CONFIDENCE = 0.25  # in a default: what NePS takes where it is told none


def run(opening: dict[str, Any], train: Train) -> None:
    """One run of the method that the command line names."""
    random.seed(opening["seed"])
    np.random.seed(opening["seed"])
    torch.manual_seed(opening["seed"])
    elements = {dimension["name"]: _parameter(dimension) for dimension in opening["space"]}
    fidelities = opening["fidelities"]
    elements[FIDELITY] = neps.HPOInteger(fidelities[0], fidelities[-1], is_fidelity=True)
    optimiser = neps.AskAndTell(_method(neps.SearchSpace(elements), opening))
    while True:
        trial = optimiser.ask()
        configuration = {name: _plain(value) for name, value in trial.config.items()}
        until = bisect_left(fidelities, configuration.pop(FIDELITY)) + 1
        losses = train(trial.metadata.id, trial.metadata.previous_trial_id, configuration, until)
        optimiser.tell(trial, {"objective_to_minimize": losses})


def _method(space: neps.SearchSpace, opening: dict[str, Any]) -> Any:
    """What the command line names; PriMO believes what the space has as its defaults of both objectives."""
    if sys.argv[1] != "primo":
        return METHODS[sys.argv[1]](space, eta=opening["factor"])
    defaults = {dimension["name"]: dimension["default"] for dimension in opening["space"]}
    confidences = dict.fromkeys(defaults, CONFIDENCE)
    return primo(
        space,
        eta=opening["factor"],
        prior_centers=dict.fromkeys(OBJECTIVES, defaults),
        prior_confidences=dict.fromkeys(OBJECTIVES, confidences),
    )


def _parameter(dimension: dict[str, Any]) -> Any:
    if dimension["kind"] == "choice":
        return neps.HPOCategorical(list(range(dimension["high"] + 1)))
    if dimension["kind"] == "int":
        return neps.HPOInteger(dimension["low"], dimension["high"])
    return neps.HPOFloat(dimension["low"], dimension["high"], log=dimension["log"])


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    serve(run)
