"""`sedkd ui`: the MLflow UI over the store, on this machine only."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from search.cli.guard import between
from search.cli.store import add_store_options, store_of

if TYPE_CHECKING:
    from search.study.store import Store

SHOWN = 3  # studies of an environment that links are shown to


def add_parser(subparsers: Any) -> None:
    """Add the command `ui`."""
    parser = subparsers.add_parser("ui", help="look at all studies in a browser (MLflow)", description=__doc__)
    parser.add_argument("--port", type=between(int, 1, 65535), default=5000, help="port on 127.0.0.1 (5000)")
    add_store_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replace this process by MLflow's server."""
    from search.tracking.mirror import attempt, impatient
    from sedkd.errors import UserError

    store = store_of(options)
    impatient()
    if not store.storage.exists and "MLFLOW_TRACKING_URI" not in os.environ:
        raise UserError(f"{store.storage.place}: no study yet; run `sedkd-search --env street` first, or give --store")
    if _is_taken(options.port):
        raise UserError(f"port {options.port} is in use; choose another with --port")
    links: list[tuple[str, str, str]] = []
    reason = attempt(lambda: links.extend(_links(store)))
    if reason is not None:
        raise UserError(f"MLflow at {store.mlflow_uri} cannot be read: {reason}")
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # saves half of the server's memory
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    address = f"http://127.0.0.1:{options.port}"
    print(f"MLflow will answer at {address} in 5 to 20 seconds; Ctrl-C ends it")
    for study, trials, figure in links:
        print(f"  {study}")
        print(f"    trials, the front first: {address}/{trials}")
        print(f"    the front as a figure:   {address}/{figure}")
    sys.stdout.flush()
    where = ["--host", "127.0.0.1", "--port", str(options.port), "--workers", "1"]  # one person looks
    # No module of the current folder, such as mlflow.py or random.py, is taken for another's: neither by this process
    # (-P), nor by those that it starts, nor by uvicorn, which puts a folder of its own choice first.
    os.environ |= {"PYTHONSAFEPATH": "1", "UVICORN_APP_DIR": str(store.root)}
    command = [sys.executable, "-P", "-m", "mlflow", "ui", "--backend-store-uri", store.mlflow_uri, *where]
    os.execv(sys.executable, command)


def _links(store: "Store") -> list[tuple[str, str, str]]:
    """The latest studies of each experiment of ours, with the links to their trials and to their live front."""
    from search.tracking.client import quiet_client
    from search.tracking.links import ROLE_TAG, STUDY_TAG, run_link, trials_link

    client = quiet_client(store)
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
