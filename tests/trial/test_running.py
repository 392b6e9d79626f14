"""One real trial, end to end and tiny: from a folder of recordings to scores and costs."""

from dataclasses import replace

import pytest
import torch
from tiny import write_folder

import sedkd.teach.teacher as teacher
import sedkd.trial.generic as generic
from sedkd.cost.macs import macs_per_second, parameter_count, weight_bytes
from sedkd.data.pool import folder_pool
from sedkd.distill.mutual import Strategy
from sedkd.errors import UserError
from sedkd.models.settings import StudentSettings
from sedkd.task.task import Task
from sedkd.train.fit import TrainingDiverged
from sedkd.train.settings import TrainSettings
from sedkd.train.split import FRAME_SECONDS
from sedkd.train.term import Lesson
from sedkd.trial.configuration import Configuration
from sedkd.trial.running import TrialResult, _begun, cost_before_training, run_trial, run_trials

TRAIN = TrainSettings(steps=50, batch=6, frames=12, learning_rate=1e-2)
SCRATCH = Configuration(StudentSettings(8, 2), TRAIN)
RESPONSE = replace(SCRATCH, train=replace(TRAIN, unlabeled_share=0.5), strategy="response",
                   parameters={"response": {"temperature": 2.0}})  # fmt: skip
BOTH = replace(RESPONSE, strategy="response+hint", initialisation="generic", parameters={"hint": {"weight": 0.3}})


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory):
    """Park (low, high) beside hall (mid, low), 8 clips of 2 s each, and a tiny teacher of their own."""
    root = write_folder(
        tmp_path_factory.mktemp("trial"), {"park": ("low", "high"), "hall": ("mid", "low")}, clips=8, seconds=2.0
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEDKD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(teacher, "CRNN", StudentSettings(8, 3, "conv", "gru"))
        patch.setattr(teacher, "FROM_SCRATCH", TrainSettings(steps=60, batch=6, frames=16, learning_rate=1e-2))
        patch.setattr(generic, "TRAINING", replace(TRAIN, steps=20))
        pool = folder_pool(root, {}, "park")
        device = torch.device("cpu")
        park = pool.environments["park"]
        yield Task(pool, park, park.events, teacher.teacher_for(pool, "crnn", device), device)


@pytest.fixture(scope="module")
def scratch(task: Task) -> TrialResult:
    return run_trial(SCRATCH, task, with_psds=True)


def test_training_from_scratch(task: Task, scratch: TrialResult) -> None:
    assert scratch.student.labels == ("high", "low")
    assert scratch.scores.values["f1_segment"] > 0.8  # two tones in soft noise
    assert {"psds1", "psds2", "f1_event_micro"} <= set(scratch.scores.values)
    assert scratch.scores.support == {"high": 8, "low": 8}
    assert len(scratch.post.thresholds) == len(scratch.post.median_frames) == 2
    assert [c.step for c in scratch.curve] == [12, 25, 38, 50]
    assert scratch.curve[-1].loss < scratch.curve[0].loss
    assert scratch.seconds > 0


def test_costs(task: Task, scratch: TrialResult) -> None:
    cost, before = scratch.cost, cost_before_training(SCRATCH, task.events)
    assert (cost.macs, cost.params, cost.bytes) == (before.macs, before.params, before.bytes)
    assert cost.macs == macs_per_second(scratch.student)
    assert cost.params == parameter_count(scratch.student)
    assert cost.bytes == weight_bytes(scratch.student) > 4 * cost.params
    assert before.latency is None
    assert cost.latency > 0


def test_a_peer_is_another_student(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was made from the student's own seed, and began as the same one."""
    began, both = Strategy.begin, []

    def begin(term: Strategy, lesson: Lesson) -> None:
        began(term, lesson)
        both.append((lesson.model.stem[0].weight.detach().clone(), term.peer.model.stem[0].weight.detach().clone()))

    monkeypatch.setattr(Strategy, "begin", begin)
    for seed in (0, 1, 0):
        torch.rand(5)
        run_trial(replace(SCRATCH, strategy="mutual", train=replace(TRAIN, steps=2, seed=seed)), task)
    assert all((student - peer).abs().max() > 0.01 for student, peer in both)
    assert torch.equal(both[0][1], both[2][1])
    assert not torch.equal(both[0][1], both[1][1])


def test_the_same_seed_gives_the_same_scores(task: Task, scratch: TrialResult) -> None:
    torch.rand(5)
    again = run_trial(SCRATCH, task, with_psds=True)
    assert again.scores == scratch.scores
    assert again.post == scratch.post
    assert all(
        torch.equal(a, b)
        for a, b in zip(again.student.state_dict().values(), scratch.student.state_dict().values(), strict=True)
    )
    other = run_trial(replace(SCRATCH, train=replace(TRAIN, seed=1)), task)
    assert not torch.equal(other.student.classifier.weight, scratch.student.classifier.weight)


def test_response_with_unlabelled_clips(task: Task, scratch: TrialResult) -> None:
    assert task.has_unlabeled
    assert len(task.training.corpus.unlabeled) == 2
    assert task.training.corpus.teacher.logits.shape == (len(task.training.corpus.targets), 2)
    result = run_trial(RESPONSE, task)
    assert result.scores.values["f1_segment"] > 0.8
    assert "psds1" not in result.scores.values
    labelled = run_trial(replace(RESPONSE, train=TRAIN), task)
    assert not torch.equal(labelled.student.classifier.weight, result.student.classifier.weight)


def test_response_and_hint_from_the_generic_student(task: Task) -> None:
    assert task.has_generic
    told: list[str] = []
    result = run_trial(BOTH, task, criterion="f1_event", progress=lambda what, *_: told.append(what))
    assert result.scores.values["f1_segment"] > 0.8
    assert any("generic student" in what for what in told)
    assert "training" in told
    # The projection of the hint is thrown away: the student costs what one from scratch does.
    assert result.cost.params == cost_before_training(SCRATCH, task.events).params
    assert not any("projection" in name for name in result.student.state_dict())
    again = run_trial(BOTH, task, criterion="f1_event")  # the generic student comes from the cache now
    learned = result.student.state_dict()
    assert all(torch.equal(values, learned[name]) for name, values in again.student.state_dict().items())


def test_the_generic_start_is_the_generic_students(task: Task) -> None:
    unmoved = replace(BOTH, train=replace(BOTH.train, learning_rate=0.0, weight_decay=0.0, steps=1))
    result = run_trial(unmoved, task)
    found = generic.generic_student(SCRATCH.student, task)
    assert found.labels == ("mid", "low", "high") or found.labels == task.pool.labels
    rows = [found.labels.index(label) for label in ("high", "low")]
    torch.testing.assert_close(result.student.classifier.weight, found.classifier.weight[rows])


@pytest.mark.parametrize("strategy", ["none", "response", "response+attention"])
def test_students_that_hear_fewer_bands_and_frames(task: Task, strategy: str) -> None:
    hearing = StudentSettings(8, 2, n_mels=24, hop=40)
    start = "generic" if strategy == "response" else "random"
    one = replace(RESPONSE, student=hearing, strategy=strategy, initialisation=start, parameters={})
    result = run_trial(one, task)
    assert result.student.features == hearing.features
    assert result.scores.values["f1_segment"] > 0.8
    before = cost_before_training(one, task.events)
    assert (before.macs, before.total_macs) == (result.cost.macs, result.cost.total_macs)
    assert before.macs < cost_before_training(SCRATCH, task.events).macs / 2


def test_only_those_who_hear_alike_are_trained_in_one_step(task: Task) -> None:
    two = replace(SCRATCH, train=replace(TRAIN, seed=1))
    few = replace(SCRATCH, student=replace(SCRATCH.student, n_mels=24))
    slow = replace(SCRATCH, student=replace(SCRATCH.student, hop=40))
    members = [_begun(each, task, "f1_segment", None) for each in (SCRATCH, two, few, slow)]
    assert members[0].kind == members[1].kind
    assert len({member.kind for member in members}) == 3
    found: dict[int, TrialResult | Exception] = {}
    run_trials([SCRATCH, few, two, replace(few, train=two.train), slow], task, found.__setitem__)
    assert [found[place].student.features.n_mels for place in range(5)] == [64, 24, 64, 24, 64]  # type: ignore[union-attr]
    assert min(found[place].scores.values["f1_segment"] for place in range(5)) > 0.8  # type: ignore[union-attr]


def test_a_subset_of_the_events(task: Task) -> None:
    narrow = Task(task.pool, task.environment, ("low",), task.teacher, task.device)
    result = run_trial(replace(RESPONSE, train=replace(RESPONSE.train, steps=10)), narrow)
    assert result.student.labels == ("low",)
    assert set(result.scores.per_class) == {"low"}

    full = task.training.corpus.teacher.logits[:, list(task.events).index("low")]
    assert torch.equal(narrow.training.corpus.teacher.logits[:, 0], full)


def test_the_test_split_is_not_needed(task: Task) -> None:
    """Nothing of a trial reads it."""
    for recordings in (task.training.recordings, task.validation.recordings, task.generic.recordings):
        assert not [r for r in recordings if "test" in r.path.parts]
    assert task.validation.corpus.out_starts[1] == -(-100 // 4)
    assert pytest.approx(0.08) == FRAME_SECONDS


def test_events_that_the_teacher_does_not_know(task: Task) -> None:
    with pytest.raises(UserError, match=r"the teacher \(crnn: .*\) does not know 'siren'; narrow --events"):
        Task(task.pool, task.environment, ("low", "siren"), task.teacher, task.device)


def test_a_rate_that_is_too_high_diverges_or_is_scored(task: Task) -> None:
    """AdamW and clipping keep most rates finite; one that is not a number is said."""
    with pytest.raises(TrainingDiverged):
        run_trial(replace(SCRATCH, train=replace(TRAIN, learning_rate=float("inf"), steps=4)), task)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu(task: Task) -> None:
    device = torch.device("cuda")
    there = Task(task.pool, task.environment, task.events, teacher.teacher_for(task.pool, "crnn", device), device)
    result = run_trial(BOTH, there)
    assert result.scores.values["f1_segment"] > 0.8
    assert there.training.corpus.teacher.logits.device.type == "cuda"
    assert next(result.student.parameters()).device.type == "cpu"


def test_one_that_cannot_be_begun_is_told_as_the_others_are(task: Task) -> None:
    ended: dict[int, TrialResult | Exception] = {}
    lacking = replace(
        SCRATCH, student=StudentSettings(8, 1, "timm:mobilenetv3_small_050"), initialisation="timm:gone.pt"
    )
    run_trials([lacking, SCRATCH], task, ended.__setitem__)
    assert isinstance(ended[0], Exception)
    assert isinstance(ended[1], TrialResult)
