"""A study as one self-contained page."""

from html import escape

from search.pareto.luck import luck_words, seeds_words
from search.show.figure import pareto_figure
from search.show.page.background import facts_table, space_table
from search.show.page.calibration import calibrations
from search.show.page.confusion import confusions
from search.show.page.course import hypervolume_figures, importance_parts
from search.show.page.curves import curves
from search.show.page.drawing import drawn
from search.show.page.findings import Findings, findings_of
from search.show.page.markup import Html, document, paragraph, section
from search.show.page.rungs import rung_parts
from search.show.page.students import (
    classes_tables,
    controls_table,
    front_html,
    int8_table,
    measures_table,
    settings_table,
)
from search.show.page.timeline import timelines
from search.show.tables import score_words
from search.show.words import human, measure_words
from search.study.objectives import TABLE
from search.study.scores import notes_on_test
from search.study.view import StudyView
from sedkd.cost.macs import feature_macs_per_second
from sedkd.models.settings import FRONT_END, LATER, features_for


def page_of(study: StudyView) -> str:
    """The page of a study.

    Raises:
        UserError: no trial has finished.
    """
    from plotly.offline import get_plotlyjs

    found = findings_of(study)
    title = f"{found.facts['environment']}: students found by {found.name}"
    return document(title, [_top(found, title), *_sections(found)], get_plotlyjs())


def _top(found: Findings, title: str) -> str:
    warning = "SYNTHETIC soundscapes: these scores say nothing of real recordings." if found.facts["synthetic"] else ""
    return "\n".join(
        [f"<h1>{escape(title)}</h1>", paragraph(warning, "notice") if warning else "", paragraph(_summary(found))]
    )


def _sections(found: Findings) -> list[str]:
    front = pareto_figure(found.members, found.objectives, found.stopped)
    trials, hours = hypervolume_figures(found)
    volumes = Html(f'<div class="pair">{drawn(trials, "trials")}{drawn(hours, "hours")}</div>')
    reference = "measured from a score of 0 and a cost that no student reaches, costs as log10"
    return [
        section("The front", drawn(front, "front"), paragraph(_legend(found)), front_html(found), *_notes(found)),
        section("Controls", controls_table(found)),
        section("Events", *classes_tables(found), *confusions(found), *curves(found), *calibrations(found)),
        section("A recording", *timelines(found)),
        section(
            "Scores and costs",
            measures_table(found),
            paragraph(_front_ends(found)),
            *_in_eight_bits(found),
            settings_table(found),
        ),
        section(
            "Course of the search",
            volumes,
            paragraph(f"Hypervolume: what the front dominates, {reference}."),
            *rung_parts(found),
        ),
        section("What matters", *importance_parts(found)),
        section("Background", facts_table(found), space_table(found)),
    ]


def _summary(found: Findings) -> str:
    """In a sentence: what came out, and of how much."""
    quality, cost = found.objectives.quality, found.objectives.cost
    shown = []
    for member in found.on_front:
        if member.number in found.picks:
            test = found.tests.get(member.number)
            score = f"{member.measure(quality):.3f}" + (
                f" ({score_words(test.values[quality])} on test)" if test else ""
            )
            words = " and ".join(found.picks[member.number])
            price = f"{measure_words(cost, member.measure(cost))} {TABLE[cost].heading}"
            shown.append(f"{words}: trial {member.number} with {score} at {price}")
    teacher = found.teacher.get("validation")
    beside = f"; the teacher {score_words(teacher.values[quality])}" if teacher else ""
    heard = f"{quality} in eight bits" if found.objectives.int8 else quality
    return f"{len(found.study.trained())} finished trials. By {heard} on validation, {'; '.join(shown)}{beside}."


def _notes(found: Findings) -> list[str]:
    notes = notes_on_test(found.tests.values())
    if not found.confirmed:
        notes.append(luck_words(found.members, found.objectives))
    if seeds := seeds_words(found.on_front):
        notes.append(seeds)
    return [paragraph(f"Note: {note}.") for note in notes]


def _legend(found: Findings) -> str:
    more = " Crosses ended early, at the score that they had then." if found.stopped else ""
    return (
        "Hover over or tap a point for its trial and settings; drag to zoom, double-click to see all again. "
        f"Diamonds are controls.{more} Validation chose the students, thresholds and filters; test was scored once."
    )


def _in_eight_bits(found: Findings) -> list[str]:
    if not found.eights:
        return []
    about = (
        "The step of eight bits is scored with the trial's thresholds and filters. Its milliseconds are of step after "
        "step in onnxruntime, those above of ten seconds at once. With a GRU, or for whole recordings, there is none."
    )
    return [int8_table(found), paragraph(about)]


def _front_ends(found: Findings) -> str:
    made = [member.record.configuration for member in found.on_front] or [{}]
    heard = {features_for(**{n: each.get(f"features.{n}", LATER[n]) for n in FRONT_END}): None for each in made}
    told = [
        f"{human(feature_macs_per_second(each))} ({each.n_mels} bands every {1000 * each.frame_seconds:g} ms)"
        for each in heard
    ]
    return f"MACs/s are the network's; the log-mel features take about {', '.join(told)} more."
