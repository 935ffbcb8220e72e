"""A momentum teacher: a slow copy of a module."""

from __future__ import annotations

import copy
import math
from typing import Generic, TypeVar

import torch
from torch import nn

from graphcl.arguments import check_number

Module = TypeVar("Module", bound=nn.Module)


class MomentumTeacher(nn.Module, Generic[Module]):
    """A copy of a module that follows it slowly and gets no gradient.

    ``parameter = momentum * parameter + (1 - momentum) * student's``; buffers (batch statistics)
    are copied, or left to the teacher. Call :meth:`update` after every step of the optimiser
    (:meth:`graphcl.methods.Method.after_step`).

    Source: Tarvainen and Valpola, NeurIPS 2017, arXiv 1703.01780; He et al., arXiv 1911.05722.

    Args:
        student: The module that is copied; the teacher does not keep it. A teacher that starts from
            random weights of its own (BGRL) is a copy of another module of the same shape.
        momentum: From 0 (an immediate copy) to 1 (frozen).
        copy_buffers: False: the teacher's batch statistics are its own.

    Raises:
        TypeError: ``momentum`` is no number.
        ValueError: ``momentum`` out of range.

    Example:
        >>> student = nn.Linear(1, 1, bias=False)
        >>> _ = nn.init.zeros_(student.weight)
        >>> teacher = MomentumTeacher(student, momentum=0.75)
        >>> _ = nn.init.ones_(student.weight)
        >>> teacher.update(student)
        >>> teacher.module.weight
        Parameter containing:
        tensor([[0.2500]])
    """

    def __init__(
        self, student: Module, momentum: float = 0.99, *, copy_buffers: bool = True
    ) -> None:
        super().__init__()
        self.momentum = _check_momentum(momentum)
        self.copy_buffers = copy_buffers
        self.module = copy.deepcopy(student).requires_grad_(False)

    def forward(self, *inputs: object, **options: object) -> torch.Tensor:
        """The teacher's output, without gradient."""
        with torch.no_grad():
            result: torch.Tensor = self.module(*inputs, **options)
        return result

    @torch.no_grad()
    def update(self, student: Module, *, momentum: float | None = None) -> None:
        """Follow the student.

        Args:
            student: The module that the teacher is a copy of.
            momentum: For this update; None: the usual one. Schedules go through it
                (:func:`cosine_momentum`).
        """
        keep = self.momentum if momentum is None else _check_momentum(momentum)
        for mine, theirs in zip(self.module.parameters(), student.parameters(), strict=True):
            mine.lerp_(theirs.to(mine), 1 - keep)
        if self.copy_buffers:
            for copied, source in zip(self.module.buffers(), student.buffers(), strict=True):
                copied.copy_(source)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"momentum={self.momentum}, copy_buffers={self.copy_buffers}"


def cosine_momentum(momentum: float, progress: float) -> float:
    """A momentum that grows to 1 along half a cosine, so that the teacher ends at rest.

    ``1 - (1 - momentum) (1 + cos(pi progress)) / 2``.

    Source: Grill et al., NeurIPS 2020, arXiv 2006.07733 (BYOL), section 3.2.

    Args:
        momentum: At the start, from 0 to 1.
        progress: Share of the training that is behind, from 0 to 1.

    Raises:
        ValueError: A number out of range.

    Example:
        >>> [cosine_momentum(0.9, progress) for progress in (0.0, 0.5, 1.0)]
        [0.9, 0.95, 1.0]
    """
    if not 0 <= check_number("progress", progress) <= 1:
        raise ValueError(f"progress must be from 0 to 1, got {progress}")
    return 1 - (1 - _check_momentum(momentum)) * (1 + math.cos(math.pi * progress)) / 2


def _check_momentum(momentum: float) -> float:
    if not 0 <= check_number("momentum", momentum) <= 1:
        raise ValueError(f"momentum must be from 0 to 1, got {momentum}")
    return momentum
