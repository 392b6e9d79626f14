"""What a study was made of: its space, its facts, and what made the page."""

import platform
from collections import Counter
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from search.show.page.findings import Findings
from search.show.page.markup import table
from search.space.words import SPACE_HEAD, space_rows
from search.study.records import INFEASIBLE, LACK


def space_table(found: Findings) -> str:
    """The dimensions as they were searched; nothing for a study that does not remember them."""
    rows = space_rows(found.facts.get("space", {}), found.facts.get("help", {}))
    return table("What the search varied", list(SPACE_HEAD), rows) if rows else ""


def facts_table(found: Findings) -> str:
    """Where the study comes from and how its trials ended."""
    facts = found.facts
    data = "SYNTHETIC soundscapes made by sedkd" if facts["synthetic"] else Path(facts["data"]).name
    rows = {
        "study": found.name,
        "environment": f"{facts['environment']} ({facts['scene']})",
        "events": ", ".join(facts["events"]),
        "data": data,
        **({"impulse responses": ", ".join(through)} if (through := facts.get("impulse_responses")) else {}),
        "digest": f"{found.name.rpartition('-')[2]} (of clips, annotations, teacher, space, objectives, training)",
        "teacher": facts["teacher"],
        "objectives": ", ".join(facts["objectives"]),
        "thresholds": _thresholds(found),
        "training": ", ".join(f"{name} {value}" for name, value in facts["train"].items()),
        "trials": _endings(found),
        "searched": _days(found),
        "page made by": f"sedkd {version('sedkd')}, Python {platform.python_version()}, torch {version('torch')}, "
        f"optuna {version('optuna')}, on {datetime.now():%Y-%m-%d %H:%M}",
    }
    return table("Provenance", [], list(rows.items()))


def _thresholds(found: Findings) -> str:
    most, heard = found.objectives.most_alarms, " as heard in eight bits" if found.objectives.int8 else ""
    if most is None:
        return f"best {found.objectives.criterion} of each event on validation{heard}"
    return f"most recall on validation{heard} with at most {most:g} false alarms per hour, all events together"


def _endings(found: Findings) -> str:
    trials = found.study.optuna.get_trials(deepcopy=False)
    states = Counter(t.state.name for t in trials)
    trained, failed = found.study.trained(), len(found.study.failures())
    again = sum(trial.record.second_seed_of is not None for trial in trained)
    counts = {
        "finished": len(trained),
        "second seeds among them": again,
        "ended early": len(found.stopped),
        "failed": failed,
        "interrupted": states["FAIL"] - failed,
        "over a limit before training": sum(INFEASIBLE in t.user_attrs for t in trials),
        "that could not be trained": sum(LACK in t.user_attrs for t in trials),
        "drawn again and not trained again": states["COMPLETE"] - len(trained),
        "running": states["RUNNING"],
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count or what in ("finished", "failed"))


def _days(found: Findings) -> str:
    trials = found.study.optuna.get_trials(deepcopy=False)
    starts = [t.datetime_start for t in trials if t.datetime_start]
    ends = [t.datetime_complete for t in trials if t.datetime_complete]
    return f"{min(starts):%Y-%m-%d %H:%M} to {max(ends):%Y-%m-%d %H:%M}"
