"""MMCL: each anchor's negatives are weighted by a support vector machine."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import unit_rows
from graphcl.losses.checks import check_choice, check_views
from graphcl.losses.support_vectors import (
    closed_form_weights,
    projected_gradient_weights,
)

Solver = Literal["closed_form", "projected_gradient"]


class MaxMarginLoss(nn.Module):
    """Contrast with the support vectors only: max-margin contrastive learning (MMCL).

    For each anchor t a soft-margin support vector machine separates its row from all others of view
    1, in the space of the Gaussian kernel ``k(x, y) = exp(-|x - y|^2 / width)`` of unit rows. Its
    dual variables a_tj (detached) weight the negatives j, and the row of view 2 is scored::

        loss = mean over t of sum over j of a_tj (k(u_j, v_t) - k(u_t, v_t))

    Source: Shah et al., AAAI 2022, arXiv 2112.11450. ``"closed_form"`` drops the constraint
    ``0 <= a <= bound`` and clips afterwards (the authors' INV). Theirs solves one system an anchor,
    O(N^4) time and O(N^3) memory; here one Cholesky factor of one matrix gives all anchors, O(N^3)
    time and O(N^2) memory. ``"projected_gradient"`` (PGD) iterates, one matrix product an
    iteration.

    Args:
        width: Of the kernel, above 0: divides the squared distance. Published: 50, then 5 and 0.5
            (CIFAR-100), 10 (ImageNet).
        ridge: Added to the diagonal of the dual problem, above 0.
        bound: Largest dual variable, above 0; None: no upper bound.
        solver: ``"closed_form"`` or ``"projected_gradient"``.
        symmetric: Mean of both directions. The authors' code has one.
        iterations: Most steps of ``"projected_gradient"``, which starts from zero and has the step
            size of the Frobenius norm; it stops when no anchor's weights move by more than 1 %.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> MaxMarginLoss(width=2.0)(torch.eye(3), torch.eye(3))  # k = 1 and exp(-1)
        tensor(-1.2665)
    """

    def __init__(
        self,
        width: float = 10.0,
        *,
        ridge: float = 0.1,
        bound: float | None = 100.0,
        solver: Solver = "closed_form",
        symmetric: bool = True,
        iterations: int = 1000,
    ) -> None:
        super().__init__()
        for name, value in {"width": width, "ridge": ridge, "bound": bound}.items():
            if value is not None and check_number(name, value) <= 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        check_choice("solver", solver, get_args(Solver))
        self.width = width
        self.ridge = ridge
        self.bound = bound
        self.solver = solver
        self.symmetric = symmetric
        self.iterations = check_whole("iterations", iterations, least=1)

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The loss, a scalar; 0 for a single row.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``; row ``i`` is the positive of row ``i`` of view 1.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that differ; NaN or infinite rows.
        """
        check_views(z1=z1, z2=z2)
        with torch.autocast(z1.device.type, enabled=False):
            first, second = unit_rows(z1), unit_rows(z2)
            if not self.symmetric:
                return self._one_direction(first, second)
            forth, back = self._one_direction(first, second), self._one_direction(second, first)
            return (forth + back) / 2

    def weights(self, z: Tensor) -> Tensor:
        """Dual variables: row ``t`` weighs the negatives of anchor ``t``, ``[N, N]``, detached.

        Args:
            z: The view that anchors and negatives are from, ``[N, d]``.
        """
        check_views(z=z)
        return self._weights(unit_rows(z.detach()))

    def _weights(self, rows: Tensor) -> Tensor:
        kernel = self._kernel(rows @ rows.T)
        if self.solver == "closed_form":
            return closed_form_weights(kernel, ridge=self.ridge, bound=self.bound)
        return projected_gradient_weights(
            kernel, ridge=self.ridge, bound=self.bound, iterations=self.iterations, tolerance=0.01
        )

    def _one_direction(self, first: Tensor, second: Tensor) -> Tensor:
        weights = self._weights(first.detach())
        scores = self._kernel(second @ first.T)  # row t: anchor v_t against every u_j
        gap = scores - scores.diagonal().unsqueeze(1)
        return (weights * gap).sum() / len(first)

    def _kernel(self, cosine: Tensor) -> Tensor:
        return ((2 * cosine - 2) / self.width).exp()

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"width={self.width}, ridge={self.ridge}, bound={self.bound}, solver={self.solver!r}"
