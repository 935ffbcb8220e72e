"""AdaMEOW: a small network that is trained with the encoder weighs the negatives."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import torch
from torch import Tensor

from graphcl.contrast import Block, Rows
from graphcl.losses import InfoNCELoss
from graphcl.methods.metapath_contrast import MetaPathContrast
from graphcl.negatives import LearnedNegatives

_SAMPLE = 256  # anchors whose weights are looked at after each epoch


class AdaMeow(MetaPathContrast):
    """Heterogeneous contrast with meta-path contexts and learned weights of negatives (AdaMEOW).

    Anchors u are the fine-grained rows, candidates v the coarse ones (in MEOW it is the other way
    round). With ``w_ij = sigmoid(W2 tanh(W1 (u_i + v_j) + b1) + b2)`` the loss is::

        mean_i [-u_i v_i / t + log sum_j w_ij exp(u_i v_j / t)]

    where j may be i. Nothing rewards large weights, so the loss has no lower bound and falls as all
    weights shrink: the number of epochs is fixed (``monitor`` is None), and the drift is reported
    in ``weight_statistics``. With ``normalize_weights`` only ratios of weights count.

    Source: Yu, Ge, Li and Zhou, https://arxiv.org/abs/2212.13847; the authors' code,
    jianxiangyu/MEOW. Differences beside the loss are those of :class:`graphcl.methods.Meow`.

    Args:
        num_features: Width of the features of each node type; None: learned rows instead.
        num_nodes: Number of nodes of each type.
        weight_width: Width inside the network of the weights.
        normalize_weights: None: the authors' weights; ``"row"``: divided by their mean over each
            anchor's candidates; ``"all"``: by their mean over all pairs.
        temperature: Divisor of the cosine, above 0.
        dropout: Rate, from 0 to below 1.
        **views: Target, meta-paths and all that :class:`MetaPathContrast` takes.

    Attributes:
        weight_statistics: Mean and standard deviation of the weights in each epoch, ``[epochs, 2]``
            (of up to 256 anchors, with all candidates).

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.methods import create_method
        >>> data, card = load("countries")
        >>> method, settings = create_method(
        ...     "adameow", data, seed=0, target="country", metapaths=card.metapaths, width=8
        ... )
        >>> method.loss(data).shape, method.weight_statistics.shape
        (torch.Size([]), torch.Size([1, 2]))
    """

    cost = (
        "all pairs of targets, a small network for each: O(N^2 (d + units)) time, O(N d) "
        "memory beside a tile, and the meta-path graphs"
    )
    monitor: str | None = None  # the loss has no lower bound

    def __init__(
        self,
        num_features: Any,
        num_nodes: Any,
        *,
        weight_width: int = 16,
        normalize_weights: Literal["row", "all"] | None = None,
        temperature: float = 1.0,
        dropout: float = 0.3,
        **views: Any,
    ) -> None:
        super().__init__(
            num_features,
            num_nodes,
            weight_width=weight_width,
            normalize_weights=normalize_weights,
            temperature=temperature,
            dropout=dropout,
            **views,
        )
        self.negatives = LearnedNegatives(
            self.projector.linear.out_features, hidden=weight_width, normalize=normalize_weights
        )
        self.objective = InfoNCELoss(
            temperature,
            symmetric=False,
            normalize=False,  # the projector's rows have norm 1
            positive_in_denominator="weighted",
            negatives=self.negatives,
        )
        self.weight_statistics = torch.zeros(0, 2)

    def contrast(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """The weighted contrast."""
        nodes = self.contrasted(len(fine), fine.device)
        if nodes is not None:
            coarse, fine = coarse[nodes], fine[nodes]
        if len(fine) == 1:
            warnings.warn("AdaMEOW has a single target: only its weight is learned", stacklevel=2)
        if self.training:
            self._look_at_weights(fine.detach(), coarse.detach())
        value: Tensor = self.objective(fine, coarse)
        return value

    @torch.no_grad()
    def _look_at_weights(self, anchors: Tensor, candidates: Tensor) -> None:
        step = -(-len(anchors) // _SAMPLE)
        rows = Rows(anchors[::step], (Block(candidates),), temperature=1.0)
        latest = torch.tensor([self.negatives.statistics(rows)])
        self.weight_statistics = torch.cat([self.weight_statistics, latest])

    def get_extra_state(self) -> Tensor:
        """The statistics of the epochs so far."""
        return self.weight_statistics

    def set_extra_state(self, state: Tensor) -> None:
        """Take over the statistics of another run."""
        self.weight_statistics = state.cpu()
