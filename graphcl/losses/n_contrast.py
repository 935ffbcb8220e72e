"""The exact contrast of SCGC: neighbours against all nodes, self among them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import Block, Influence, Mask, Rows, unit_rows
from graphcl.losses.checks import check_rows
from graphcl.losses.edge_positives import EdgePositives, log_edge_sums

_TINY = math.log(1e-8)  # added to the quotient by the authors


class NContrastLoss(nn.Module):
    """Pull together what influences each other, against all pairs of nodes, exactly.

    With cosines s, but 0 of a node with itself, and weights W of the edges::

        mean over i of  - log(sum_j W_ij exp(s_ij / t) / sum_j exp(s_ij / t) + 1e-8)

    O(N^2 d) time as everybody's, but O(N d + E) memory. :class:`PamCLoss` takes O(N K d) time.

    Source: ``Ncontrast`` of gayanku/SCGC (Kulatilleke et al., arXiv 2204.12656), from Graph-MLP (Hu
    et al., arXiv 2106.04051). The authors' tau multiplies: temperature = 1 / tau.

    Args:
        temperature: Divisor of the cosine, above 0.

    Raises:
        TypeError: ``temperature`` is no number.
        ValueError: ``temperature`` not above 0.

    Example:
        >>> influence = Influence(torch.tensor([[0, 1], [1, 0]]), 3)
        >>> NContrastLoss(2.0)(torch.eye(3), influence)  # all cosines are 0: a third each
        tensor(1.0986)
    """

    def __init__(self, temperature: float = 1.0) -> None:
        super().__init__()
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        self.temperature = temperature
        self._positives = EdgePositives(loops=True, zeros=True)

    def forward(
        self,
        embeddings: Tensor,
        edge_index: Tensor | Influence,
        edge_weight: Tensor | None = None,
        *,
        anchors: int | None = None,
    ) -> Tensor:
        """The loss.

        Args:
            embeddings: ``[N, d]``. Half precision accumulates in float32.
            edge_index: (anchor, positive), ``[2, E]``, self-loops as they are; or an
                :class:`graphcl.contrast.Influence`.
            edge_weight: ``[E]``, at least 0; None: one over the number of the anchor's edges.
            anchors: Only the first so many rows are anchors, the others are their neighbours in a
                mini-batch; None: all.

        Returns:
            A scalar.

        Raises:
            TypeError: Embeddings that are not floating point, an index that is none.
            ValueError: Shapes that do not fit; NaN, infinite or negative values.
        """
        if anchors is not None:
            check_whole("anchors", anchors, least=1, most=len(embeddings))
        log_positive, log_denominator = self.terms(embeddings, edge_index, edge_weight)
        quotient = torch.logaddexp(log_positive - log_denominator, log_positive.new_tensor(_TINY))
        return -quotient[:anchors].mean()

    def terms(
        self,
        embeddings: Tensor,
        edge_index: Tensor | Influence,
        edge_weight: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logarithms of the sums over positives and over all nodes, both ``[N]``; as the loss."""
        check_rows("embeddings", embeddings)
        pairs = self._positives.pairs(edge_index, edge_weight, len(embeddings))
        with torch.autocast(embeddings.device.type, enabled=False):
            rows = unit_rows(embeddings)
            itself = torch.arange(len(rows), device=rows.device).expand(2, -1)
            others = Rows(rows, (Block(rows, Mask(itself), view=0),), self.temperature)
            log_others = others.logsumexp(1 / self.temperature)[0]
            log_positive = log_edge_sums(rows, edge_index, pairs, self.temperature)
            return log_positive, torch.logaddexp(log_others, log_others.new_zeros(()))

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"temperature={self.temperature}"
