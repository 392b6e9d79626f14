"""A worker that joins a study which was begun elsewhere, and trains until its trials are done."""

import os
import socket
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from search.run.local import LocalTrials
from search.run.others import Others
from search.run.stop import Stop
from search.setup.request import Request, planned
from search.setup.same import require_same
from search.show.display import Display
from search.study.opening import load_study
from search.study.records import REQUEST
from search.study.store import Store
from search.study.view import StudyView
from sedkd.errors import UserError


def join(name: str, store: Store, request_of: Callable[[Mapping[str, Any]], Request]) -> int:
    """Take part in the study of this name; `request_of` makes of what was typed there what is asked here.

    Raises:
        UserError: there is no such study, or what is here is not what it is about: which part differs.
    """
    stop = Stop.installed()
    with Display(lambda: stop.asked) as display:
        study = load_study(store, None, name)
        if REQUEST not in study.optuna.user_attrs:
            raise UserError(f"--join {name}: was made by an earlier sedkd; type its search line here instead")
        request = request_of(study.optuna.user_attrs[REQUEST])
        ready = planned(request, display.preparing)
        require_same(study, ready, f"--join {name}: what is here")
        others = Others(study, display.notice)

        def after_trial() -> None:
            others.look()
            if stop.asked:
                raise KeyboardInterrupt

        seed = zlib.crc32(f"{socket.gethostname()}-{os.getpid()}".encode())  # no two machines draw alike
        trials = LocalTrials(request, ready, study, seed, display, stop, after_trial)
        notices = [*ready.notices, *trials.notices()]
        display.introduce(
            name, study.facts, notices, _teacher(study), study.spent(), request.budget.trials, ready.plan.rungs
        )
        trials.run()
    print(f"{name}: its trials are done or on their way; {study.spent()} of {request.budget.trials} have ended")
    return 0


def _teacher(study: StudyView) -> float | None:
    scores = study.teacher_scores().get("validation")
    return scores.values[study.objectives.quality] if scores else None
