"""A control: counts of Weisfeiler-Lehman subtrees."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch_geometric.data import Batch

from graphcl.arguments import check_whole
from graphcl.methods.method import Method

Numbers = NDArray[np.uint64]


class WeisfeilerLehman(Method):
    """How often each Weisfeiler-Lehman colour occurs in a graph, without training.

    A node's first colour is its features (equal rows, equal colours). In each round its new colour
    stands for the old one together with those of its neighbours, with multiplicity. The counts of
    all colours of all rounds are the features of the subtree kernel; here a hash of the colour
    chooses a column and a sign, so that the width is fixed, graphs not seen before are fine, and
    products of rows are those of the kernel in expectation. Edge features are not used.

    Sources: Shervashidze et al., Weisfeiler-Lehman graph kernels, JMLR 2011; the hashing:
    Weinberger et al., ICML 2009, https://arxiv.org/abs/0902.2206.

    Args:
        num_features: Width of the features, ``F``.
        iterations: Rounds, at least 0.
        width: Number of columns.

    Raises:
        ValueError: A number out of range.

    Example:
        >>> from torch_geometric.data import Data
        >>> path = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]))
        >>> rows = WeisfeilerLehman(1, iterations=1).embed([path])
        >>> rows[rows != 0].abs().sort().values  # 3 nodes alike; then two ends and a middle
        tensor([1., 2., 3.])
    """

    cost = "O(rounds (N + E)) once; memory grows with the number of different subtrees"
    trained: ClassVar[bool] = False
    levels = frozenset({"graph"})

    def __init__(self, num_features: int, *, iterations: int = 3, width: int = 1024) -> None:
        self.iterations = check_whole("iterations", iterations, least=0)
        self.width = check_whole("width", width, least=1)
        super().__init__(num_features, iterations=iterations, width=width)

    def encode(self, data: Batch) -> Tensor:
        """Signed counts, ``[B, width]``."""
        source, target = data.edge_index.cpu().numpy()
        graph = data.batch.cpu().numpy()
        counts = np.zeros((data.num_graphs, self.width), dtype=np.float32)
        colours = _first_colours(data.x)
        for iteration in range(self.iterations + 1):
            if iteration:
                gathered = np.zeros_like(colours)
                np.add.at(gathered, target, _mix(colours[source]))  # of a multiset, in any order
                colours = _mix(colours * np.uint64(3) + _mix(gathered + np.uint64(iteration)))
            hashed = _mix(colours)
            sign = np.where(hashed >> np.uint64(63), 1.0, -1.0)
            np.add.at(counts, (graph, (hashed % np.uint64(self.width)).astype(np.int64)), sign)
        return torch.from_numpy(counts).to(data.x.device)


def _first_colours(x: Tensor) -> Numbers:
    """A number for each row, the same for equal rows."""
    rows = x.detach().cpu().float().numpy() + np.float32(0)  # -0 is 0
    values, codes = np.unique(rows, return_inverse=True)
    bits: Numbers = values.view(np.uint32).astype(np.uint64)[codes].reshape(rows.shape)
    columns: Numbers = np.arange(1, rows.shape[1] + 1, dtype=np.uint64)
    mixed = _mix(bits + columns * np.uint64(0x9E3779B97F4A7C15))
    total: Numbers = mixed.sum(axis=1, dtype=np.uint64)
    return _mix(total)


def _mix(numbers: Numbers) -> Numbers:
    """SplitMix64: equal numbers stay equal, all others look random."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
