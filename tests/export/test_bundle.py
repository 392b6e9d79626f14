"""What an export holds, what replaces it, and what its reader refuses."""

import json
import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from sedkd.errors import SedkdWarning, UserError
from sedkd.export import bundle as bundles
from sedkd.export.bundle import write_bundle
from sedkd.export.card import CardFacts
from sedkd.export.onnx_model import export_onnx
from sedkd.export.reading import read_bundle
from sedkd.models.checkpoint import load_model
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.score.postprocess import PostProcessing
from sedkd.stream.network import StreamNetwork

LABELS = ("bark", "rain")
POST = PostProcessing((0.35, 0.6), (1, 5))
FACTS = CardFacts(
    environment="street",
    scene="street_traffic",
    events=LABELS,
    study="street-2024",
    trial=17,
    data="/data/street",
    synthetic=True,
    teacher="audioset mn04",
    configuration={"student.width": 8, "strategy": "response"},
    validation={"f1_segment": 0.71, "f1_event": 0.42},
    test={"f1_segment": 0.66, "f1_event": 0.37},
    per_class={"bark": {"f1_segment": 0.7, "f1_event": None}, "rain": {"f1_segment": 0.6, "f1_event": 0.37}},
    cost={"macs": 1.25e6, "params": 4321, "bytes": 17284, "latency": 0.5},
)
AUDIO = [np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)]


@pytest.fixture(scope="module")
def student() -> Student:
    torch.manual_seed(0)
    return Student(StudentSettings(4, 1), LABELS).eval()


