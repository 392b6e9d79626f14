"""PSDS1 and PSDS2 with psds_eval (Bilen et al., ICASSP 2020; the settings of DCASE task 4)."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sedkd.data.events import Event, clip_to, merge_touching, require_known_files
from sedkd.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

# alpha_ct is 0 in PSDS1, so its cttc_threshold has no effect, but psds_eval wants a number.
CRITERIA = (
    {"dtc_threshold": 0.7, "gtc_threshold": 0.7, "cttc_threshold": 0.3},
    {"dtc_threshold": 0.1, "gtc_threshold": 0.1, "cttc_threshold": 0.3},
)
ALPHA_CT = (0.0, 0.5)
ALPHA_ST = 1.0
MAX_EFPR = 100.0  # false alarms per hour


@dataclass(frozen=True)
class PsdsReport:
    """PSDS between 0 and 1; None where no reference event is there to be found.

    class_area1, class_area2: the normalised area under each class's own curve in the two settings. Their mean is
    not the PSDS, which takes the spread between the classes off (alpha_ST = 1).
    """

    psds1: float | None
    psds2: float | None
    class_area1: dict[str, float]
    class_area2: dict[str, float]


def psds(
    truth: Mapping[str, Sequence[Event]],
    durations: Mapping[str, float],
    operating_points: Mapping[float, Mapping[str, Sequence[Event]]],
    labels: Sequence[str] | None = None,
    clip_truth: bool = False,
) -> PsdsReport:
    """PSDS1 and PSDS2 over the files of `truth`.

    Events of one class that touch are merged, as psds_eval demands; detections are cut at the end of their file.

    Args:
        truth: filename -> events; files without events belong in it.
        durations: filename -> seconds, for every file of `truth`.
        operating_points: threshold -> filename -> detected events; 50 thresholds are usual.
        labels: the classes to score, None for all of the truth. A class without reference has no curve and is left
            out, with its detections.
        clip_truth: cut reference events at the end of their file too. Published scores do not; on DESED's
            validation set, where 16 events run over, it adds 0.0001 to PSDS1.

    Raises:
        UserError: no operating point, a missing duration, or detections in an unknown file.
    """
    if not operating_points:
        raise UserError("PSDS needs at least one operating point (a set of detections at one threshold)")
    for filename in truth:
        if filename not in durations:
            raise UserError(f"no duration is given for {filename!r}: add it to the table of durations")
    for threshold, detections in operating_points.items():
        require_known_files(detections, truth, f"the operating point {threshold:g}")
    wanted = None if labels is None else set(labels)
    reference = _table(_rows(truth, durations if clip_truth else None, wanted))
    # psds_eval leaves the rates of a class without reference uninitialised.
    scored = sorted(set(reference["event_label"]))
    if not scored:
        return PsdsReport(None, None, {}, {})
    # Neighbouring thresholds often have the same detections, which are one point of the curve.
    different = dict.fromkeys(_rows(detections, durations, scored) for detections in operating_points.values())
    metadata = _frame([(filename, float(durations[filename])) for filename in truth], ["filename", "duration"])

    evaluator, values, areas = _evaluator(), [], []
    with warnings.catch_warnings():
        # One class alone has no cross-triggers.
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        warnings.filterwarnings("ignore", "Degrees of freedom <= 0", RuntimeWarning)
        evaluations = [
            evaluator(ground_truth=reference, metadata=metadata, class_names=scored, **criteria)
            for criteria in CRITERIA
        ]
        for rows in different:
            detections = _detections(_table(rows))
            for evaluation in evaluations:
                evaluation.add_operating_point(detections)
        for evaluation, alpha_ct in zip(evaluations, ALPHA_CT, strict=True):
            score = evaluation.psds(alpha_ct=alpha_ct, alpha_st=ALPHA_ST, max_efpr=MAX_EFPR)
            curve = evaluation.psd_roc_curves(alpha_ct)[2]
            values.append(float(score.value))
            areas.append(
                {label: step_area(curve.xp, curve.yp[c], MAX_EFPR) / MAX_EFPR for c, label in enumerate(scored)}
            )
    return PsdsReport(values[0], values[1], areas[0], areas[1])


def step_curve(x: NDArray[Any], xp: NDArray[Any], yp: NDArray[Any]) -> NDArray[Any]:
    """The best y reached up to each x: a rising staircase through the points (xp, yp), 0 before the first.

    In place of PSDSEval.step_curve, which calls what pandas 3 no longer has; same values. x, xp, yp: 1-D.
    """
    order = np.argsort(xp, kind="stable")
    best = np.concatenate([[0.0], np.maximum.accumulate(yp[order])])
    return best[np.searchsorted(xp[order], x, side="right")]


def step_area(x: NDArray[Any], y: NDArray[Any], max_x: float, decreasing_y: bool = True) -> float:
    """Area under the staircase (x rising, from 0) between 0 and `max_x`.

    In place of PSDSEval._auc, which fails on numpy 2.4; same values. x, y: 1-D.
    `decreasing_y` is there because psds_eval passes it; it only guards a check.
    """
    inside = x < max_x
    edges = np.append(x[inside], max_x)
    return float(np.sum(np.diff(edges) * y[inside]))


def _evaluator() -> Any:
    """A PSDSEval for both settings: what does not depend on the setting is done once for all evaluations of a class.

    `_rows` has made the events disjoint, `_detections` has prepared them, no two operating points are the same, and of
    one after the other the detections meet the same reference. Looking, preparing, comparing and meeting again takes
    most of the time.
    """
    from psds_eval import PSDSEval

    met: list[Any] = [None, None]  # the last detections, and where they meet the reference

    class Evaluator(PSDSEval):  # type: ignore[misc]
        step_curve = staticmethod(step_curve)
        _auc = staticmethod(step_area)

        def _validate_input_table_with_events(self, df: Any, name: str) -> None: ...

        def _init_det_table(self, det_t: Any) -> Any:
            return det_t

        def _operating_point_id(self, detection_table: Any) -> str:
            return str(len(self.operating_points))

        def _ground_truth_intersections(self, detection_t: Any, ground_truth_t: Any) -> Any:
            if met[0] is not detection_t:
                met[:] = detection_t, super()._ground_truth_intersections(detection_t, ground_truth_t)
            return met[1]

        def _effective_fp_rate(self, alpha_ct: float = 0.0) -> Any:
            rates = super()._effective_fp_rate(alpha_ct)
            if len(rates.fp_rate) == 1:  # the mean over no other class is NaN
                rates = rates._replace(effective_fp_rate=rates.fp_rate)
            return rates

    return Evaluator


def _rows(
    annotations: Mapping[str, Sequence[Event]],
    durations: Mapping[str, float] | None,
    labels: Collection[str] | None,
) -> tuple[tuple[str, float, float, str], ...]:
    """Filename, onset, offset and event_label of each event, disjoint within a class."""
    return tuple(
        (filename, event.onset, event.offset, event.event_label)
        for filename, events in annotations.items()
        for event in merge_touching(events if durations is None else clip_to(events, durations[filename]))
        if labels is None or event.event_label in labels
    )


def _table(rows: Sequence[tuple[Any, ...]]) -> "pd.DataFrame":
    table = _frame(rows, ["filename", "onset", "offset", "event_label"])
    # An empty table would have columns of objects, which psds_eval's arithmetic does not take.
    return table.astype({"onset": float, "offset": float})


def _detections(table: "pd.DataFrame") -> "pd.DataFrame":
    """What psds_eval makes of a table of detections before it looks at them."""
    table = table[table["offset"] > table["onset"]].sort_values(["filename", "onset"])
    return table.assign(duration=table["offset"] - table["onset"], id=table.index)


def _frame(rows: Sequence[tuple[Any, ...]], columns: list[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(rows, columns=columns)
