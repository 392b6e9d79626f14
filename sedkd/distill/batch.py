"""What a training step hands to every loss term."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Windows of clips. `known` `[batch, frames, labels]` is 1 where a label was annotated and the frame is audio.

    `valid` `[batch, frames]` is 1 where the frame is audio; the teacher's outputs (see `TeacherOutputs`)
    are None without a teacher.
    """

    features: Tensor
    targets: Tensor
    known: Tensor
    valid: Tensor
    teacher_logits: Tensor | None
    teacher_embedding: Tensor | None
    teacher_attention: Tensor | None = None
