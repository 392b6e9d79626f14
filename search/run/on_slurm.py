"""Workers as the jobs of a SLURM array, through submitit (https://github.com/facebookincubator/submitit).

A job that is preempted, or comes to the end of its time, is queued again by submitit and joins the study once more. It
keeps what lies in the storage: all trials that had ended, and where the one that it was at was kept last. With that one
whoever comes first goes on, when its lease has run out.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence, Set
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.run.cluster import PROGRAM, Ended, Joining
from search.setup.resources import whole
from sedkd.errors import UserError

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

MINUTES = 240  # of a job, where nothing is said
AGAIN = 1000  # times that a job may come to the end of its time
OWN = ("cpus", "gpus", "minutes")
OURS = {
    "time": "minutes",
    "timeout_min": "minutes",
    "cpus_per_task": "cpus",
    "gpus_per_node": "gpus",
    "num_gpus": "gpus",
}
"""sbatch's and submitit's names of what has one of sedkd's."""
MORE = {
    "batch", "bb", "begin", "cluster_constraint", "clusters", "container", "core_spec", "cores_per_socket",
    "cpu_freq", "deadline", "delay_boot", "distribution", "extra", "extra_node_info", "gpu_bind", "gpu_freq",
    "gpus_per_socket", "gres_flags", "hint", "licenses", "mcs_label", "mem_bind", "mincpus", "network", "nice",
    "power", "prefer", "priority", "profile", "reservation", "sockets_per_node", "switches", "thread_spec",
    "threads_per_core", "time_min", "tmp",
}  # fmt: skip
"""sbatch's options that submitit has no name for (its manual page)."""
LISTS = ("setup", "srun_args", "teardown")  # of lines, in submitit


class Slurm:
    """A `search.run.cluster.Cluster`. `folder` is one that all machines see: submitit's files and the workers' logs.

    resources: cpus, gpus and minutes of a job; others are sbatch's, such as partition and account, and `setup`, a line
    that the job's script runs first.
    cluster: submitit's name of where jobs run.
    """

    name = "slurm"

    def __init__(self, folder: Path, resources: Mapping[str, str], cluster: str = "slurm") -> None:
        try:
            import submitit
        except ImportError as error:
            raise UserError("--executor slurm: submitit is not installed; pip install 'sedkd[slurm]'") from error

        from submitit.slurm.slurm import SlurmExecutor

        parameters = _parameters(resources, SlurmExecutor._valid_parameters())
        folder.mkdir(parents=True, exist_ok=True)
        more = {"slurm_max_num_timeout": AGAIN} if cluster == "slurm" else {}
        try:
            self.executor = submitit.AutoExecutor(folder=folder, cluster=cluster, **more)
            self.executor.update_parameters(name="sedkd", **parameters)
        except (RuntimeError, NameError, ValueError, AssertionError) as error:
            raise UserError(f"--executor slurm: {' '.join(str(error).split())}") from error

    def start(self, joining: Joining, count: int) -> Sequence[Any]:
        from submitit.core.utils import FailedSubmissionError

        os.environ.update(joining.variables)  # jobs inherit them: a password would stay in submitit's files
        try:
            with self.executor.batch():
                jobs = [self.executor.submit(Job(joining.words)) for _ in range(count)]
            return jobs
        except FailedSubmissionError as error:
            raise UserError(f"--executor slurm: {' '.join(str(error).split())}") from error

    def ended(self, worker: Any) -> Ended | None:
        if not worker.done():
            return None
        if not worker.paths.result_pickle.exists():
            return Ended(lost=f"job {worker.job_id} {worker.state}; log: {worker.paths.stderr}")
        failed = worker.exception()
        if failed is not None:
            return Ended(
                lost=f"job {worker.job_id}: {str(failed).strip().splitlines()[-1]}; log: {worker.paths.stderr}"
            )
        code, line = worker.result()
        return Ended(code, f"{line}; log: {worker.paths.stderr}" if line else "")

    def stop(self, workers: Sequence[Any]) -> None:
        for worker in workers:
            worker.cancel(check=False)


class Job:
    """What a job does: a worker in a process of its own; its exit code and its last line on stderr."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self.process: subprocess.Popen | None = None

    def __call__(self) -> tuple[int, str]:
        command = [sys.executable, "-m", PROGRAM, *self.words]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace") as self.process:
            last, told = "", self.process.stderr
            assert told is not None
            try:
                for line in told:
                    sys.stderr.write(line)
                    last = line.strip() or last
                code = self.process.wait()
            finally:  # a job that ends takes its worker along
                self.process.kill()
        self.process = None
        return code, last

    def checkpoint(self) -> "DelayedSubmission":
        """Called by submitit when the job has to go: what is queued again. The worker goes without giving back its
        trial, which is therefore tried once more, as after the loss of a machine."""
        from submitit.helpers import DelayedSubmission

        if self.process is not None:
            self.process.kill()
        return DelayedSubmission(Job(self.words))


def _parameters(resources: Mapping[str, str], known: Set[str]) -> dict[str, Any]:
    """As submitit names them; `known`: sbatch's options that it has a name for.

    Raises:
        UserError: a name is no option of sbatch, or one of those that sedkd calls otherwise.
    """
    for name in resources:
        meant = OURS.get(name.replace("-", "_")) or next(iter(get_close_matches(name, OWN, 1)), None)
        if meant and name not in OWN:
            raise UserError(f"--resources {name}={resources[name]}: say {meant}, which is of one job")
    theirs = {name.replace("-", "_"): value for name, value in resources.items() if name not in OWN}
    strange = [name for name in theirs if name not in known | MORE]
    if strange:
        raise UserError(
            f"--resources {strange[0]}={theirs[strange[0]]}: neither {', '.join(OWN)} nor an option of sbatch that "
            "takes a value"
        )
    named = {f"slurm_{name}": [value] if name in LISTS else value for name, value in theirs.items() if name in known}
    others = {name: value for name, value in theirs.items() if name not in known}
    return {
        "cpus_per_task": whole(resources, "cpus", 1),
        "gpus_per_node": whole(resources, "gpus", 0),
        "timeout_min": whole(resources, "minutes", MINUTES),
        **named,
        **({"slurm_additional_parameters": others} if others else {}),
    }
