"""Export a front member: a folder for the device, and a registered model in MLflow."""

import logging
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.pareto.front import front
from search.pareto.picks import NAMED_PICKS, pick, picks_of
from search.run.clip_answers import clip_answers
from search.run.retuning import retuned
from search.run.site_clips import site_clips
from search.show.calibration_figure import calibration_png
from search.show.confusion_figure import confusion_png
from search.show.curves_figure import curves_png
from search.show.words import macs_words
from search.study.names import model_name
from search.study.objectives import costs, most_alarms_of
from search.study.records import FinishedTrial
from search.study.trial_record import FinishedRecord
from search.study.view import StudyView
from search.tracking.mirror import attempt, impatient
from search.tracking.notes import trial_note
from search.tracking.quiet import quiet_mlflow
from search.tracking.tracker import Tracker
from sedkd.browser.runtime import PACKAGE, read_runtime
from sedkd.browser.writing import write_page
from sedkd.data.audio import read_audio
from sedkd.data.folders import audio_below
from sedkd.device.network import is_generator_installed
from sedkd.device.writing import LACKING, write_device
from sedkd.errors import UserError
from sedkd.export.bundle import CALIBRATION, CONFUSION, CURVES, DEVICE, PAGE, write_bundle
from sedkd.export.card import CardFacts
from sedkd.export.int8 import NO_CLIPS
from sedkd.export.licences import licences_of
from sedkd.export.reading import ONNX
from sedkd.export.stream_card import stream_lines
from sedkd.models.checkpoint import load_model
from sedkd.models.student import Student
from sedkd.score.calibration import calibration_of
from sedkd.score.confusion import confusion_of
from sedkd.score.curves import curves_of

if TYPE_CHECKING:
    import numpy

CHECK_CLIPS = 3


def export_pick(
    study: StudyView, word: str, out: Path, criterion: str | None = None, browser: Path | None = None
) -> Iterator[str]:
    """Export the student that `word` names (see `front.pick`) to `out` and register it; yields lines to show.
    `criterion`: what its thresholds are for, such as fa_per_hour=2 or f1; where it is not what the search chose them
    for, they are chosen anew (see `search.run.retuning`).
    `browser`: where onnxruntime-web lies, for a page that runs the student in a browser (see `sedkd.browser`).

    Raises:
        UserError: no such student, its file or the audio to check it with is gone, or `out` is in the way; no
            onnxruntime-web in `browser`.
    """
    impatient()
    runtime = None if browser is None else read_runtime(browser)
    objectives, members = study.objectives, study.require_finished()
    most = objectives.most_alarms if criterion is None else most_alarms_of(criterion)
    on_front = front(members, objectives)
    everyone = {trial.number: trial for trial in (*study.trained(), *members)}  # second seeds as well
    member = pick(word, on_front, list(everyone.values()), objectives)
    path = study.student_path(member.number)
    if not path.exists():
        raise UserError(f"{path}: the trained student is not there; give the --store that the search wrote")
    if (fault := study.fault_of_student(member.number)) is not None:
        raise UserError(f"{fault}; copy it back, its MLflow run holds one as well, or name another --pick")
    student = load_model(path)
    assert isinstance(student, Student)
    facts = study.facts
    audio = _check_audio(facts, student.features.rate)
    record, card, seeds = member.record, _card(study, member), member.seeds
    answers = clip_answers(study.folder, student, objectives.int8)
    if most != objectives.most_alarms:
        again = retuned(answers, student.labels, most, objectives.needs_psds, objectives.criterion)
        record, card, seeds = again.of(record), again.on(card), 1
        yield from again.lines
    if len(record.post.thresholds) != len(student.labels):
        raise UserError(
            f"trial {member.number}: was trained by an earlier sedkd, which kept no thresholds; train it again"
        )
    post, causal = record.post, student.settings.causal
    device = causal and is_generator_installed()
    clips = site_clips(study.folder, student.labels, student.features, post) if causal else NO_CLIPS
    if not isinstance(answers, str):
        card = replace(card, picture=CURVES, calibration=CALIBRATION, confusion=CONFUSION)

    def also(export: Path) -> None:
        if device:
            write_device(export, audio[0])
        if runtime is not None:
            write_page(export, runtime)
        if not isinstance(answers, str):
            title = f"{facts['environment']}, trial {member.number}: validation"
            curves_png(curves_of(answers[0], post, answers[1]), title, export / CURVES)
            confusion_png(confusion_of(answers[0], post, answers[1]), title, export / CONFUSION)
            calibration_png(calibration_of(answers[0]), title, export / CALIBRATION)

    write_bundle(out, student, post, audio, card, clips, also)
    yield (
        f"{out}: trial {member.number} of {study.name}, "
        f"{objectives.quality} {record.measures[objectives.quality]:.3f} on validation"
        f"{f' (mean of two seeds {member.measure(objectives.quality):.3f})' if seeds > 1 else ''}"
        f"{', in eight bits' if objectives.int8 else ''}"
        f"{' (SYNTHETIC soundscapes)' if facts['synthetic'] else ''}, "
        f"{macs_words(record.measures, objectives)} MACs/s"
    )
    if causal:
        yield from stream_lines(out, "SYNTHETIC " if facts["synthetic"] else "")
    if isinstance(answers, str):
        yield f"no pictures of precision, recall, confusions and calibration: {answers}"
    aliases = sorted({*picks_of(on_front, objectives).get(member.number, []), *({word} & set(NAMED_PICKS))})
    registered: list[str] = []
    reason = attempt(lambda: registered.append(_register(study, member.number, record, out, aliases)))
    yield registered[0] if reason is None else f"not registered in MLflow ({reason}); the export itself is whole"
    if causal:
        yield device_line(out, device)
        yield f"try it: sedkd listen {shlex.quote(str(out))}"
    yield page_line(out, runtime is not None)
    yield f"try it: sedkd detect {shlex.quote(str(out))} FILE.wav"


