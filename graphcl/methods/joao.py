"""JOAO: GraphCL that draws hard augmentations more often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from graphcl.arguments import check_number, check_whole
from graphcl.augmentations import OneOf
from graphcl.methods.graph_encoding import TU_TRAINING, graphs_of, tu_settings
from graphcl.methods.graphcl import AUTHORS_AUGMENTATIONS, GraphCL
from graphcl.sampling import GraphBatches

DEFAULT_TRAINING = TU_TRAINING
SETTINGS = tu_settings(
    "the authors' script for TU sets (3 layers of 32, lr .01, batch 128, 20 epochs), "
    "Shen-Lab/GraphCL_Automated unsupervised_TU; gamma is the code's default, .1, not chosen "
    "from the authors' grid"
)


class JOAO(GraphCL):
    """Joint augmentation optimisation: GraphCL with a min-max choice of augmentations (JOAO).

    The encoder minimises the loss, the probabilities P of the augmentations maximise it, less a
    penalty for leaving equal ones: after each epoch, with the loss of each augmentation alone on a
    random sample of graphs, one step of projected gradient ascent ::

        P <- projection on the simplex of  P + losses - gamma (P - 1 / number)

    What else is GraphCL's. What differs from the authors' code: the projection is exact (theirs
    bisects to 1e-2), the sample is a single batch (theirs is a fifth of the batches), and all that
    :class:`GraphCL` names.

    Source: You et al., ICML 2021, arXiv 2106.07594, and the authors' code,
    Shen-Lab/GraphCL_Automated (unsupervised_TU/joao.py).

    Args:
        num_features: Width of the features, ``F``.
        augmentations: As in :class:`GraphCL`; by default its pool and ``none``, as the authors'.
        gamma: How strongly probabilities are held near equal ones, at least 0.
        sample: Number of graphs whose losses are compared, at least 2; at most all are taken.
        **options: As in :class:`GraphCL`.

    Attributes:
        probabilities: Of the augmentations, summing to 1, ``[A]`` float64.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=edges) for _ in range(5)]
        >>> method = JOAO(3, width=4, layers=2)
        >>> method.before_epoch(1, graphs)
        >>> method.probabilities.sum().round(decimals=6)
        tensor(1., dtype=torch.float64)
    """

    probabilities: Tensor

    def __init__(
        self,
        num_features: int,
        *,
        augmentations: Sequence[str] = (*AUTHORS_AUGMENTATIONS, "none"),
        gamma: float = 0.1,
        sample: int = 128,
        **options: Any,
    ) -> None:
        if check_number("gamma", gamma) < 0:
            raise ValueError(f"gamma must be at least 0, got {gamma}")
        check_whole("sample", sample, least=2)
        super().__init__(num_features, augmentations=augmentations, **options)
        self.configuration |= {"gamma": gamma, "sample": sample}
        self.gamma, self.sample = gamma, sample
        count = len(self.changes)
        self.register_buffer("probabilities", torch.full((count,), 1 / count, dtype=torch.float64))

    def before_epoch(self, epoch: int, data: Batch | Sequence[Data]) -> None:
        """Make augmentations of a high loss more probable, from the second epoch on."""
        super().before_epoch(epoch, data)
        if epoch > 0:
            equal = 1 / len(self.changes)
            ascent = self._losses(graphs_of(data)) - self.gamma * (self.probabilities - equal)
            self.probabilities = nearest_probabilities(self.probabilities + ascent)

    def view(self, batch: Batch) -> Batch:
        """Every graph changed by one augmentation of the pool, by the present probabilities."""
        changed: Batch = OneOf(self.changes, self.probabilities.tolist())(batch)
        return changed

    @torch.no_grad()
    def _losses(self, graphs: Sequence[Data]) -> Tensor:
        """The loss of each augmentation alone on the same graphs, ``[A]``."""
        seed = int(torch.randint(2**31, ()))
        batch = next(iter(GraphBatches(graphs, batch_size=self.sample, seed=seed)))
        held, losses = self.probabilities, []
        training = self.objective.training
        self.objective.eval()  # these are no steps: queues and schedules of negatives stay
        try:
            for alone in torch.eye(len(held), dtype=held.dtype, device=held.device):
                self.probabilities = alone
                losses.append(self.loss(batch).to(held))
        finally:
            self.probabilities = held
            self.objective.train(training)
        return torch.stack(losses)


def nearest_probabilities(values: Tensor) -> Tensor:
    """The probabilities ``[A]`` nearest to some numbers ``[A]``.

    Example:
        >>> nearest_probabilities(torch.tensor([0.5, 0.7, -1.0]))
        tensor([0.4000, 0.6000, 0.0000])
    """
    falling = values.sort(descending=True).values
    number = torch.arange(1, len(values) + 1, device=values.device)
    # how much to take off if the first k stay; the last k that stay above it is the right one
    excess = (falling.cumsum(0) - 1) / number
    shift = excess[(falling > excess).nonzero()[-1, 0]]
    nearest = (values - shift).clamp(min=0)
    return nearest / nearest.sum()
