"""The YAML file that says which environments to make of isolated recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedkd.disk.yaml_file import read_yaml
from sedkd.errors import UserError
from sedkd.synth.acoustics import Room
from sedkd.synth.mixer import Recipe

_LISTS = ("events", "distractors", "backgrounds")
_RANGES = ("snr_db", "distractor_snr_db")
KEYS = (*_LISTS, *_RANGES, "events_per_clip", "polyphony", "distractors_per_clip", "reverberation")
MOST_DB, MOST_EVENTS = 60.0, 100  # beyond them 16 bits hold one of two sounds alone, and a clip nothing but events
ROOM_KEYS = ("decay_seconds", "direct_db", "tilt_db")


@dataclass(frozen=True)
class MadeEnvironment:
    """An environment to be made: the mixer's recipe, and the class folders that serve as background (may be none)."""

    recipe: Recipe
    backgrounds: tuple[str, ...] = ()


def mixed(labels: Sequence[str]) -> dict[str, MadeEnvironment]:
    """What is made without a file: one environment, `mixed`, with all classes as events."""
    return {"mixed": MadeEnvironment(Recipe(events=tuple(labels)))}


def read_recipes(path: Path) -> dict[str, MadeEnvironment]:
    """Environment -> plan. UserError names the environment and key that cannot be used."""
    content = read_yaml(path)
    if not content:
        raise UserError(f"{path}: holds no environment: expected names with settings (events, distractors, ...)")
    plans = {}
    for name, settings in content.items():
        if not isinstance(name, str) or not name.strip() or any(sign in name for sign in "/\\\0") or name[0] == ".":
            raise UserError(f"{path}: {name!r} cannot be the name of an environment, which becomes a folder")
        plans[name] = _plan(f"{path}, {name}", settings)
    return plans


def _plan(where: str, settings: Any) -> MadeEnvironment:
    if not isinstance(settings, dict):
        raise UserError(f"{where}: must hold keys such as events: {', '.join(KEYS)}")
    for key in settings:
        if key not in KEYS:
            raise UserError(f"{where}: no key {key!r}; there are {', '.join(KEYS)}")
    names = {key: _names(f"{where}, {key}", settings.get(key, [])) for key in _LISTS}
    if not names["events"]:
        raise UserError(f"{where}: events is missing: list at least one class")
    every = [label for group in names.values() for label in group]
    for label in every:
        if every.count(label) > 1:
            raise UserError(f"{where}: {label!r} is listed twice: it is an event, a distractor or a background")
    given: dict[str, Any] = {key: _range(f"{where}, {key}", settings[key]) for key in _RANGES if key in settings}
    if "events_per_clip" in settings:
        events = f"{where}, events_per_clip"
        given["events_per_clip"] = _counts(events, _range(events, settings["events_per_clip"], 1, MOST_EVENTS))
    if "polyphony" in settings:
        given["max_polyphony"] = _counts(f"{where}, polyphony", (settings["polyphony"],))[0]
    if "distractors_per_clip" in settings:
        given["distractors_per_clip"] = _rate(f"{where}, distractors_per_clip", settings["distractors_per_clip"])
    if "reverberation" in settings:
        given["room"] = _room(f"{where}, reverberation", settings["reverberation"])
    return MadeEnvironment(
        Recipe(events=names["events"], distractors=names["distractors"], **given), names["backgrounds"]
    )


def _room(where: str, settings: Any) -> Room:
    if not isinstance(settings, Mapping) or set(settings) != set(ROOM_KEYS):
        raise UserError(f"{where}: must hold exactly {', '.join(ROOM_KEYS)}, each as [low, high]")
    ranges = {key: _range(f"{where}, {key}", settings[key]) for key in ROOM_KEYS}
    if not 0 < ranges["decay_seconds"][0] <= ranges["decay_seconds"][1] <= 5:
        raise UserError(f"{where}, decay_seconds: must lie above 0 and up to 5 seconds")
    return Room(**ranges)


def _names(where: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise UserError(f"{where}: must be a list of class names, such as [Dog bark, Rain]")
    return tuple(each.strip() for each in value)


def _range(where: str, value: Any, least: float = -MOST_DB, most: float = MOST_DB) -> tuple[float, float]:
    numbers = isinstance(value, list) and len(value) == 2 and all(type(each) in (int, float) for each in value)
    if not numbers or not least <= value[0] <= value[1] <= most:
        raise UserError(f"{where}: {value!r} must be two numbers, [low, high], from {least:g} to {most:g}")
    return float(value[0]), float(value[1])


def _rate(where: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 50:
        raise UserError(f"{where}: {value!r} must be a number from 0 to 50, the mean per clip")
    return float(value)


def _counts(where: str, values: Sequence[Any]) -> tuple[int, ...]:
    if not all(type(each) in (int, float) and 1 <= each <= MOST_EVENTS and each == int(each) for each in values):
        raise UserError(f"{where}: must be whole numbers from 1 to {MOST_EVENTS}")
    return tuple(int(each) for each in values)
