"""Teachers and strategies as a person writes them for `module:callable`."""

from typing import Any

from torch import Tensor, nn

from sedkd.distill.batch import Batch
from sedkd.distill.term import Sizes, Term
from sedkd.features.settings import STUDENT_FEATURES
from sedkd.models.frame import FrameModel, FrameOutput


class Plain(FrameModel):
    """A teacher with neither a feature map nor a last layer by the name of `classifier`, which does not tell how large
    its embedding is."""

    kind = "plain"

    def __init__(self, labels: tuple[str, ...]) -> None:
        super().__init__()
        self.labels, self.features, self.stride = labels, STUDENT_FEATURES, 4
        self.body, self.out = nn.Linear(4 * STUDENT_FEATURES.n_mels, 6), nn.Linear(6, len(labels))

    def config(self) -> dict[str, Any]:
        return {"labels": list(self.labels)}

    def forward(self, features: Tensor) -> FrameOutput:
        x = self.body(features.unflatten(1, (-1, 4)).flatten(2)).relu()
        return FrameOutput(self.out(x), x)


def plain(config: dict[str, Any]) -> Plain:
    return Plain(tuple(config["labels"]))


class Quiet(Term):
    """A strategy that only says when it cannot run: with students of one block."""

    needs_teacher = False

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()

    @classmethod
    def lack(cls, task: Any, student: Any) -> str | None:
        return "has no ear for full convolutions" if student.block == "conv" else None

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return output.logits.square().mean()


class Silent(nn.Module):
    """A strategy that declares nothing: no subclass of Term, none of its attributes but the weight."""

    weight, needs_teacher = 1.0, False

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()

    def begin(self, lesson: Any) -> None:
        pass

    def after_step(self) -> None:
        pass

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return output.logits.square().mean()


class Buggy(Silent):
    """A strategy with a mistake in it."""

    def forward(self, batch: Batch, output: FrameOutput) -> Tensor:
        return {"low": output.logits.mean()}["high"]  # a KeyError


class Unsure(Silent):
    """A strategy whose declaration itself is wrong."""

    @classmethod
    def lack(cls, task: Any, student: Any) -> str | None:
        raise KeyError("student.width")
