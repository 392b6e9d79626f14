"""`sedkd compare` as a person types it, on a small folder of real files."""

import json
import re
from pathlib import Path

import pytest
from invented_study import invented_study
from mlflow import MlflowClient
from small_comparison import result_of, shown, words

from search.cli import main
from search.run.comparing import TimeLeft
from search.setup.architecture import architecture
from search.study.objectives import parse
from search.study.store import Store, open_store
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four tries for every arm instead of twelve, two finalists instead of three."""
    monkeypatch.setattr("sedkd.compare.choice.FINALISTS", 2)
    monkeypatch.setattr("sedkd.compare.tries._RATES_OF", {1: (1e-2, 2e-2), 2: (1e-2,), 4: (1e-2,)})


@pytest.fixture
def one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries are judged by one seed, however few recordings there are."""
    monkeypatch.setattr("sedkd.compare.choice.TUNING_SEEDS", (10_000,))
    monkeypatch.setattr("sedkd.compare.choice.RARE", 100)


def test_the_whole_comparison(farm: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = shown(capsys, words(farm))
    interval = r"[+-]\d+\.\d \[[+-]\d+\.\d, [+-]\d+\.\d\]"
    assert re.search(rf"aware - scratch +│ +{interval} +│ +(better|worse|not distinguishable|too few recordings)", out)
    assert "SYNTHETIC" not in out
    # Few recordings to choose by are said, and weighed by a third seed.
    said = r"f1_segment on validation, mean of 3 seeds \((bell|hum), the rarest event, in [1-4] recordings\)"
    assert re.search(said, " ".join(out.split()))
    assert ("finalists no further apart than their seeds" in " ".join(out.split())) == any(
        arm["told_apart"] is False for arm in result_of(tmp_path)["arms"]
    )
    (folder,) = (tmp_path / "runs" / "comparisons").iterdir()
    result = result_of(tmp_path)
    assert [arm["name"] for arm in result["arms"]][:4] == ["scratch", "generic", "aware", "aware, labelled clips only"]
    assert result["architecture"] == "separable 4x2"
    assert result["recordings"] == 4
    assert [teacher["name"] for teacher in result["teachers"]] == ["teacher", "teacher, adapted"]
    assert (
        len({arm["cost"]["macs"] for arm in result["arms"]})
        == len({arm["cost"]["params"] for arm in result["arms"]})
        == 1
    )
    for arm in result["arms"]:
        assert len(arm["test"]["psds1"]["seeds"]) == 2
        assert len(arm["tries"]) == 4
        assert sorted(len(one["seeds"]) for one in arm["tries"]) == [1, 1, 3, 3]
        best = max((one for one in arm["tries"] if len(one["seeds"]) == 3), key=lambda one: one["validation"])
        assert {key: best[key] for key in ("recipe", "rate", "mixture")} == {
            key: arm[key] for key in ("recipe", "rate", "mixture")
        }
        assert re.search(rf"\*{best['validation']:.3f}", out)
    (record,) = folder.glob("decisions-*.json")
    decided = json.loads(record.read_text())["arms"]
    assert {name: found["rate"] for name, found in decided.items()} == {a["name"]: a["rate"] for a in result["arms"]}
    assert result["labelled"] == {"used": 6, "of": 6}
    named = {(pair["a"], pair["b"]) for pair in result["pairs"]}
    assert {("aware", "scratch"), ("aware", "generic"), ("generic", "scratch")} <= named
    for pair in result["pairs"]:
        assert pair["f1_segment"]["low"] <= pair["f1_segment"]["mean"] <= pair["f1_segment"]["high"]
        assert set(pair["f1_segment"]["per_class"]) == {"bell", "hum"}
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")

    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["sedkd.role"] == "comparison"
    assert run.info.status == "FINISHED"
    assert "aware - scratch/f1_segment_low" in run.data.metrics
    assert {f.path for f in client.list_artifacts(run.info.run_id)} == {"comparison.json", "comparison.png"}

    # Again: nothing is trained, and test stays sealed; the answer comes from disk.
    weights = {p: p.stat().st_mtime_ns for p in folder.rglob("*.safetensors")}
    decisions = [p.stat().st_mtime_ns for p in folder.glob("decisions-*.json")]
    again = shown(capsys, words(farm))
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.safetensors")} == weights
    assert [p.stat().st_mtime_ns for p in folder.glob("decisions-*.json")] == decisions
    assert again.splitlines()[-1].split(", run ")[0] == out.splitlines()[-1].split(", run ")[0]
    assert len(client.search_runs([experiment.experiment_id])) == 1

    # One more seed: the students that are there are kept.
    shown(capsys, words(farm, seeds=3))
    now = {p: p.stat().st_mtime_ns for p in folder.rglob("*.safetensors")}
    assert {p: now[p] for p in weights} == weights
    chosen = {(arm["recipe"], arm["rate"], arm["mixture"]) for arm in result["arms"]}  # one of two arms is trained once
    assert len(now) == len(weights) + len(chosen)
    assert "they told of 3 seeds before; --seeds 3 tells it again" in shown(capsys, words(farm))


@pytest.mark.slow
@pytest.mark.usefixtures("one_seed")
def test_how_many_labels(farm: Path, capsys: pytest.CaptureFixture) -> None:
    out = shown(capsys, words(farm, labels="2,4", seeds=1, steps=2))
    assert "farm: separable 4x2, 1 seeds, 2 steps, 2 of 6 labelled clips" in out
    assert "whether it has learnt from the labels that --labels hides is not known" in out
    comparisons = farm.parent / "runs" / "comparisons"
    (curve,) = comparisons.glob("farm-labels-*")
    assert (curve / "labels.png").read_bytes().startswith(b"\x89PNG")
    points = json.loads((curve / "labels.json").read_text())
    assert [point["labelled"] for point in points] == [{"used": 2, "of": 6}, {"used": 4, "of": 6}]
    for point in points:
        result = json.loads((comparisons / point["comparison"] / "comparison.json").read_text())
        assert result["labelled"] == point["labelled"]
        assert point["arms"] == {
            arm["name"]: {metric: arm["test"][metric] for metric in ("f1_segment", "f1_event")}
            for arm in result["arms"]
        }

    # More than there are: one line, before anything is trained.
    before = sorted(comparisons.iterdir())
    assert main.main(words(farm, labels="3,7", seeds=1, steps=2)) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert re.fullmatch(r"error: --labels 7: train of farm \(.*\) has 6 labelled clips; ask for less", line)
    assert sorted(comparisons.iterdir()) == before


@pytest.mark.slow
@pytest.mark.usefixtures("one_seed")
def test_narrowing_to_some_events(farm: Path, capsys: pytest.CaptureFixture) -> None:
    out = shown(capsys, words(farm, events="hum", seeds=1, steps=2))
    assert "farm, 1 of 2 events: separable 4x2" in out
    assert re.search(r"aware - all events +│", out)
    (path,) = (farm.parent / "runs" / "comparisons").glob("*/comparison.json")
    result = json.loads(path.read_text())
    found = {arm["name"]: arm for arm in result["arms"]}
    assert found["all events"]["recipe"].startswith("the environment's events, ")
    assert found["aware"]["recipe"].startswith("own events, ")
    assert found["all events"]["per_class"].keys() == {"hum"}
    assert found["all events"]["cost"]["params"] == found["aware"]["cost"]["params"]


@pytest.mark.slow
@pytest.mark.usefixtures("one_seed")
def test_several_environments_and_their_mean(farm: Path, capsys: pytest.CaptureFixture) -> None:
    out = shown(capsys, words(farm, env="farm,yard", seeds=1, steps=2))
    assert "separable 4x2 in 2 environments: differences in F1 points" in out
    comparisons = farm.parent / "runs" / "comparisons"
    (together,) = comparisons.glob("farm-yard-*")
    found = json.loads((together / "pooled.json").read_text())
    single = [json.loads((comparisons / n / "comparison.json").read_text()) for n in found["comparisons"]]
    assert [result["environment"] for result in single] == ["farm", "yard"]
    pair = next(one for one in found["pairs"] if (one["a"], one["b"]) == ("aware", "scratch"))
    own = [next(p for p in r["pairs"] if (p["a"], p["b"]) == ("aware", "scratch")) for r in single]
    assert pair["f1_segment"]["mean"] == pytest.approx(sum(p["f1_segment"]["mean"] for p in own) / 2)
    assert re.search(r"mean of these +│ +[+-]", out)
    client = MlflowClient(f"sqlite:///{farm.parent / 'runs' / 'mlflow.db'}")
    for name in ("farm", "yard"):
        (run,) = client.search_runs([client.get_experiment_by_name(f"sedkd-{name}").experiment_id])
        told = run.data.metrics["mean of farm and yard_ aware - scratch/f1_segment_mean"]
        assert told == pytest.approx(pair["f1_segment"]["mean"])
        assert "pooled.json" in {file.path for file in client.list_artifacts(run.info.run_id)}


@pytest.mark.usefixtures("one_seed")
def test_the_second_environments_mistake_is_told_before_the_first_is_trained(farm: Path, capsys) -> None:
    (farm / "yard" / "test.tsv").unlink()
    assert main.main(words(farm, env="farm,yard")) == 2
    said = capsys.readouterr()
    assert "yard" in said.err
    assert "no test.tsv; a comparison is scored on test" in said.err
    assert "comparison farm-" not in said.out
    assert main.main(words(farm, env="farm,yard", events="hum,moo")) == 2
    said = capsys.readouterr()
    assert "moo" in said.err
    assert "comparison" not in said.out
    assert main.main(words(farm, env="farm,yrad")) == 2
    assert "no environment 'yrad'; there are: farm, yard" in capsys.readouterr().err


@pytest.mark.usefixtures("one_seed")
def test_a_strategy_of_ones_own_with_a_mistake_is_one_line(
    farm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_strategy.py").write_text(
        "from sedkd.train.term import Term\n\n\nclass Mistaken(Term):\n"
        "    def __init__(self, sizes):\n        super().__init__()\n\n"
        "    def forward(self, batch, output):\n        raise RuntimeError('forgot this')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main.main(words(farm, strategy="own_strategy:Mistaken", workers=1)) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    told = re.fullmatch(
        r"error: comparison farm-\w+: RuntimeError: forgot this \(.*own_strategy.py, line 9\); traceback: (.*)", said
    )
    assert told is not None
    assert "RuntimeError: forgot this" in Path(told[1]).read_text()


def test_architectures() -> None:
    store = open_store("/nowhere")
    assert architecture("separable+gru 16x4", store, "farm") == StudentSettings(16, 4, "separable", "gru")
    assert architecture("conv 8x2", store, "farm") == StudentSettings(8, 2, "conv", "none")
    for word, message in (
        ("conv 8x9", "student.depth must lie in"),
        ("cnov 8x2", "student.block must be one of"),
        ("conv+lstm 8x2", "student.head must be one of"),
        ("knee", "no study yet.*or spell one out"),
    ):
        with pytest.raises(UserError, match=rf"--architecture {re.escape(word)}: .*{message}"):
            architecture(word, store, "farm")


def test_a_study_without_students_to_pick_from(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "runs"))
    invented_study(parse("f1_segment,macs"), 0, storage=store.storage.trials())
    said = r"^--architecture knee: study farm-123abc has no finished trial yet; let the search run on; or spell one out"
    with pytest.raises(UserError, match=said):
        architecture("knee", store, "farm")


