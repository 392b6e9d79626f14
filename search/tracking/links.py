"""Where MLflow's UI shows a study: the links, the tags by which runs are found, the table of trials as it opens."""

import json
from urllib.parse import quote

from search.study.names import cleaned
from search.study.objectives import Objectives

STUDY_TAG = "sedkd.study"
ROLE_TAG = "sedkd.role"  # of a run: study or trial
VIEW_TAG = "mlflow.sharedViewState."  # of an experiment, with a key: where MLflow's UI keeps what "Share view" shares
TRAINING = "workflowType=machine_learning"  # else the UI opens as one for language models


def trials_link(experiment: str, study: str) -> str:
    """The table of `view_of`, below the server's address."""
    return f"#/experiments/{experiment}/runs?{TRAINING}&viewStateShareKey={quote(cleaned(study))}"


def run_link(experiment: str, run: str, page: str = "") -> str:
    """A run's page, below the server's address."""
    return f"#/experiments/{experiment}/runs/{run}{page}?{TRAINING}"


def view_of(study: str, objectives: Objectives) -> str:
    """The trials of a study in MLflow's table: the front first, with the columns that matter."""
    tests = [f"test_{name}" for name in objectives.qualities]
    metrics = [f"metrics.`{name}`" for name in ("pareto_rank", *objectives.names, *tests)]
    student = [f"student.{name}" for name in ("block", "head", "width", "depth")]
    params = [f"params.`{name}`" for name in ("strategy", "initialisation", *student)]
    return json.dumps(
        {
            "searchFilter": f"tags.`{STUDY_TAG}` = '{cleaned(study)}' and tags.`{ROLE_TAG}` = 'trial'",
            "orderByKey": "metrics.`pareto_rank`",
            "orderByAsc": True,
            "selectedColumns": [*metrics, *params, "tags.`control`"],
        }
    )