def device_line(out: Path, device: bool) -> str:
    """Where the student's C lies, or how to get it."""
    folder = shlex.quote(str(out / DEVICE))
    return f"the same in C99: make -C {folder} check listen" if device else f"no C for a device: {LACKING}"


def page_line(out: Path, page: bool) -> str:
    """Where the student's page for browsers lies, or how to get it."""
    if page:
        return f"in a browser, without a network: {out / PAGE}"
    return f"no page for browsers: `npm install {PACKAGE}`, then export with --browser"


def _check_audio(facts: Mapping[str, Any], rate: int) -> "list[numpy.ndarray]":
    """A few validation clips on which ONNX is compared with torch."""
    folder = Path(facts["data"]) / facts["environment"] / "validation"
    # Studies of earlier versions do not name their clips; those lie in the generic folder.
    named = facts.get("validation") or audio_below(folder)
    paths = sorted(path for path in map(Path, named) if path.exists())[:CHECK_CLIPS]
    if not paths:
        raise UserError(
            f"{folder}: no audio to check the export with; put the study's data back where they were, "
            "or run its search line again with --data DIR, where they are now"
        )
    return [read_audio(path, rate) for path in paths]


def _card(study: StudyView, member: FinishedTrial) -> CardFacts:
    facts, record = study.facts, member.record
    test, eight = study.test_scores(member.number), study.eight_bits(member.number)
    measures = record.measures
    cost = {name: measures.get(name) for name in costs()}
    return CardFacts(
        environment=facts["environment"],
        scene=facts["scene"],
        events=facts["events"],
        study=study.name,
        trial=member.number,
        data=facts["data"],
        synthetic=facts["synthetic"],
        teacher=facts["teacher"],
        configuration=record.configuration,
        validation={name: value for name, value in measures.items() if name not in cost},
        of_seeds={name: member.measure(name) for name in study.objectives.qualities} if member.seeds > 1 else None,
        test=test.values if test else None,
        per_class=test.per_class if test else record.per_class,
        cost=cost,
        most_alarms=study.objectives.most_alarms,
        licences=licences_of(facts.get("licence"), facts.get("teacher_kind", ""), record.configuration),
        int8=study.objectives.int8,
        int8_test=eight.test if eight else None,
        int8_latency=eight.latency if eight else None,
        lowest_rate=facts.get("lowest_rate"),  # studies of earlier versions do not tell
    )


def _register(study: StudyView, trial: int, record: FinishedRecord, out: Path, aliases: list[str]) -> str:
    """Log the ONNX model to the trial's run and register it with its aliases; says what was done. `record`: with the
    scores of what is exported."""
    quiet_mlflow()
    import mlflow
    import mlflow.onnx
    import onnx

    logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # an error is raised as well
    tracker = Tracker(study)
    tracker.sync(figures=False)
    mlflow.set_tracking_uri(study.store.mlflow_uri)
    mlflow.set_registry_uri(study.store.mlflow_uri)
    name = model_name(study.name)
    run_id = tracker.child_id(trial)
    before = tracker.client.get_run(run_id).info
    with tracker.alone():  # a search that begins or ends takes a run that is RUNNING for one that is half written
        try:
            with mlflow.start_run(run_id=run_id):
                info: Any = mlflow.onnx.log_model(
                    onnx.load(str(out / ONNX)), name="model", registered_model_name=name,
                    pip_requirements=["onnxruntime"],
                )  # fmt: skip
                mlflow.log_artifacts(str(out), "export")
        finally:  # the trial took no longer by its export, nor did it fail by it
            tracker.client.set_terminated(run_id, before.status, before.end_time)
    version = str(info.registered_model_version)
    for alias in aliases:
        tracker.client.set_registered_model_alias(name, alias, version)
    tracker.client.update_model_version(name, version, f"{study.name}: {trial_note(record, study.objectives)}")
    known_as = f" as {', '.join(f'{name}@{alias}' for alias in aliases)}" if aliases else ""
    return f"registered in MLflow: {name} version {version}{known_as}"
