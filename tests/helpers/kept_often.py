"""A worker of a queue that keeps its trial at each quarter, however short it is; after it was preempted a usual one."""

import sys

import search.run.on_slurm as on_slurm
import search.trials.checkpoints as checkpoints
from search.cli.main import main


class KeptOften(on_slurm.Job):
    def __call__(self) -> tuple[int, str]:
        on_slurm.PROGRAM = "kept_often"
        return super().__call__()


if __name__ == "__main__":
    checkpoints.KEEP_SECONDS = 0.0
    sys.exit(main(sys.argv[1:]))
