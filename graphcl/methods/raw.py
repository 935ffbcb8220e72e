"""No method at all: the features as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor
from torch_geometric.data import Data, HeteroData

from graphcl.methods.heterogeneous import HeterogeneousMethod, MetaPathLike
from graphcl.methods.method import Method
from graphcl.methods.target_checks import check_features
from graphcl.nn import sum_readout


class Raw(Method):
    """The node features; for graphs the sum of their nodes' features.

    What a learned embedding has to beat. The graph's edges are not used.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.ones(2, 3), edge_index=torch.tensor([[0], [1]]))
        >>> Raw(3).embed([graph, graph])
        tensor([[2., 2., 2.],
                [2., 2., 2.]])
    """

    cost = "none"
    trained: ClassVar[bool] = False
    levels = frozenset({"node", "graph"})

    def encode(self, data: Data) -> Tensor:
        """Features ``[N, F]``, or their sums ``[B, F]``."""
        return sum_readout(data.x.clone(), data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The features need no memory but their own."""
        return self.encode(data)


class RawTarget(HeterogeneousMethod):
    """The features of the target nodes of a heterogeneous graph; meta-paths are not used.

    Args:
        num_features: Width of the features of each node type; the target type needs some.
        num_nodes: Number of nodes of each type.
        target: The node type that is embedded.
        metapaths: Not used, but checked: every method takes them.

    Raises:
        ValueError: No features of the target type; see :class:`HeterogeneousMethod`.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.methods import create_method
        >>> data, _ = load("countries")
        >>> method, _ = create_method("raw", data, target="country", metapaths=[])
        >>> method.embed(data).equal(data["country"].x)
        True
    """

    cost = "none"
    trained: ClassVar[bool] = False

    def __init__(
        self,
        num_features: Mapping[str, int | None],
        num_nodes: Mapping[str, int],
        *,
        target: str,
        metapaths: Sequence[MetaPathLike],
    ) -> None:
        super().__init__(num_features, num_nodes, target=target, metapaths=metapaths)
        check_features("raw", self)

    def encode(self, data: HeteroData) -> Tensor:
        """Features ``[N, F]``."""
        x: Tensor = data[self.target].x
        return x.clone()
