"""SwAV: predict the cluster assignment of one view from another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number, check_whole
from graphcl.clustering import sinkhorn_assignment
from graphcl.contrast import unit_rows
from graphcl.losses.checks import check_rows, check_view_list


class SwAVLoss(nn.Module):
    """Swap assignments between views: each view predicts the prototypes of the others.

    Scores are cosines with K prototypes. The codes q of an assigning view are its Sinkhorn
    assignment (detached); every other view v is scored by cross-entropy::

        loss = mean over assigning views a and other views v of
               mean over i of - sum over k of q_ik^a log softmax(scores_i^v / temperature)_k

    No pairs of rows: O(N K d). Prototypes are made unit rows inside the loss.

    Source: Caron et al., NeurIPS 2020, arXiv 2006.09882.

    Args:
        temperature: Divisor of the predicting scores, above 0.
        sinkhorn_temperature: Divisor of the assigning scores, above 0.
        iterations: Of Sinkhorn's algorithm; 0: a plain softmax, where clusters are of unequal size.

    Raises:
        TypeError: A number of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> rows = torch.eye(3)
        >>> SwAVLoss()([rows, rows], prototypes=torch.eye(3)) < 1e-3
        tensor(True)
    """

    def __init__(
        self,
        temperature: float = 0.1,
        *,
        sinkhorn_temperature: float = 0.05,
        iterations: int = 3,
    ) -> None:
        super().__init__()
        numbers = {"temperature": temperature, "sinkhorn_temperature": sinkhorn_temperature}
        for name, value in numbers.items():
            if check_number(name, value) <= 0:
                raise ValueError(f"{name} must be above 0, got {value}")
        self.temperature = temperature
        self.sinkhorn_temperature = sinkhorn_temperature
        self.iterations = check_whole("iterations", iterations, least=0)

    def forward(
        self,
        views: Sequence[Tensor],
        *,
        prototypes: Tensor,
        assigning: Sequence[int] = (0, 1),
        queue: Tensor | None = None,
    ) -> Tensor:
        """The loss, a scalar.

        Args:
            views: At least two views of the same items, each ``[N, d]``; small crops last.
            prototypes: ``[K, d]``, usually a parameter.
            assigning: Numbers of the views that give codes; all views predict.
            queue: Past rows that join the assignment, ``[Q, d]``, where N is below K; detached.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that do not fit; NaN or infinite rows; fewer than two views; a number
                of a view that is not there.
        """
        views = check_view_list(views)
        check_rows("prototypes", prototypes, views[0].size(1))
        for number in assigning:
            check_whole("assigning", number, least=0, most=len(views) - 1)
        if not assigning:
            raise ValueError("assigning must name at least one view")
        if queue is not None and len(queue):
            check_rows("queue", queue, views[0].size(1))
        with torch.autocast(prototypes.device.type, enabled=False):
            centres = unit_rows(prototypes)
            scores = [unit_rows(view) @ centres.T for view in views]
            total = scores[0].new_zeros(())
            for number in assigning:
                codes = self.codes(views[number], prototypes, queue=queue)
                for other, predicted in enumerate(scores):
                    if other != number:
                        logs = (predicted / self.temperature).log_softmax(1)
                        total = total - (codes * logs).sum(1).mean()
            return total / (len(assigning) * (len(views) - 1))

    @torch.no_grad()
    def codes(self, view: Tensor, prototypes: Tensor, *, queue: Tensor | None = None) -> Tensor:
        """Soft assignment of the rows of a view, ``[N, K]``, detached; rows sum to 1."""
        rows = view if queue is None else torch.cat([view, queue.to(view.dtype)])
        scores = unit_rows(rows) @ unit_rows(prototypes).T
        found = sinkhorn_assignment(
            scores, temperature=self.sinkhorn_temperature, iterations=self.iterations
        )
        return found[: len(view)]

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return (
            f"{self.temperature}, sinkhorn_temperature={self.sinkhorn_temperature}, "
            f"iterations={self.iterations}"
        )
