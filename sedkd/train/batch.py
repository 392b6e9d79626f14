"""What a training step hands to every loss term."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Windows of clips. `known` `[batch, frames, labels]` is 1 where a label was annotated and the frame is audio.

    `valid` `[batch, frames]` is 1 where the frame is audio; the teacher's outputs (see `TeacherOutputs`)
    are None without a teacher.

    `mixed` `[batch]` is 1 where a second window was added to the features (None: to none). The teacher's logits are
    then of the mixture, its embedding and attention still of the first window alone.
    """

    features: Tensor
    targets: Tensor
    known: Tensor
    valid: Tensor
    teacher_logits: Tensor | None
    teacher_embedding: Tensor | None
    teacher_attention: Tensor | None = None
    mixed: Tensor | None = None

    @property
    def unmixed(self) -> Tensor:
        """`valid`, but 0 in mixtures: where the teacher's embedding and attention are of what the student hears."""
        return self.valid if self.mixed is None else self.valid * (1 - self.mixed[..., None])
