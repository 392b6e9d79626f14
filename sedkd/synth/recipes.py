"""The five built-in environments as data. Every dial of their difficulty is here.

Event labels are those of TUT Sound Events 2016/2017 and of Imoto's joint scene and event data.
"""

from sedkd.synth.acoustics import Room
from sedkd.synth.mixer import Recipe

CLIP_SECONDS = 10.0
RATE = 16_000
COUNTS = {"train": 60, "unlabeled": 200, "validation": 80, "test": 100}
SOURCES = {"train": 60, "unlabeled": 60, "validation": 20, "test": 20}
"""Individuals per class that only this split has; `unlabeled` draws from those of `train` as well."""

RECIPES = {
    "street": Recipe(
        events=("brakes squeaking", "car", "children", "large vehicle", "people speaking", "people walking"),
        distractors=(
            "engine idle",
            "siren",
            "dog bark",
            "bird singing",
            "wind blowing",
            "church bell",
            "radio speech",
        ),
        snr_db=(-5.0, 12.0),
        distractor_snr_db=(-5.0, 10.0),
        room=Room((0.15, 0.4), (2.0, 12.0), (-1.5, 0.5)),
    ),
    "home": Recipe(
        events=(
            "(object) rustling",
            "(object) snapping",
            "cupboard",
            "cutlery",
            "dishes",
            "drawer",
            "glass jingling",
            "object impact",
            "people walking",
            "washing dishes",
            "water tap running",
        ),
        distractors=(
            "phone ring",
            "door bell",
            "drips",
            "radio speech",
            "radio static",
            "(object) squeaking",
            "chords",
        ),
        # Eleven classes, most of them short: more and louder events, or there is too little to learn from.
        events_per_clip=(2, 7),
        snr_db=(-2.0, 15.0),
        distractor_snr_db=(-5.0, 10.0),
        room=Room((0.3, 0.6), (-3.0, 6.0), (-1.0, 1.0)),
    ),
    "residential_area": Recipe(
        events=(
            "(object) banging",
            "bird singing",
            "car passing by",
            "children shouting",
            "people speaking",
            "people walking",
            "wind blowing",
        ),
        distractors=("dog bark", "engine idle", "church bell", "brakes squeaking", "siren", "chords", "drips"),
        snr_db=(-5.0, 12.0),
        distractor_snr_db=(-5.0, 10.0),
        room=Room((0.05, 0.2), (5.0, 15.0), (-2.0, 0.5)),
    ),
    "office": Recipe(
        events=(
            "keyboard typing",
            "(object) impact",
            "mouse clicking",
            "mouse wheeling",
            "people talking",
            "fan",
            "(object) rustling",
            "people walking",
            "breathing",
            "(object) squeaking",
        ),
        distractors=(
            "phone ring",
            "drawer",
            "drips",
            "radio speech",
            "radio static",
            "(object) snapping",
            "door bell",
        ),
        events_per_clip=(2, 7),
        snr_db=(-3.0, 14.0),
        distractor_snr_db=(-5.0, 10.0),
        room=Room((0.25, 0.5), (0.0, 9.0), (-1.0, 1.0)),
    ),
    "city_center": Recipe(
        events=("car", "people talking", "people walking", "brakes squeaking", "large vehicle", "children"),
        distractors=(
            "siren",
            "chords",
            "church bell",
            "engine idle",
            "radio speech",
            "bird singing",
            "phone ring",
        ),
        snr_db=(-6.0, 10.0),
        distractor_snr_db=(-5.0, 10.0),
        room=Room((0.4, 0.9), (-2.0, 6.0), (-2.0, 0.0)),
    ),
}
"""Environment -> recipe; the environment's name is also that of its background."""
