"""A search that is killed, as by SIGKILL of its machine, as soon as it has kept a trial in mid-training.

python -m killed_training STEP STEPS WORDS...: after STEP of STEPS; WORDS are those of `sedkd-search`
"""

import os
import signal
import sys
from unittest.mock import patch

import search.pareto.rungs as rungs
import search.study.postgres as postgres
import search.trials.checkpoints as checkpoints
from search.cli.search import main
from sedkd.train.trunk import Trunk

FEWEST_STEPS = 8


def die_after(step: int, steps: int) -> None:
    keep = checkpoints.Checkpoints.keep

    def last(self: checkpoints.Checkpoints, trunk: Trunk) -> None:
        keep(self, trunk)
        if trunk.step == step and trunk.curve[-1]["steps"] == steps:
            os.kill(os.getpid(), signal.SIGKILL)

    patch.object(checkpoints.Checkpoints, "keep", last).start()


if __name__ == "__main__":
    rungs.FEWEST_STEPS = FEWEST_STEPS
    checkpoints.KEEP_SECONDS = 0.0
    postgres.LEASE_SECONDS = 1.0
    die_after(int(sys.argv[1]), int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
