"""Multi-objective multi-fidelity methods of NePS, run by `benchmarks.replay` in the Python where it is installed."""

import random
import sys
import warnings
from typing import Any

import neps
import numpy as np
import torch
from neps.optimizers.algorithms import mo_hyperband, moasha
from talk import Train, serve

METHODS = {"mo_hyperband": mo_hyperband, "moasha": moasha}  # primo takes minutes a run
FIDELITY = "checkpoints"


def run(opening: dict[str, Any], train: Train) -> None:
    """One run of the method that the command line names."""
    random.seed(opening["seed"])
    np.random.seed(opening["seed"])
    torch.manual_seed(opening["seed"])
    elements = {dimension["name"]: _parameter(dimension) for dimension in opening["space"]}
    elements[FIDELITY] = neps.HPOInteger(1, opening["checkpoints"], is_fidelity=True)
    optimiser = neps.AskAndTell(METHODS[sys.argv[1]](neps.SearchSpace(elements)))
    while True:
        trial = optimiser.ask()
        configuration = {name: _plain(value) for name, value in trial.config.items()}
        until = configuration.pop(FIDELITY)
        losses = train(trial.metadata.id, trial.metadata.previous_trial_id, configuration, until)
        optimiser.tell(trial, {"objective_to_minimize": losses})


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
