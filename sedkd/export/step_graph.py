"""A step's graph in onnxruntime, fed with log-mel frames as they come."""

from pathlib import Path

import numpy as np

from sedkd.errors import UserError
from sedkd.export.session import open_session
from sedkd.export.stream_facts import INPUT, OUTPUT, StreamFacts, new_state_name, state_name


class StepGraph:
    """A step's graph, run step by step with onnxruntime on one CPU thread.

    Row i of all that `feed` and `finish` return, one behind the other, is the answer for output frame i: feature frames
    `i * stride` to `(i + 1) * stride`.
    """

    def __init__(self, path: Path, facts: StreamFacts) -> None:
        try:
            self._session = open_session(path)
        except Exception as error:  # onnxruntime raises classes of its own without a common base
            raise UserError(f"{path}: onnxruntime cannot load it; export the student again") from error
        if len(self._session.get_inputs()) != 1 + len(facts.states):
            raise UserError(f"{path}: student.json tells of other states than it has; export the student again")
        self.facts = facts
        self._labels = self._session.get_outputs()[0].shape[-1]
        self._outputs = [OUTPUT, *(new_state_name(number) for number in range(len(facts.states)))]
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: the next frame is the first of a recording."""
        self._states = [np.zeros(shape, np.float32) for shape in self.facts.states]
        self._pending = np.zeros((0, len(self.facts.padding)), np.float32)
        self._fed = self._answered = 0
        self._early = self.facts.delay

    def feed(self, frames: np.ndarray) -> np.ndarray:
        """Log-mel frames `[count, n_mels]`, any count, to the probabilities `[answers, labels]` known by now."""
        self._fed += len(frames)
        return self._run(frames)

    def finish(self) -> np.ndarray:
        """The probabilities `[answers, labels]` that are still due, as for the whole recording: its last feature frame
        fills the last output frame, and what follows is the features' mean. The next frame begins another recording."""
        stride, size = self.facts.stride, self.facts.frames
        due = -(-self._fed // stride) - self._answered
        if not due:
            self.reset()
            return np.zeros((0, self._labels), np.float32)
        missing = -self._fed % stride
        steps = -(-(due + self._early) // (size // stride))  # as many as these answers need, and no more
        behind = steps * size - len(self._pending) - missing
        padding = np.repeat(np.array([self.facts.padding], np.float32), behind, axis=0)
        found = self._run(np.concatenate([self._pending[-1:].repeat(missing, axis=0), padding]))[:due]
        self.reset()
        return found

    def _run(self, frames: np.ndarray) -> np.ndarray:
        size, waiting = self.facts.frames, np.concatenate([self._pending, frames.astype(np.float32, copy=False)])
        steps = len(waiting) // size
        found = [self._step(waiting[number * size : (number + 1) * size]) for number in range(steps)]
        self._pending = waiting[steps * size :]
        answers = np.concatenate([np.zeros((0, self._labels), np.float32), *found])
        dropped = min(self._early, len(answers))
        self._early -= dropped
        self._answered += len(answers) - dropped
        return answers[dropped:]

    def inputs(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        """What the graph is given next, if these `[facts.frames, n_mels]` come."""
        states = {state_name(number): state for number, state in enumerate(self._states)}
        return {INPUT: frames[None].astype(np.float32, copy=False), **states}

    def _step(self, frames: np.ndarray) -> np.ndarray:
        answers, *self._states = self._session.run(self._outputs, self.inputs(frames))
        return answers[0]
