"""A comparison in MLflow: one run in the environment's experiment with its numbers, table, figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.show.comparison_table import SCORES, f1_words, labelled_words, shown_pairs
from search.study.names import experiment_name, key
from search.study.store import Store
from search.tracking.client import experiment_of, quiet_client
from search.tracking.links import ROLE_TAG
from search.tracking.mirror import attempt
from sedkd.compare.pooled import pooled
from sedkd.compare.scoring import METRICS

if TYPE_CHECKING:
    from mlflow import MlflowClient

COMPARISON_TAG = "sedkd.comparison"


def log_comparison(result: dict[str, Any], files: list[Path], store: Store) -> str:
    """Write the run, or write it anew where it is there; a line that says where, or why MLflow was not told."""
    runs: list[str] = []
    reason = attempt(lambda: runs.append(_logged(result, files, store)))
    if reason is not None:
        return f"MLflow:  not told ({reason}); the same line tries again"
    (run_id,) = runs
    return f"MLflow:  experiment {experiment_name(result['environment'])}, run {run_id}"


def log_pooled(results: Sequence[dict[str, Any]], file: Path, store: Store) -> str:
    """Tell the run of each environment what they say on average, and give it the `file` that says so; a line that says
    where, or why MLflow was not told."""
    reason = attempt(lambda: _log_pooled(results, file, store))
    if reason is not None:
        return f"MLflow:  not told ({reason}); the same line tries again"
    return f"MLflow:  metrics that begin with {_mean_of(results)}, of the runs above"


def _log_pooled(results: Sequence[dict[str, Any]], file: Path, store: Store) -> None:
    from mlflow.entities import Metric, RunTag

    client, named = quiet_client(store), _mean_of(results)
    metrics, tags = [], []
    for pair in shown_pairs({"pairs": pooled(results)}):
        for metric in [metric for metric in METRICS if metric in pair]:
            name = f"{named}: {pair['a']} - {pair['b']}"
            metrics += [Metric(key(f"{name}/{metric}_{e}"), pair[metric][e], 0, 0) for e in ("mean", "low", "high")]
            tags.append(RunTag(key(f"{name}: {metric}"), pair[metric]["verdict"]))
    for result in results:
        experiment = experiment_of(client, store, result["environment"])
        for run in client.search_runs([experiment], f"tags.`{COMPARISON_TAG}` = '{result['comparison']}'"):
            client.log_batch(run.info.run_id, metrics=metrics, tags=tags)
            client.log_artifact(run.info.run_id, str(file))


def _mean_of(results: Sequence[dict[str, Any]]) -> str:
    return "mean of " + " and ".join(result["environment"] for result in results)


def _logged(result: dict[str, Any], files: list[Path], store: Store) -> str:
    store.root.mkdir(parents=True, exist_ok=True)
    client = quiet_client(store)
    experiment = experiment_of(client, store, result["environment"])
    name = result["comparison"]
    before = client.search_runs([experiment], f"tags.`{COMPARISON_TAG}` = '{name}'")
    tags = {
        ROLE_TAG: "comparison",
        COMPARISON_TAG: name,
        "synthetic": str(result["synthetic"]).lower(),
        "data": result["data"],
        "teacher": result["teachers"][0]["origin"],
    }
    verdicts = {
        f"{pair['a']} - {pair['b']}: {metric}": pair[metric]["verdict"]
        for pair in shown_pairs(result)
        for metric in METRICS
    }
    run = client.create_run(
        experiment, run_name=f"compare {name}", tags=tags | {key(k): v for k, v in verdicts.items()}
    )
    try:
        _fill(client, run.info.run_id, result, files)
    except BaseException:  # Ctrl-C among them: there whole or not at all, and what was there before stays
        client.delete_run(run.info.run_id)
        raise
    for old in before:
        client.delete_run(old.info.run_id)
    return run.info.run_id


def _fill(client: "MlflowClient", run_id: str, result: dict[str, Any], files: list[Path]) -> None:
    """Write everything, and end the run."""
    from mlflow.entities import Metric, Param, RunTag

    params = [Param(name, str(result[name])) for name in ("architecture", "strategy", "seeds", "steps", "recordings")]
    params += [Param("labelled", labelled_words(result)), Param("events", ", ".join(result["events"]))]
    numbers = {name: value for name, value in _numbers(result).items() if value is not None}
    metrics = [Metric(key(name), float(value), 0, 0) for name, value in numbers.items()]
    client.log_batch(run_id, metrics=metrics, params=params, tags=[RunTag("mlflow.note.content", _note(result))])
    for file in files:
        client.log_artifact(run_id, str(file))
    client.set_terminated(run_id)


def _numbers(result: dict[str, Any]) -> dict[str, float | None]:
    found = {f"teacher/{name}": result["teachers"][0]["values"][name] for name in SCORES}
    for arm in result["arms"]:
        found |= {f"{arm['name']}/{name}": arm["test"][name]["mean"] for name in SCORES}
        found |= {f"{arm['name']}/{name}_sd": arm["test"][name]["sd"] for name in SCORES}
    for pair in shown_pairs(result):
        for metric in METRICS:
            found |= {f"{pair['a']} - {pair['b']}/{metric}_{end}": pair[metric][end] for end in ("mean", "low", "high")}
    return found


def _note(result: dict[str, Any]) -> str:
    source = "**Synthetic soundscapes** made by sedkd" if result["synthetic"] else f"Recordings: `{result['data']}`"
    lines = [
        f"- {pair['a']} against {pair['b']}: **{pair[result['criterion']]['verdict']}** by {f1_words(result)}"
        for pair in shown_pairs(result)
    ]
    return f"{source}. One architecture ({result['architecture']}), scored once on test.\n\n" + "\n".join(lines)
