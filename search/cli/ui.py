"""`sedkd ui`: the MLflow UI over the store, on this machine only."""

import argparse
import os
import sys
from typing import Any

SHOWN = 3  # studies of an environment that links are shown to


def add_parser(subparsers: Any) -> None:
    """Add the command `ui`."""
    parser = subparsers.add_parser("ui", help="look at all studies in a browser (MLflow)", description=__doc__)
    parser.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1 (5000)")
    parser.add_argument("--store", metavar="DIR", help="folder of results (default: $SEDKD_STORE or ./mlruns)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replace this process by MLflow's server."""
    from search.store import open_store
    from sedkd.errors import UserError

    store = open_store(options.store)
    if not store.exists and "MLFLOW_TRACKING_URI" not in os.environ:
        raise UserError(f"{store.root}: no study yet; run `sedkd-search --env street` first, or give --store")
    if _is_taken(options.port):
        raise UserError(f"port {options.port} is in use; choose another with --port")
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # saves half of the server's memory
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    address = f"http://127.0.0.1:{options.port}"
    print(f"MLflow will answer at {address} in 5 to 20 seconds; Ctrl-C ends it")
    for study, trials, figure in _links(store.mlflow_uri):
        print(f"  {study}")
        print(f"    trials, the front first: {address}/{trials}")
        print(f"    the front as a figure:   {address}/{figure}")
    sys.stdout.flush()
    where = ["--host", "127.0.0.1", "--port", str(options.port)]
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store.mlflow_uri, *where]
    os.execv(sys.executable, command)


def _links(uri: str) -> list[tuple[str, str, str]]:
    """The latest studies of each experiment of ours, with the links to their trials and to their live front."""
    from mlflow import MlflowClient

    from search.links import ROLE_TAG, STUDY_TAG, run_link, trials_link

    client = MlflowClient(uri)
    found = []
    for experiment in client.search_experiments(filter_string="name LIKE 'sedkd-%'"):
        place = experiment.experiment_id
        query = f"tags.`{ROLE_TAG}` = 'study'"
        for run in client.search_runs([place], query, max_results=SHOWN, order_by=["attributes.start_time DESC"]):
            study = run.data.tags[STUDY_TAG]
            figure = run_link(place, run.info.run_id, "/artifacts/pareto.html")
            found.append((study, trials_link(place, study), figure))
    return found


def _is_taken(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
