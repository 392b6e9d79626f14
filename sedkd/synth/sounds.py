"""All procedural sounds by name: the built-in event labels, and distractors that carry no label.

Classes are distributions, and many lie close together on purpose (car / large vehicle / wind; speaking / talking /
children; cutlery / dishes / glass; typing / clicking / wheeling): telling them apart takes context in time.
"""

from collections.abc import Callable

import numpy as np

from sedkd.errors import UserError
from sedkd.synth import sounds_struck as struck
from sedkd.synth import sounds_texture as texture
from sedkd.synth import sounds_vehicles as vehicles
from sedkd.synth import sounds_voice as voice
from sedkd.synth.dsp import Rng, level

Generator = Callable[[Rng, Rng, int], np.ndarray]

EVENTS: dict[str, Generator] = {
    "(object) banging": struck.object_banging,
    "(object) impact": struck.object_impact,
    "(object) rustling": texture.object_rustling,
    "(object) snapping": struck.object_snapping,
    "(object) squeaking": vehicles.object_squeaking,
    "bird singing": voice.bird_singing,
    "brakes squeaking": vehicles.brakes_squeaking,
    "breathing": voice.breathing,
    "car": vehicles.car,
    "car passing by": vehicles.car_passing_by,
    "children": voice.children,
    "children shouting": voice.children_shouting,
    "cupboard": struck.cupboard,
    "cutlery": struck.cutlery,
    "dishes": struck.dishes,
    "drawer": struck.drawer,
    "fan": texture.fan,
    "glass jingling": struck.glass_jingling,
    "keyboard typing": texture.keyboard_typing,
    "large vehicle": vehicles.large_vehicle,
    "mouse clicking": texture.mouse_clicking,
    "mouse wheeling": texture.mouse_wheeling,
    "object impact": struck.object_impact,
    "people speaking": voice.people_speaking,
    "people talking": voice.people_talking,
    "people walking": texture.people_walking,
    "washing dishes": texture.washing_dishes,
    "water tap running": texture.water_tap_running,
    "wind blowing": texture.wind_blowing,
}

DISTRACTORS: dict[str, Generator] = {
    "chords": struck.chords,
    "church bell": struck.church_bell,
    "dog bark": voice.dog_bark,
    "door bell": struck.door_bell,
    "drips": struck.drips,
    "engine idle": vehicles.engine_idle,
    "phone ring": struck.phone_ring,
    "radio speech": voice.radio_speech,
    "radio static": texture.radio_static,
    "siren": vehicles.siren,
}


def render(label: str, rng: Rng, rate: int, take: Rng | None = None) -> np.ndarray:
    """One sound, float32 [n] with peak 1.

    `rng` decides the source, that is the timbre of this individual; `take` what varies between its recordings,
    and is `rng` itself when not given. Raises UserError for a name that is not known.
    """
    generator = EVENTS.get(label) or DISTRACTORS.get(label)
    if generator is None:
        raise UserError(f"no procedural sound named {label!r}; known: {', '.join([*EVENTS, *DISTRACTORS])}")
    return level(generator(rng, take or rng, rate))
