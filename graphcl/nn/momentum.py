"""A momentum teacher: a slow copy of a module."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

from graphcl.arguments import check_number

Module = TypeVar("Module", bound=nn.Module)


class MomentumTeacher(nn.Module, Generic[Module]):
    """A copy of a module that follows it slowly and gets no gradient.

    ``parameter = momentum * parameter + (1 - momentum) * student's``; buffers (batch statistics)
    are copied. Call :meth:`update` after every step of the optimiser
    (:meth:`graphcl.methods.Method.after_step`).

    Source: Tarvainen and Valpola, NeurIPS 2017, arXiv 1703.01780; He et al., arXiv 1911.05722.

    Args:
        student: The module that is copied; the teacher does not keep it.
        momentum: From 0 (an immediate copy) to 1 (frozen).

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

    def __init__(self, student: Module, momentum: float = 0.99) -> None:
        super().__init__()
        self.momentum = _check_momentum(momentum)
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
            momentum: For this update; None: the usual one. Schedules go through it.
        """
        keep = self.momentum if momentum is None else _check_momentum(momentum)
        for mine, theirs in zip(self.module.parameters(), student.parameters(), strict=True):
            mine.lerp_(theirs.to(mine), 1 - keep)
        for copied, source in zip(self.module.buffers(), student.buffers(), strict=True):
            copied.copy_(source)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"momentum={self.momentum}"


def _check_momentum(momentum: float) -> float:
    if not 0 <= check_number("momentum", momentum) <= 1:
        raise ValueError(f"momentum must be from 0 to 1, got {momentum}")
    return momentum
