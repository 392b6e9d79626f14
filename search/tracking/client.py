"""MLflow's client, its experiments, and metrics in the portions that it takes."""

import logging
import os
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING
from urllib.parse import quote

from search.study.database import require_sound
from search.study.names import experiment_name
from search.study.store import Store
from search.tracking.moved import look_here
from search.tracking.quiet import quiet_mlflow
from sedkd.disk.kept import one_at_a_time

if TYPE_CHECKING:
    from mlflow import MlflowClient

BATCH = 900  # MLflow takes at most 1000 metrics in one call


def experiment_of(client: "MlflowClient", store: Store, environment: str) -> str:
    """The id of an environment's experiment, made where there is none."""
    from mlflow.exceptions import MlflowException

    name = experiment_name(environment)
    found = client.get_experiment_by_name(name)
    if found:
        return found.experiment_id
    where = store.artifacts_uri
    # The kind makes the UI open with its view for trained models instead of the one for language models.
    tags = {"mlflow.experimentKind": "custom_model_development"}
    try:
        return client.create_experiment(name, f"{where}/{quote(name)}" if where else None, tags)
    except MlflowException:
        found = client.get_experiment_by_name(name)
        if found is None:
            raise
        return found.experiment_id  # another process made it meanwhile


def quiet_client(store: Store) -> "MlflowClient":
    """A client of the store, without telemetry and without an announcement for each new table.

    Raises:
        UserError: the store's database is damaged; nothing is written to it.
    """
    own = "MLFLOW_TRACKING_URI" not in os.environ
    if own:
        require_sound(store.mlflow_file, "or move it away: `sedkd sync` tells a new one all that the studies hold")
    quiet_mlflow()
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # an error is raised as well
    # Tables are made by one process at a time: those that find none at once would each make them.
    with one_at_a_time(store.mlflow_file.with_suffix(".lock")) if own else nullcontext():
        client = MlflowClient(tracking_uri=store.mlflow_uri, registry_uri=store.mlflow_uri)
        look_here(store)
        return client


def log_metrics(client: "MlflowClient", run_id: str, values: Mapping[str, float | None], step: int = 0) -> None:
    """Write the values that are there."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [Metric(name, float(value), now, step) for name, value in values.items() if value is not None]
    for first in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[first : first + BATCH])
