"""Training steps compiled for this machine's processor (torch.compile; Ansel et al. 2024), where that pays.

Compiled, what lies between a student's convolutions goes over memory once, forward and backward: less than a step of a
cohort saves where students are small, more where they are wider. Compiling takes up to a minute, which is why it is for
many students of one architecture alone. Whether it gains is measured once for an architecture, and remembered.
"""

import json
import shutil
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import torch

from sedkd.disk.json_file import digest, write_json
from sedkd.disk.kept import made_once
from sedkd.disk.paths import cache_root
from sedkd.errors import SedkdWarning
from sedkd.parallel import processor
from sedkd.progress import Progress
from sedkd.train.cohort import Member
from sedkd.train.packing import GAIN, Shape, best_size, speed, speeds

VERSION = 1
WORTH_SECONDS = 300.0  # of training on one core, from which on a minute of compiling may pay
COMPILERS = ("c++", "g++", "clang++")


def compiled_where_it_pays(
    members: Sequence[Member], device: torch.device, cores: int, progress: Progress | None = None
) -> list[Member]:
    """The members, marked where many of one architecture are trained faster compiled than they are plainly, or several
    in one step. On a GPU none: there a step is captured as a graph."""
    found = list(members)
    if device.type != "cpu" or not any(map(shutil.which, COMPILERS)):
        return found
    alike: dict[Shape, list[int]] = defaultdict(list)
    for place, member in enumerate(members):
        if member.kind is not None:
            alike[Shape.of(member)].append(place)
    for shape, places in alike.items():
        count = min(cores, len(places))
        windows = sum(members[place].settings.steps for place in places) * shape.batch
        if len(places) > 1 and _pays(shape, windows / count, -(-len(places) // count), device, progress):
            for place in places:
                found[place] = replace(members[place], compiled=True)
    if any(member.compiled for member in found):
        torch.compiler.reset()  # it keeps a few shapes, and runs others plainly
    return found


def _pays(shape: Shape, windows: float, most: int, device: torch.device, progress: Progress | None) -> bool:
    """Whether to compile for so many windows of one core, of which at most `most` students could be trained in one
    step."""
    plain = speeds(shape, device)[best_size(shape, device, most)]
    if windows / plain < WORTH_SECONDS:
        return False
    if progress:
        progress("compiling a training step for this processor", 0, 1)
    return _compiled_speed(shape, device) > GAIN * plain


def _compiled_speed(shape: Shape, device: torch.device) -> float:
    """Windows per second; 0 where this machine cannot compile, which is said once and remembered."""
    compiler = next(filter(None, map(shutil.which, COMPILERS)))
    key = digest([VERSION, processor(), torch.__version__, compiler, shape.key])
    target = cache_root() / "speeds" / f"compiled-{key}.json"

    def make() -> None:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # as it is trained
        try:
            write_json(target, {"windows": speed(shape, device, 1, compiled=True)})
        except Exception as error:  # the compiler's own, of many kinds
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            warnings.warn(
                f"torch.compile cannot be used here ({reason}); students are trained without it", SedkdWarning,
                stacklevel=2,
            )  # fmt: skip
            write_json(target, {"windows": 0.0, "lack": reason})
        finally:
            torch.set_num_threads(threads)

    return made_once(target, make, lambda path: float(json.loads(path.read_text())["windows"]))
