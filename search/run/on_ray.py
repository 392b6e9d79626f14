"""Workers as plain tasks of a Ray cluster (https://docs.ray.io): one task is one worker, to its end.

Not Ray Tune: who draws, compares and remembers is sedkd, and Tune adds overhead to each trial. A task that dies with
its node loses the lease of its trial, no more; another task takes its place.
"""

import io
import logging
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from typing import Any

from search.run.cluster import PROGRAM, Ended, Joining
from search.run.workers import GRACE_SECONDS
from search.setup.resources import number
from sedkd.errors import UserError


class Ray:
    """A `search.run.cluster.Cluster`: the one that $RAY_ADDRESS names, else the one on this machine.

    resources: cpus (1) and gpus (0) of a worker, of which fractions share one; others are resources by the names that
    nodes were started with.
    """

    name = "ray"

    def __init__(self, resources: Mapping[str, str]) -> None:
        try:
            import ray
        except ImportError as error:
            raise UserError("--executor ray: Ray is not installed; pip install 'sedkd[ray]'") from error

        own = {name: number(resources, name, 0) for name in resources if name not in ("cpus", "gpus")}
        heard = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            ray.init(
                os.environ.get("RAY_ADDRESS", "auto"),
                ignore_reinit_error=True,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise UserError(
                "--executor ray: no cluster was found; `ray start --head` on one machine and `ray start --address "
                "HOST:6379` on others start one, $RAY_ADDRESS names one that is elsewhere"
            ) from error
        finally:
            for each, handler in heard.items():
                signal.signal(each, handler)
        self.task = ray.remote(
            num_cpus=number(resources, "cpus", 1),
            num_gpus=number(resources, "gpus", 0),
            resources=own,
            max_retries=0,  # another worker takes its place, as with any executor
            max_calls=1,  # no process is used twice
        )(_worker)

    def start(self, joining: Joining, count: int) -> Sequence[Any]:
        return [self.task.remote(joining.words, joining.variables) for _ in range(count)]

    def ended(self, worker: Any) -> Ended | None:
        import ray

        ready, _ = ray.wait([worker], timeout=0)
        if not ready:
            return None
        try:
            return Ended(*ray.get(worker))
        except ray.exceptions.RayError as error:
            return Ended(lost=type(error).__name__)

    def stop(self, workers: Sequence[Any]) -> None:
        import ray

        for worker in workers:
            ray.cancel(worker)  # as Ctrl-C, where it runs
        if workers:
            ray.wait(list(workers), num_returns=len(workers), timeout=GRACE_SECONDS)


def _worker(words: Sequence[str], variables: Mapping[str, str]) -> tuple[int, str]:
    """A worker in this process, which dies with its node; its exit code and its last line on stderr."""
    os.environ.update(variables)
    sys.argv, told, code = ["sedkd", *words], io.StringIO(), 0
    with redirect_stderr(told):
        try:
            runpy.run_module(PROGRAM, run_name="__main__")
        except SystemExit as end:
            code = int(end.code or 0)
    sys.stderr.write(told.getvalue())  # for Ray's own logs
    return code, next((line for line in reversed(told.getvalue().splitlines()) if line.strip()), "")
