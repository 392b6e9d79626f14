"""Workers that a queue or a cluster starts on other machines, each of them `sedkd worker --join`.

Their trials lie in the storage that all reach: what they did is read there, and shown as if they were here.
"""

import os
import time
from collections.abc import Callable

from search.run.cluster import Cluster, Ended, Joining
from search.run.workers import REPLACEMENTS
from search.setup.request import LOCAL, Request
from search.study.store import Store
from sedkd.disk.remote import VARIABLE as CACHE_REMOTE
from sedkd.errors import UserError

POLL_SECONDS = 1.0
STORAGE = "SEDKD_STORAGE"
INTERRUPTED = 130  # the exit code of a worker that a signal asked to end, as a queue does that wants its place


def joining(study: str, store: Store) -> Joining:
    """How they join this study, of a store on a server."""
    assert store.server is not None
    words = ("worker", "--join", study, "--store", str(store.root), "--storage-timeout", f"{store.patience:g}",
             "--workers", "1")  # fmt: skip
    remote = {CACHE_REMOTE: os.environ[CACHE_REMOTE]} if CACHE_REMOTE in os.environ else {}
    return Joining(words, {STORAGE: store.server, **remote})


def cluster_of(request: Request) -> Cluster | None:
    """The one that `--executor` names, looked at before anything is begun; None for this machine.

    Raises:
        UserError: it is not there, its package is not installed, or the trials lie where others do not reach them; or
            there are resources for workers of this machine.
    """
    if request.executor == LOCAL:
        if request.resources:
            raise UserError("--resources: are of workers on a queue or a cluster; add --executor slurm or ray")
        return None
    if request.store.server is None:
        raise UserError(
            f"--executor {request.executor}: its workers need --storage postgresql://USER@HOST/DATABASE or grpc://HOST:PORT"
        )
    if request.executor == "ray":
        from search.run.on_ray import Ray

        return Ray(request.resources)
    from search.run.on_slurm import Slurm

    return Slurm(request.store.root / "slurm", request.resources)


class Elsewhere:
    """A `search.run.executor.Executor` on a cluster. `look` is called again and again, to show what workers did; `died`
    hears of a worker that was lost, before another takes its place."""

    def __init__(
        self,
        cluster: Cluster,
        joining: Joining,
        count: int,
        look: Callable[[], None],
        died: Callable[[int, str], None],
    ) -> None:
        self.cluster, self.joining, self.look, self.died = cluster, joining, look, died
        self.left = REPLACEMENTS * count
        self.workers = dict(enumerate(cluster.start(joining, count)))

    def run(self, asked_to_stop: Callable[[], bool]) -> None:
        try:
            while self.workers:
                if asked_to_stop():
                    raise KeyboardInterrupt
                for number, worker in list(self.workers.items()):
                    end = self.cluster.ended(worker)
                    if end is not None:
                        del self.workers[number]
                        self._ended(number, end)
                self.look()
                if self.workers:
                    time.sleep(POLL_SECONDS)
        finally:
            self.cluster.stop(list(self.workers.values()))

    def _ended(self, number: int, end: Ended) -> None:
        lost = "a signal" if end.code == INTERRUPTED else end.lost
        if lost is not None:
            self.died(number, lost)
            self.left -= 1
            if self.left < 0:
                raise UserError(f"workers on {self.cluster.name} are lost again and again, the last one by {lost}")
            (self.workers[number],) = self.cluster.start(self.joining, 1)
        elif end.code:
            told = end.line.removeprefix("error: ") or f"exit code {end.code}, without a word"
            raise UserError(f"a worker on {self.cluster.name} ended with: {told}")
