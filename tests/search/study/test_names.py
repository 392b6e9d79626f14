"""Free names as MLflow, Optuna and file systems take them."""

import json
import re
import shlex
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from small_study import arguments, write_farm

from search.cli import main, search
from search.show.display import Display
from search.study.names import MAX_LENGTH, cleaned, experiment_name, model_name
from search.study.opening import load_studies
from search.study.store import open_store
from sedkd.models.checkpoint import save_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student

ODD = ["Wald (Nord)", "C#4", "it's", 'say "hi"', "100%", "a/b", "🐝", "farm.", ".farm", "a..b", "[red]", "-", ""]
ODD += ["x" * 255, "Ku\u0308che"]
ENVIRONMENT = "Wald (Nord), C#4's [red] 100%25 🐝 " + "lang " * 30 + "."
LABELS = {"bell": 'bell, "big" #1/<b>', "hum": "[red]hum's%"}
STORE = "a%2Fb c?d#e 'f' %20 {x} \"ü\"🐝"


@pytest.mark.parametrize("name", ["farm", "my farm", "city_center", "Küche", "市場", "v1.2-b", "7"])
def test_what_all_take_stays(name: str) -> None:
    assert cleaned(name) == name


def test_anything_else_becomes_a_name_of_its_own() -> None:
    found = {name: cleaned(name) for name in ODD}
    assert len(set(found.values())) == len(ODD)
    assert all(re.fullmatch(r"\w([\w .-]*\w)?", name) and len(name) <= MAX_LENGTH for name in found.values()), found
    assert found["Wald (Nord)"].startswith("Wald-Nord-")
    assert cleaned("Wald (Nord)") != cleaned("Wald [Nord]")
    assert all(cleaned(name) == name for name in found.values())  # cleaned once more it stays


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of an environment, of events and in a store with odd names."""
    folder = tmp_path_factory.mktemp("odd")
    root = write_farm(folder)
    (root / "farm").rename(root / ENVIRONMENT)
    for place in (ENVIRONMENT, "yard"):
        for table in (root / place).glob("*.tsv"):
            text = table.read_text()
            for plain, label in LABELS.items():
                text = text.replace(f"\t{plain}", f"\t{label}")
            table.write_text(text)
    save_model(Student(StudentSettings(8, 2), tuple(LABELS.values())), folder / "teacher.safetensors")
    before = sorted(folder.iterdir())
    assert search.main(arguments(root, 2, env=ENVIRONMENT, store=folder / STORE)) == 0
    assert sorted(folder.iterdir()) == sorted([*before, folder / STORE])  # nothing lies outside of the store
    return folder


def test_a_study_with_odd_names_is_told_to_mlflow(odd: Path) -> None:
    client = MlflowClient(open_store(str(odd / STORE)).mlflow_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name.startswith("sedkd-")]
    assert experiment.name == experiment_name(ENVIRONMENT)
    (parent,) = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'study'")
    assert parent.info.status == "FINISHED"
    assert {file.path for file in client.list_artifacts(parent.info.run_id)} >= {"pareto.html", "front.csv"}
    trials = client.search_runs([experiment.experiment_id], "tags.`sedkd.role` = 'trial'")
    assert len(trials) == 2
    for label in LABELS.values():
        assert all(f"f1_segment_class/{cleaned(label)}" in run.data.metrics for run in trials)
    (view,) = [value for tag, value in experiment.tags.items() if tag.startswith("mlflow.sharedViewState.")]
    assert len(client.search_runs([experiment.experiment_id], json.loads(view)["searchFilter"])) == 2
    assert (odd / STORE / "optuna.db").exists()
    assert (odd / STORE / "mlflow.db").exists()
    assert list((odd / STORE / "artifacts").glob("*/*/artifacts/pareto.html"))


@pytest.mark.slow
def test_every_command_takes_odd_names(odd: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    where = ["--env", ENVIRONMENT, "--store", str(odd / STORE)]
    assert main.main(["front", *where]) == 0
    assert main.main(["sync", *where]) == 0
    assert main.main(["report", *where]) == 0
    (page,) = tmp_path.glob("*.html")
    text = page.read_text()
    assert "Wald (Nord), C#4&#x27;s [red]" in text
    assert "bell, &quot;big&quot; #1/&lt;b&gt;" in text
    assert LABELS["bell"] not in text
    out = tmp_path / "it's [red] 100%25"
    client = MlflowClient(open_store(str(odd / STORE)).mlflow_uri)
    experiment = client.get_experiment_by_name(experiment_name(ENVIRONMENT))

    def ends() -> dict[str, tuple[str, int]]:
        return {r.info.run_id: (r.info.status, r.info.end_time) for r in client.search_runs([experiment.experiment_id])}

    before = ends()
    assert main.main(["export", *where, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert ends() == before  # no trial took longer by its export
    assert f"registered in MLflow: {experiment_name(ENVIRONMENT)} version 1 as" in shown

    def fails(*_: object, **__: object) -> None:
        raise MlflowException("the registry does not answer")

    monkeypatch.setattr("mlflow.onnx.log_model", fails)
    assert main.main(["export", *where, "--out", str(out)]) == 0
    assert "not registered in MLflow (the registry does not answer" in capsys.readouterr().out
    assert ends() == before  # nor did one fail by it
    clip = next((odd / "recordings" / ENVIRONMENT / "test").iterdir())
    assert main.main(["detect", str(out), str(clip)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([page.name, out.name])


def test_events_with_odd_names_are_searched_for_and_shown_as_they_are(odd: Path, capsys) -> None:
    words = arguments(odd / "recordings", 1, env=ENVIRONMENT, store=odd / STORE, events=LABELS["bell"])
    assert search.main(words) == 0
    out = capsys.readouterr().out
    assert f"events   {LABELS['bell']}\n" in out
    assert f": {ENVIRONMENT}" in out
    (line,) = re.findall("export one: +sedkd (.*)", out)
    (study, *_) = load_studies(open_store(str(odd / STORE)), ENVIRONMENT, None)
    assert ["--study", study.name] == shlex.split(line)[1:3]


def test_tables_show_labels_as_they_are(capsys) -> None:
    from rich.table import Table

    table = Table(title="[red]title[/red] :bee:")
    table.add_column("[bold]head")
    table.add_row("[red]hum[/red] :bee:")
    Display().table(table)
    out = capsys.readouterr().out
    assert all(text in out for text in ("[red]title[/red] :bee:", "[bold]head", "[red]hum[/red] :bee:"))


def test_students_for_some_of_the_events_are_another_model() -> None:
    assert model_name("farm-012abc") == experiment_name("farm") == "sedkd-farm"
    assert model_name("farm.ring-012abc") == "sedkd-farm.ring"