@pytest.mark.parametrize("word", ["separable-16x3", "trial:99"])
def test_a_mistyped_architecture_beside_a_study(tmp_path: Path, word: str) -> None:
    store = Store(tmp_path)
    invented_study(parse("f1_segment,macs"), 3, store=store)
    with pytest.raises(UserError, match=rf"^--architecture {word}: .*; or spell one out, such as "):
        architecture(word, store, "farm")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"architecture": "neee"}, "spell one out"),
        ({"strategy": "respnse"}, "no distillation strategy 'respnse'"),
        ({"strategy": "hint+hint"}, "strategy hint+hint: hint stands there twice"),
        ({"env": "frm"}, "there are: farm, yard"),
        ({"strategy": "none"}, "--strategy none: the distilled arms need one"),
        ({"strategy": "weak"}, "weak.tsv"),
    ],
)
def test_mistakes_are_one_line(capsys, farm: Path, more: dict, message: str) -> None:
    assert main.main(words(farm, **more)) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in errors if line.startswith("error: ")]) == 1
    assert message in errors[-1]


def test_without_a_test_split(capsys, farm: Path) -> None:
    (farm / "farm" / "test.tsv").unlink()
    assert main.main(words(farm)) == 2
    assert "no test.tsv; a comparison is scored on test" in capsys.readouterr().err


