"""A real Ray cluster on this machine, for tests: a head without cores, and nodes of one core each."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TRIES = 4
OWN = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "RAY_DISABLE_IMPORT_WARNING": "1"}


class Cluster:
    """`address` is what $RAY_ADDRESS takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.nodes: list[subprocess.Popen] = []

    def start(self, *words: str) -> None:
        """A node of this cluster, in a session of its own, with a cache of its own; returns when it has joined."""
        cache = {"SEDKD_CACHE": str(self.folder / f"cache{len(self.nodes)}")}
        more = ["--block", "--disable-usage-stats", "--object-store-memory=100000000", "--node-ip-address=127.0.0.1"]
        program = [str(Path(sys.executable).with_name("ray")), "start", *more, *words]
        file = self.folder / f"node{len(self.nodes)}.log"
        for _ in range(TRIES):  # on a busy machine Ray's own deadlines pass
            with file.open("w") as log:
                node = subprocess.Popen(
                    program, env={**os.environ, **OWN, **cache}, stdout=log, stderr=log, start_new_session=True
                )
            self.nodes.append(node)
            while node.poll() is None:
                if "Ray runtime started" in file.read_text():
                    return
                time.sleep(0.2)
            self._kill(node.pid)  # what it has left
        raise RuntimeError(file.read_text())

    def kill_node_of(self, process: int) -> None:
        """End the node that this process is on, and everything on it."""
        self._kill(os.getsid(process))

    def stop(self) -> None:
        for node in self.nodes:
            self._kill(node.pid)
            node.wait()

    def _kill(self, session: int) -> None:
        assert session in [node.pid for node in self.nodes]
        for process in map(int, filter(str.isdigit, os.listdir("/proc"))):
            with suppress(ProcessLookupError):
                if os.getsid(process) == session:
                    os.kill(process, signal.SIGKILL)


@contextmanager
def ray_cluster(nodes: int) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # sockets must have short paths
    cluster = Cluster(folder)
    try:
        port = cluster.address.rpartition(":")[2]
        cluster.start("--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false",
                      f"--temp-dir={folder}")  # fmt: skip
        for _ in range(nodes):
            cluster.start(f"--address={cluster.address}", "--num-cpus=1")
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