@pytest.fixture(scope="module")
def folder(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("exports") / "street-knee", student, POST, AUDIO, FACTS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take the graph that is already exported instead of exporting it again."""
    monkeypatch.setattr(bundles, "export_onnx", lambda _, path: path.write_bytes((folder / "model.onnx").read_bytes()))


def test_holds_what_it_promises(folder: Path, student: Student) -> None:
    assert sorted(os.listdir(folder)) == ["README.md", "model.onnx", "model.safetensors", "student.json"]
    assert os.listdir(folder.parent) == ["street-knee"]  # nothing temporary is left
    facts = json.loads((folder / "student.json").read_text())
    assert facts["labels"] == list(LABELS)
    assert facts["thresholds"] == [0.35, 0.6]
    assert facts["median_frames"] == [1, 5]
    assert (facts["frame_seconds"], facts["sample_rate"]) == (0.08, 16000)
    assert facts["onnx_max_difference"] <= 1e-4
    provenance = facts["provenance"]
    assert (provenance["study"], provenance["trial"], provenance["synthetic"]) == ("street-2024", 17, True)
    assert provenance["test"] == FACTS.test
    loaded = load_model(folder / "model.safetensors")
    assert torch.equal(loaded.state_dict()["classifier.weight"], student.classifier.weight)


def test_reads_back(folder: Path) -> None:
    bundle = read_bundle(folder)
    assert (bundle.labels, bundle.post, bundle.frame_seconds) == (LABELS, POST, 0.08)
    assert bundle.probabilities(AUDIO[0]).shape == (13, 2)
    assert bundle.probabilities(AUDIO[0][:100]).shape == (1, 2)


def test_card_says_synthetic_wherever_a_result_appears(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    assert "| score | synthetic validation | synthetic test |" in card
    assert "| f1_segment | 0.710 | 0.660 |" in card
    assert "on the synthetic test split" in card
    assert "| bark | 0.700 | - |" in card
    assert "1.25 MMAC per second of audio" in card
    assert "log-mel features" in card
    assert "sedkd detect street-knee file.wav" in card
    assert "street_traffic" in card


@pytest.mark.usefixtures("quick")
def test_card_of_real_data_does_not_say_synthetic(student: Student, tmp_path: Path) -> None:
    facts = replace(FACTS, synthetic=False, test=None, cost={**FACTS.cost, "latency": None})
    card = (write_bundle(tmp_path / "the real", student, POST, AUDIO, facts) / "README.md").read_text()
    assert "    sedkd detect 'the real' file.wav\n" in card
    assert "synthetic" not in card
    assert "The test split was not scored" in card
    assert "on the validation split:" in card
    assert "not measured" in card


def test_labels_stand_in_the_card_as_they_are(tmp_path: Path) -> None:
    """Neither HTML nor Markdown, and apart from each other though one holds a comma."""
    labels = ("<b>bark</b>", "H\u00e4her, kr\u00e4hend", "a `b` | c", "dog_bark")
    named = Student(StudentSettings(4, 1), labels).eval()
    scores = {label: {"f1_segment": 0.5} for label in labels}
    post = PostProcessing((0.5,) * 4, (1,) * 4)
    facts = replace(FACTS, events=labels, per_class=scores)
    card = (write_bundle(tmp_path / "odd", named, post, AUDIO, facts) / "README.md").read_text()
    assert "hears `<b>bark</b>`, `H\u00e4her, kr\u00e4hend`, `` a `b` | c ``, dog_bark in the environment" in card
    assert "| `<b>bark</b>` | 0.500 |" in card
    assert "| `` a `b` \\| c `` | 0.500 |" in card


def test_the_cards_snippet_runs(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    snippet = (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]
    for name in ("model.onnx", "student.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    soundfile.write(tmp_path / "file.wav", AUDIO[0], 16000)
    monkeypatch.chdir(tmp_path)
    exec(compile(snippet, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 13


@pytest.mark.usefixtures("quick")
def test_replaces_only_an_export(student: Student, tmp_path: Path) -> None:
    out = tmp_path / "new" / "export"
    write_bundle(out, student, POST, AUDIO, FACTS)
    write_bundle(out, student, POST, AUDIO, replace(FACTS, trial=18))
    assert read_bundle(out).provenance["trial"] == 18
    assert os.listdir(out.parent) == ["export"]
    (out / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"notes\.txt"):
        write_bundle(out, student, POST, AUDIO, FACTS)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    write_bundle(foreign, student, POST, AUDIO, FACTS)  # an empty folder may be filled
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "README.md").write_text("not an export")
    with pytest.raises(UserError, match=r"README\.md"):
        write_bundle(tmp_path / "repository", student, POST, AUDIO, FACTS)
    with pytest.raises(UserError, match="is a file"):
        write_bundle(out / "notes.txt", student, POST, AUDIO, FACTS)


def test_a_failed_export_leaves_the_earlier_one(
    student: Student, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no export today")

    out = tmp_path / "export"
    out.mkdir()
    for file in folder.iterdir():
        (out / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(bundles, "export_onnx", fails)
    with pytest.raises(RuntimeError, match="today"):
        write_bundle(out, student, POST, AUDIO, FACTS)
    assert read_bundle(out).provenance["trial"] == 17
    assert os.listdir(tmp_path) == ["export"]


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "not written by sedkd"),
        ('{"format": "other"}', "not written by sedkd"),
        ('{"format": "sedkd student", "version": 99}', "format version 99"),
        ('{"format": "sedkd student", "version": 1}', "broken .*labels"),
        (
            '{"format": "sedkd student", "version": 1, "labels": ["a"], "thresholds": [], "median_frames": [1]}',
            "1 labels, 0 thresholds",
        ),
    ],
)
def test_broken_facts_are_named(tmp_path: Path, facts: str, message: str) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    (tmp_path / "student.json").write_text(facts)
    with pytest.raises(UserError, match=message):
        read_bundle(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"median_frames": [4, 3]}, "median_frames must be odd"),
        ({"median_frames": [0, 3]}, "median_frames must be odd"),
        ({"thresholds": [float("nan"), 0.5]}, "a threshold is no number"),
        ({"labels": ["a", "a"]}, "a label stands twice"),
        ({"window_seconds": 1.0}, "window_seconds must be several times context_seconds"),
        ({"window_seconds": float("nan")}, "window_seconds must be several times context_seconds"),
        ({"provenance": {"lowest_rate": "x"}}, "could not convert"),
        ({"provenance": ["x"]}, "dictionary update"),
    ],
)
def test_facts_that_make_no_sense_are_named(folder: Path, tmp_path: Path, change: dict, message: str) -> None:
    shutil.copytree(folder, tmp_path / "edited")
    file = tmp_path / "edited" / "student.json"
    facts = json.loads(file.read_text())
    assert len(facts["labels"]) == 2
    file.write_text(json.dumps({**facts, **change}))
    with pytest.raises(UserError, match=rf"broken .*{message}.*export the student again"):
        read_bundle(tmp_path / "edited")


def test_the_network_of_another_export_is_told(folder: Path, student: Student, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_bundle(folder)  # as it was exported
    there = tmp_path / "mixed"
    shutil.copytree(folder, there)
    (there / "mine.onnx").write_bytes(b"somebody's own beside it")
    torch.manual_seed(7)
    export_onnx(Student(student.settings, student.labels).eval(), there / "model.onnx")
    with pytest.warns(SedkdWarning, match=r"mixed/model\.onnx: is not the file that was exported; labels and"):
        read_bundle(there)
    facts = json.loads((there / "student.json").read_text())
    del facts["sha256"]  # as earlier versions wrote it
    (there / "student.json").write_text(json.dumps(facts))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_bundle(there)


def test_missing_things_are_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        read_bundle(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"student\.json is missing"):
        read_bundle(tmp_path)
    (tmp_path / "student.json").write_bytes((folder / "student.json").read_bytes())
    with pytest.raises(UserError, match=r"model\.onnx is missing"):
        read_bundle(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(UserError, match="onnxruntime cannot load it"):
        read_bundle(tmp_path).probabilities(AUDIO[0])


def test_a_student_for_streams_has_its_step_beside_it(tmp_path: Path) -> None:
    torch.manual_seed(0)
    student = Student(StudentSettings(2, 2, lookahead=160), LABELS).eval()
    cost = {**FACTS.cost, "algorithmic_latency": 0.16, "ram": 9832, "flash": 16340}
    out = write_bundle(tmp_path / "export", student, POST, AUDIO, replace(FACTS, cost=cost))
    assert sorted(os.listdir(out)) == ["README.md", "model.onnx", "model.safetensors", "stream.onnx", "student.json"]
    facts = json.loads((out / "student.json").read_text())["stream"]
    assert facts["states"][1] == {"input": "state_1", "output": "new_state_1", "shape": [1, 2, 2, 32]}
    assert (facts["file"], facts["frames"], facts["stride"], facts["delay"]) == ("stream.onnx", 4, 4, 1)
    assert facts["max_difference"] < 1e-5
    assert facts["padding"] == [0.0] * 64
    card = (out / "README.md").read_text()
    assert "| an answer waits for sound | 160 ms |" in card
    assert "| C on a Cortex-M4: static RAM, the stack on top | 9.83 kB |" in card
    assert "`state_1` [1, 2, 2, 32]" in card
    assert "The network looks ahead and back" not in card
    network = StreamNetwork(out)
    assert network.bundle.stream == network.facts
    assert len(network.feed(np.zeros((9, 64), np.float32))) == 1
    assert len(network.finish()) == 2
    (out / "stream.onnx").write_bytes(b"no graph")
    with pytest.raises(UserError, match=r"stream\.onnx: onnxruntime cannot load it"):
        StreamNetwork(out)


@pytest.mark.parametrize(
    ("change", "message"), [({"delay": -1}, "delay is 0 at least"), ({"states": []}, "other states")]
)
def test_a_stream_that_makes_no_sense_is_named(causal_export: Path, tmp_path: Path, change: dict, message: str) -> None:
    shutil.copytree(causal_export, tmp_path / "edited")
    file = tmp_path / "edited" / "student.json"
    facts = json.loads(file.read_text())
    facts["stream"] |= change
    file.write_text(json.dumps(facts))
    with pytest.raises(UserError, match=f"{message}.*export the student again"):
        StreamNetwork(tmp_path / "edited")


def test_one_that_hears_recordings_is_refused_on_a_stream(folder: Path) -> None:
    assert read_bundle(folder).stream is None
    with pytest.raises(UserError, match="hears whole recordings; search with --lookahead"):
        StreamNetwork(folder)
