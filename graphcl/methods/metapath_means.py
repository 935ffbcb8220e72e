"""Features beside their means over meta-paths, without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch_geometric.data import HeteroData

from graphcl.metapaths import PathOperator
from graphcl.methods.heterogeneous import HeterogeneousMethod, MetaPathLike
from graphcl.methods.target_checks import check_features, check_some_metapaths


class MetaPathMeans(HeterogeneousMethod):
    """The target nodes' features beside the means of these over each meta-path.

    ``[x, M_1 x, ..., M_P x]``, each part with rows of length 1 (or 0, where there are none), so
    that all count alike. Row i of ``M_p x`` is the mean of x over all instances of meta-path p that
    start in node i, those that lead back to it included. What a learned embedding has to beat: it
    knows features and meta-paths, and learns nothing.

    Args:
        num_features: Width of the features of each node type; the target type needs some.
        num_nodes: Number of nodes of each type.
        target: The node type that is embedded.
        metapaths: Meta-paths from the target type to itself, at least one.

    Raises:
        ValueError: No features of the target type, no meta-path; see :class:`HeterogeneousMethod`.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.methods import create_method
        >>> data, card = load("countries")
        >>> method, _ = create_method(
        ...     "metapath-means", data, target="country", metapaths=["country-language-country"]
        ... )
        >>> data["country"].x.shape, method.embed(data).shape
        (torch.Size([244, 6]), torch.Size([244, 12]))
    """

    cost = "O(E F) a meta-path, once; no meta-path graph becomes a matrix"
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
        check_features("metapath-means", self)
        check_some_metapaths("metapath-means", self)

    def encode(self, data: HeteroData) -> Tensor:
        """Features and their means, ``[N, (P + 1) F]``."""
        x = data[self.target].x.float()
        means = [PathOperator(data, path, normalize="mean") @ x for path in self.metapaths]
        return torch.cat([normalize(part) for part in (x, *means)], dim=1)
