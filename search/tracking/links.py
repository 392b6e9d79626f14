"""Where MLflow's UI shows a study: the links, the tags by which runs are found, the table of trials as it opens."""

import json
from urllib.parse import quote

from search.study.names import cleaned
from search.study.objectives import Objectives

STUDY_TAG = "sedkd.study"
LIFE_TAG = "sedkd.life"  # of a run: of which life of the study it is (see `search.study.life`)
ROLE_TAG = "sedkd.role"  # of a run: study or trial
VIEW_TAG = "mlflow.sharedViewState."  # of an experiment, with a key: where MLflow's UI keeps what "Share view" shares
TRAINING = "workflowType=machine_learning"  # else the UI opens as one for language models


def trials_link(experiment: str, study: str) -> str:
    """The table of `view_of`, below the server's address."""
    return f"#/experiments/{experiment}/runs?{TRAINING}&viewStateShareKey={quote(cleaned(study))}"


def run_link(experiment: str, run: str, page: str = "") -> str:
    """A run's page, below the server's address."""
    return f"#/experiments/{experiment}/runs/{run}{page}?{TRAINING}"


def life_tag(life: str | None) -> dict[str, str]:
    """For the runs of a study; nothing where lives were not told apart yet when it began."""
    return {} if life is None else {LIFE_TAG: life}


def runs_of(study: str, life: str | None) -> str:
    """MLflow's filter for the runs of a study, and of none that was called so before, or elsewhere."""
    of_life = "" if life is None else f" and tags.`{LIFE_TAG}` = '{life}'"
    return f"tags.`{STUDY_TAG}` = '{cleaned(study)}'{of_life}"


def view_of(study: str, objectives: Objectives, life: str | None = None) -> str:
    """The trials of a study in MLflow's table: the front first, with the columns that matter."""
    tests = [f"test_{name}" for name in objectives.qualities]
    metrics = [f"metrics.`{name}`" for name in ("pareto_rank", *objectives.names, *tests)]
    student = [f"student.{name}" for name in ("block", "head", "width", "depth")]
    params = [f"params.`{name}`" for name in ("strategy", "initialisation", *student)]
    return json.dumps(
        {
            "searchFilter": f"{runs_of(study, life)} and tags.`{ROLE_TAG}` = 'trial'",
            "orderByKey": "metrics.`pareto_rank`",
            "orderByAsc": True,
            "selectedColumns": [*metrics, *params, "tags.`control`"],
        }
    )
