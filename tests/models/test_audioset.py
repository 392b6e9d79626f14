"""EfficientAT's published weights do what they promise, whole and with their strides opened."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sedkd.data.audio import read_audio
from sedkd.errors import UserError
from sedkd.features.logmel import LogMel
from sedkd.features.settings import AUDIOSET_FEATURES
from sedkd.models.audioset import AudioSetNet, audioset_net_from, audioset_start, audioset_tagger

CLASSES = {  # ESC-10's folder -> AudioSet's indices for it
    "001 - Dog bark": range(72, 82),
    "002 - Rain": (289, 290, 291, 292),
    "003 - Sea waves": (294, 295, 296),
    "004 - Baby cry": (22, 23),
    "006 - Person sneeze": (49,),
    "008 - Chainsaw": (347,),
    "009 - Rooster": range(97, 103),
}


@pytest.fixture(scope="module")
def weights(shared: Path) -> Path:
    return shared / "data" / "weights" / "mn04_as_mAP_432.pt"


@pytest.fixture(scope="module")
def heard(shared: Path) -> list[tuple[str, Tensor]]:
    """Label and features `[1, 496, 128]` of three real clips of each class."""
    logmel, found = LogMel(AUDIOSET_FEATURES), []
    for label in CLASSES:
        for path in sorted((shared / "data" / "esc10" / label).glob("*.ogg"))[:12:4]:
            found.append((label, logmel(torch.from_numpy(read_audio(path, 32000))[None])[:, :496]))
    return found


def test_the_tagger_names_real_sounds(weights: Path, heard: list[tuple[str, Tensor]]) -> None:
    tagger = audioset_tagger(weights)
    right = 0
    with torch.inference_mode():
        for label, features in heard:
            logits = tagger(features.transpose(1, 2)[:, None])[0]
            assert logits.shape == (527,)
            right += bool(set(logits.topk(3).indices.tolist()) & set(CLASSES[label]))
    assert right >= 0.8 * len(heard)


def test_opened_strides_keep_what_was_learned(weights: Path, heard: list[tuple[str, Tensor]]) -> None:
    """Clips of one class lie nearer each other than those of two: the mean of the frames' embeddings, leave one out."""
    model = audioset_start(weights, ("a", "b")).eval()
    with torch.inference_mode():
        output = model(torch.cat([features for _, features in heard]))
    assert output.logits.shape == (len(heard), 62, 2)
    assert output.embedding.shape == (len(heard), 62, model.embedding_size)
    means = output.embedding.mean(1).numpy()
    means = (means - means.mean(0)) / np.linalg.norm(means - means.mean(0), axis=1, keepdims=True)
    likeness = means @ means.T - 2 * np.eye(len(heard))
    labels = [label for label, _ in heard]
    right = sum(labels[i] == labels[int(best)] for i, best in enumerate(likeness.argmax(1)))
    assert right >= 0.7 * len(heard)  # chance is 0.1


def test_opened_strides_agree_with_the_tagger(weights: Path, heard: list[tuple[str, Tensor]]) -> None:
    """The published classifier on the opened network's mean frame ranks the classes nearly as the tagger does."""
    tagger, model = audioset_tagger(weights), audioset_start(weights, ("a",)).eval()
    agreed = 0
    with torch.inference_mode():
        for _, features in heard:
            whole = tagger(features.transpose(1, 2)[:, None])[0]
            frames = tagger.classifier[3](model(features).embedding[0].mean(0))
            agreed += int(frames.argmax()) in whole.topk(5).indices
    assert agreed >= 0.5 * len(heard)  # chance is 0.01


def test_rebuilt_from_its_configuration() -> None:
    model = AudioSetNet(0.4, ("a", "b")).eval()
    twin = audioset_net_from(model.config()).eval()
    twin.load_state_dict(model.state_dict())
    example = torch.randn(1, 64, 128)
    with torch.inference_mode():
        torch.testing.assert_close(twin(example).logits, model(example).logits)
    assert model.frame_seconds == pytest.approx(0.08)


class Trap:
    """Unpickled, this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_with_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    torch.save({"features.0.0.weight": Trap(touched)}, tmp_path / "trap.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"features.0.0.weight": Trap(touched)}))
    for name in ("trap.pt", "plain.pt"):
        with pytest.raises(UserError, match=rf"{name}: not a checkpoint that loads with weights_only=True") as caught:
            audioset_start(tmp_path / name, ("a",))
        assert "\n" not in str(caught.value)
    assert not touched.exists()


def mangled(weights: Path, target: Path, change) -> Path:
    state = torch.load(weights, weights_only=True)
    change(state)
    torch.save(state, target)
    return target


def test_wrong_files(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no checkpoint")
    (tmp_path / "empty.pt").write_bytes(b"")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "other.pt")
    for name, message in [
        ("gone.pt", "no such file"),
        ("text.pt", "not a checkpoint"),
        ("empty.pt", "not a checkpoint"),
        ("list.pt", "not an EfficientAT MobileNetV3"),
        ("other.pt", "not an EfficientAT MobileNetV3"),
    ]:
        with pytest.raises(UserError, match=f"{name}: {message}") as caught:
            audioset_start(tmp_path / name, ("a",))
        assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit(weights: Path, tmp_path: Path) -> None:
    cases = {
        "classifier": lambda s: [s.pop(k) for k in [k for k in s if k.startswith("classifier.")]],
        "layer": lambda s: s.pop("features.3.block.0.0.weight"),
        "width": lambda s: s.update({"classifier.2.weight": torch.zeros(1280, 777)}),
        "strange": lambda s: s.update({"features.99.weight": torch.zeros(2)}),
    }
    for name, change in cases.items():
        path = mangled(weights, tmp_path / f"{name}.pt", change)
        for load in (lambda path: audioset_start(path, ("a",)), audioset_tagger):
            with pytest.raises(UserError, match=rf"{name}\.pt: ") as caught:
                load(path)
            assert "\n" not in str(caught.value)
