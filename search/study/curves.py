"""The curves of a student's events on validation, kept beside it."""

from collections.abc import Mapping
from dataclasses import asdict

from search.study.store import Store
from sedkd.disk.json_file import read_json, write_json
from sedkd.score.curves import Curve

FILE = "curves.json"
_MEND = "remove it; the same search line writes it anew"


def kept_curves(store: Store, study: str, number: int) -> dict[str, Curve]:
    """By event; nothing where they were not kept."""
    path = store.trial_folder(study, number) / FILE
    return read_json(path, lambda found: {k: Curve(**v) for k, v in found.items()}, _MEND) if path.exists() else {}


def keep_curves(store: Store, study: str, number: int, curves: Mapping[str, Curve]) -> None:
    write_json(store.trial_folder(study, number) / FILE, {label: asdict(curve) for label, curve in curves.items()})
