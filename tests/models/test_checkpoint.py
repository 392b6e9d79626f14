"""Models on disk: what is written is read again, and what is broken is one line."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from sedkd.errors import UserError
from sedkd.models.audioset import AudioSetNet
from sedkd.models.checkpoint import load_model, read_header, save_model
from sedkd.models.frame import FrameModel
from sedkd.models.settings import StudentSettings
from sedkd.models.student import Student
from sedkd.models.timm_net import TimmNet

LABELS = ("a", "b")


def student() -> Student:
    torch.manual_seed(0)
    model = Student(StudentSettings(4, 2, "conv", "gru"), LABELS)
    model.standardise_by(torch.randn(64), torch.rand(64) + 0.5)
    model(torch.randn(2, 64, 64))  # moves the running means
    return model.eval()


@pytest.mark.parametrize(
    "make",
    [
        student,
        lambda: TimmNet("mobilenetv3_small_050", LABELS).eval(),
        lambda: AudioSetNet(0.4, LABELS).eval(),
        lambda: AudioSetNet(0.4, LABELS, "gru").eval(),
        lambda: student().to(memory_format=torch.channels_last),
    ],
)
def test_round_trip(make, tmp_path: Path) -> None:
    model: FrameModel = make()
    save_model(model, tmp_path / "deep" / "m.safetensors", {"seed": 3})
    found = load_model(tmp_path / "deep" / "m.safetensors")
    assert type(found) is type(model)
    assert not found.training
    assert (found.labels, found.config()) == (model.labels, model.config())
    example = torch.randn(1, 64, model.features.n_mels)
    with torch.inference_mode():
        torch.testing.assert_close(found(example).logits, model(example).logits)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["m.safetensors"]


def test_header(tmp_path: Path) -> None:
    save_model(student(), tmp_path / "m.safetensors", {"teacher": "x", "environments": ["a"]})
    header = read_header(tmp_path / "m.safetensors")
    assert header["kind"] == "student"
    assert json.loads(header["config"])["width"] == 4
    assert json.loads(header["notes"]) == {"teacher": "x", "environments": ["a"]}
    save_model(student(), tmp_path / "n.safetensors")
    assert json.loads(read_header(tmp_path / "n.safetensors")["notes"]) == {}


def test_notes_that_json_cannot_hold_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save_model(student(), tmp_path / "m.safetensors", {"path": tmp_path})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no safetensors at all", None])
def test_files_that_are_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "m.safetensors"
    save_model(student(), path)
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(UserError, match=r"m\.safetensors: not a safetensors file$"):
        load_model(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.safetensors: no such file"):
        load_model(tmp_path / "gone.safetensors")
    with pytest.raises(UserError, match=f"^{tmp_path}: "):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "none of sedkd's models"),
        ({"kind": "student"}, "none of sedkd's models"),
        ({"kind": "x", "config": "{}"}, "unknown kind 'x'"),
        ({"kind": "student", "config": "{"}, "not one of sedkd's models"),
        ({"kind": "student", "config": "[1]"}, "not one of sedkd's models"),
        ({"kind": "student", "config": "{}"}, "not one of sedkd's models"),
        ({"kind": "student", "config": {"width": -3}}, "not one of sedkd's models"),
        ({"kind": "student", "config": {"labels": ["a"]}}, "not one of sedkd's models"),
        ({"kind": "student", "config": {"colour": "red"}}, "not one of sedkd's models"),
    ],
)
def test_headers_that_do_not_fit(tmp_path: Path, header: dict | None, message: str) -> None:
    model, path = student(), tmp_path / "m.safetensors"
    if header and isinstance(header.get("config"), dict):
        header = {**header, "config": json.dumps({**model.config(), **header["config"]})}
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path, metadata=header)
    with pytest.raises(UserError, match=rf"m\.safetensors.*{message}") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)
