"""ISD: the student copies how similar the teacher finds past rows, softly."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.arguments import check_number
from graphcl.contrast import Block, Rows, unit_rows
from graphcl.losses.checks import check_choice, check_rows, check_views


class SimilarityDistillationLoss(nn.Module):
    """Match the student's soft similarities to a queue with the teacher's (ISD).

    For student rows q, teacher rows k and past teacher rows Q (all made unit rows)::

        loss = mean over i of KL( softmax(k_i Q' / t_teacher) || softmax(q_i Q' / t_student) )

    There are no positives and no binary negatives. Only the student gets a gradient. The teacher's
    expectation of Q is an attention product and the rest log-sum-exps, so no ``N x K`` matrix is
    kept.

    Source: Tejankar et al., ICCV 2021, arXiv 2012.09259. Published: both temperatures 0.02, a
    queue of 128,000; enqueue the current teacher rows after the loss, never before.

    Args:
        teacher_temperature: Divisor of the teacher's cosines, above 0.
        student_temperature: Divisor of the student's cosines, above 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"`` (``[N]``).
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Raises:
        TypeError: A temperature that is no number.
        ValueError: An argument out of range.

    Example:
        >>> queue = torch.eye(4)
        >>> SimilarityDistillationLoss(0.1, 0.1)(queue[:2], queue[:2], queue=queue).abs() < 1e-6
        tensor(True)
    """

    def __init__(
        self,
        teacher_temperature: float = 0.02,
        student_temperature: float = 0.02,
        *,
        reduction: str = "mean",
        tile: int | None = None,
    ) -> None:
        super().__init__()
        temperatures = {
            "teacher_temperature": teacher_temperature,
            "student_temperature": student_temperature,
        }
        for name, value in temperatures.items():
            if check_number(name, value) <= 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        check_choice("reduction", reduction, ("mean", "sum", "none"))
        self.teacher_temperature = teacher_temperature
        self.student_temperature = student_temperature
        self.reduction = reduction
        self.tile = tile

    def forward(self, student: Tensor, teacher: Tensor, *, queue: Tensor | Block) -> Tensor:
        """The loss.

        Args:
            student: The student's predictions, ``[N, d]``.
            teacher: The teacher's rows of the same items, ``[N, d]``; detached.
            queue: Past rows of the teacher, ``[K, d]``, or a queue's block; detached. An empty one
                (before the first step) gives the loss 0.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that do not fit; NaN or infinite rows.
        """
        check_views(student=student, teacher=teacher)
        queue = queue.candidates if isinstance(queue, Block) else queue
        if len(queue):
            check_rows("queue", queue, student.size(1))
        with torch.autocast(student.device.type, enabled=False):
            losses = self._per_anchor(
                unit_rows(student), unit_rows(teacher.detach()), unit_rows(queue.detach())
            )
        if self.reduction == "none":
            return losses
        return losses.sum() if self.reduction == "sum" else losses.mean()

    def _per_anchor(self, student: Tensor, teacher: Tensor, queue: Tensor) -> Tensor:
        if len(queue) == 0:
            return (student * 0).sum(1)
        expected = functional.scaled_dot_product_attention(  # of the queue, under the teacher
            # in four dimensions torch streams it, in three it makes an N x K matrix
            teacher[None, None],
            queue[None, None],
            queue[None, None],
            scale=1 / self.teacher_temperature,
        )[0, 0]
        log_student = self._log_sum(student, queue, self.student_temperature)
        log_teacher = self._log_sum(teacher, queue, self.teacher_temperature)
        cross_entropy = log_student - (student * expected).sum(1) / self.student_temperature
        return cross_entropy - log_teacher + (teacher * expected).sum(1) / self.teacher_temperature

    def _log_sum(self, rows: Tensor, queue: Tensor, temperature: float) -> Tensor:
        whole = Rows(rows, (Block(queue),), temperature, tile=self.tile)
        return whole.logsumexp(1 / temperature)[0]

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"{self.teacher_temperature}, {self.student_temperature}"