def test_time_left_is_counted_down_while_nothing_ends() -> None:
    left = TimeLeft(3, 100.0)  # three were read from disk
    assert left(3, 10, 150.0) is None
    assert left(5, 10, 200.0) == 250.0  # two in 100 s, five to go
    assert left(5, 10, 230.0) == 220.0
    assert left(5, 10, 900.0) == 0.0
    assert left(9, 10, 400.0) == 50.0


def test_by_event_f1_what_was_trained_is_not_trained_again(
    farm: Path, tmp_path: Path, capsys: pytest.CaptureFixture, one_seed: None
) -> None:
    shown(capsys, words(farm))
    (folder,) = (tmp_path / "runs" / "comparisons").iterdir()
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    out = " ".join(shown(capsys, words(farm, f1="event")).split())
    assert "f1_event on validation" in out
    assert "per class (f1_event)" in out
    other = folder.with_name(f"{folder.name}-event")
    result = json.loads((other / "comparison.json").read_text())
    assert result["criterion"] == "f1_event"
    assert result["comparison"] == other.name
    assert not (other / "students").exists()
    there = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
    assert {path: there[path] for path in before} == before
    client = MlflowClient(f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sedkd-farm")
    runs = client.search_runs([experiment.experiment_id])
    assert len(runs) == 2
    notes = [run.data.tags["mlflow.note.content"] for run in runs]
    assert sorted("by event F1" in note for note in notes) == [False, True]
