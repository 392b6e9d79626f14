"""How many students are trained at once where nobody said."""

import sys
from pathlib import Path

from sedkd.parallel import MAX_WORKERS, cores, free_memory

COMMANDS, THEIR_MODULES = ("sedkd", "sedkd-search"), Path(__file__).parents[1] / "cli"
STEPS_OF_A_WORKER = 1500  # that are left to train, below which a process of its own does not pay for its start
BYTES_OF_A_WORKER = 2 * 10**9  # at most, of what is not mapped from files


def workers_for(steps: int, device: str) -> int:
    """One for each core of a CPU, as far as memory and the optimiser steps that are left go: a student's step is so
    small that a second core makes it little faster (benchmarks/speed.md). On a GPU one, since students share it; and in
    somebody's own script, which each process would read again."""
    if device != "cpu" or not is_command():
        return 1
    memory = free_memory()
    room = MAX_WORKERS if memory is None else memory // BYTES_OF_A_WORKER
    return max(min(cores(), MAX_WORKERS, room, steps // STEPS_OF_A_WORKER), 1)


def cores_of(workers: int) -> int:
    """How many cores each of so many processes keeps to."""
    return max(cores() // workers, 1)


def is_command() -> bool:
    """Whether this process was started as one of our commands, or as a module of theirs."""
    begun = Path(sys.argv[0])
    return begun.stem in COMMANDS or begun.parent == THEIR_MODULES
