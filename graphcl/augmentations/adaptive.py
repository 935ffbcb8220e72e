"""Probabilities of adaptive corruption: what matters little is lost more often."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import unknown_name
from graphcl.augmentations.centrality import CENTRALITIES, node_centrality
from graphcl.augmentations.edges import check_data, check_undirected, edge_index_of
from graphcl.augmentations.fields import graph_boundaries, number_of_nodes
from graphcl.augmentations.randomness import check_probability

_WALK_STEPS_FOR_FEATURES = 10  # "lazy_walk", as in the authors' code
_NODES_AT_ONCE = 16_384  # their features are held in float64
_SAME = 1e-9  # logarithms that differ less are equal


def edge_drop_probabilities(
    data: Data,
    p: float,
    *,
    centrality: str | Tensor = "degree",
    cutoff: float = 0.7,
    undirected: bool = True,
) -> Tensor:
    """How probable it is that each edge is dropped, the less the more central its ends are.

    With c the centrality of the nodes, w the logarithm of c_v for an edge to v, or of the mean of
    c_u and c_v if the graph is undirected (so that both directions are alike), an edge is dropped
    with probability

        min(p s / mean(s), cutoff),    s = (max(w) - w) / (max(w) - mean(w)),

    where maximum and mean are over the edges of its graph. Where all w are equal, s is 1.

    Source: Zhu et al., "Graph contrastive learning with adaptive augmentation" (GCA), WWW 2021,
    arXiv:2010.14945, section 3.2.1, equations 2 and 3. The authors' code takes the end v also where
    graphs are undirected; `undirected=False` is its parity. It divides 0 by 0 on regular graphs.

    Args:
        data: graph or batch.
        p: mean probability, before the cutoff, in [0, 1].
        centrality: a measure of :func:`node_centrality`, or a tensor `[N]` of numbers above 0.
        cutoff: largest probability, in [0, 1].
        undirected: whether both directions of an edge share their probability.

    Returns:
        `[E]` float64 in [0, cutoff].

    Raises:
        TypeError: if `data`, `p` or `cutoff` is of the wrong type.
        ValueError: if an argument is out of range, the centrality is unknown, not of shape `[N]` or
            not above 0 and finite; as :func:`node_centrality`; if `undirected` is True and some
            edge has no counterpart in the other direction.

    Example:
        >>> edges = torch.tensor([[0, 0, 0, 1, 2, 3, 1, 2], [1, 2, 3, 0, 0, 0, 2, 1]])
        >>> kite = Data(edge_index=edges, num_nodes=4)  # a triangle, and node 3 hangs on node 0
        >>> edge_drop_probabilities(kite, 0.3).round(decimals=2).tolist()
        [0.0, 0.0, 0.6, 0.0, 0.0, 0.6, 0.6, 0.6]
    """
    name = "edge_drop_probabilities"
    check_data(data, name)
    edge_index = edge_index_of(data, name)
    num_nodes = number_of_nodes(data, name)
    p, cutoff = check_probability(p), check_cutoff(cutoff)
    values = _centrality(data, centrality, num_nodes, steps=200)
    boundaries = graph_boundaries(data, num_nodes, name).to(edge_index.device)
    source, target = edge_index
    if undirected:
        _check_both_directions(edge_index, num_nodes)
        weights = ((values[source] + values[target]) / 2).log()
    else:
        weights = values[target].log()
    graphs = torch.searchsorted(boundaries, source.contiguous(), right=True) - 1
    largest = weights.new_full((len(boundaries) - 1,), -torch.inf)
    below = largest.scatter_reduce(0, graphs, weights, "amax")[graphs] - weights
    means = _group_means(below, graphs, len(boundaries) - 1)[graphs]
    return _probabilities(below, means, p, cutoff)


def feature_mask_probabilities(
    data: Data,
    p: float,
    *,
    centrality: str | Tensor = "degree",
    cutoff: float = 0.7,
    binary: bool = True,
) -> Tensor:
    """How probable it is that each feature is masked, the less the more central its nodes are.

    With c the centrality of the nodes, w_k the logarithm of the sum of c_i over the nodes i that
    have feature k, it is masked with probability min(p s / mean(s), cutoff), s as in
    :func:`edge_drop_probabilities`, maximum and mean over the features that some node of the graph
    has. Features that no node has get the largest s there is; masking them changes nothing.

    Source: Zhu et al. (GCA), WWW 2021, section 3.2.2, equations 5 to 7. The authors' code makes NaN
    of all features if one of them is 0 everywhere.

    Args:
        data: graph or batch with a dense `x` `[N, F]`.
        p: mean probability, before the cutoff, in [0, 1].
        centrality: a measure of :func:`node_centrality`, or a tensor `[N]` of numbers above 0.
        cutoff: largest probability, in [0, 1].
        binary: a node has a feature if it is not 0. False, for dense features: the sum is of
            `|x_ik| c_i`, as the authors do for WikiCS.

    Returns:
        `[B, F]` float64 in [0, cutoff], one row a graph (B = 1 for `Data`).

    Raises:
        TypeError: if `data`, `p` or `cutoff` is of the wrong type.
        ValueError: if there is no dense `x`, it is NaN or infinite; and as
            :func:`edge_drop_probabilities`.

    Example:
        >>> star = Data(edge_index=torch.tensor([[0, 0, 1, 2], [1, 2, 0, 0]]), num_nodes=3)
        >>> star.x = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
        >>> feature_mask_probabilities(star, 0.3).round(decimals=2)
        tensor([[0.2400, 0.6600, 0.0000]], dtype=torch.float64)
    """
    name = "feature_mask_probabilities"
    check_data(data, name)
    x = data.get("x")
    if not isinstance(x, Tensor) or x.layout != torch.strided or x.dim() != 2:
        what = list(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"{name} needs a dense x of shape [nodes, features], got {what}")
    p, cutoff = check_probability(p), check_cutoff(cutoff)
    num_nodes = number_of_nodes(data, name)
    values = _centrality(data, centrality, num_nodes, steps=_WALK_STEPS_FOR_FEATURES)
    boundaries = graph_boundaries(data, num_nodes, name).to(x.device)
    graphs = torch.arange(len(boundaries) - 1, device=x.device).repeat_interleave(boundaries.diff())
    if not bool(x.isfinite().all()):
        raise ValueError(f"{name}: x has values that are NaN or infinite")
    share = x != 0 if binary else x.detach().abs()
    sums = _sums(share, values.to(x.device), graphs, len(boundaries) - 1)
    used = sums > 0
    weights = sums.log()
    largest = weights.amax(dim=1, keepdim=True) if x.size(1) else weights.new_zeros(len(sums), 1)
    below = torch.where(used, largest - weights, 0.0)
    means = below.sum(1, keepdim=True) / used.sum(1, keepdim=True).clamp(min=1)
    most = below.amax(dim=1, keepdim=True) if x.size(1) else means
    return _probabilities(torch.where(used, below, most), means, p, cutoff)


def _sums(share: Tensor, values: Tensor, graphs: Tensor, count: int) -> Tensor:
    """Sum of the nodes' shares times their centrality, for each graph and feature, `[B, F]`."""
    sums = torch.zeros(count, share.size(1), dtype=torch.float64, device=share.device)
    for start in range(0, len(share), _NODES_AT_ONCE):
        nodes = slice(start, start + _NODES_AT_ONCE)
        sums.index_add_(0, graphs[nodes], share[nodes].double() * values[nodes, None])
    return sums


def _probabilities(below: Tensor, means: Tensor, p: float, cutoff: float) -> Tensor:
    """`min(p s, cutoff)` for s = below / means, whose own mean is 1; 1 where the means vanish."""
    regular = means <= _SAME
    scores = torch.where(regular, 1.0, below / means.masked_fill(regular, 1.0))
    return (p * scores).clamp(max=cutoff)


def _group_means(values: Tensor, groups: Tensor, count: int) -> Tensor:
    sums = values.new_zeros(count).index_add_(0, groups, values)
    return sums / groups.bincount(minlength=count).clamp(min=1)


def _centrality(data: Data, centrality: str | Tensor, num_nodes: int, *, steps: int) -> Tensor:
    if not isinstance(centrality, Tensor):
        return node_centrality(data, centrality, steps=steps)
    if centrality.shape != (num_nodes,):
        raise ValueError(
            f"centrality must have one entry for each of the {num_nodes} nodes, got shape "
            f"{list(centrality.shape)}"
        )
    values = centrality.detach().double().to(data.edge_index.device)
    if not bool((values > 0).all() and values.isfinite().all()):
        raise ValueError(
            "centrality must be above 0 and finite, as its logarithm is taken, got values from "
            f"{float(values.min())} to {float(values.max())}"
        )
    return values


def check_centrality(centrality: str | Tensor) -> str | Tensor:
    """Return the centrality if it is a tensor or the name of a measure; else a `ValueError`."""
    if not isinstance(centrality, Tensor) and centrality not in CENTRALITIES:
        raise ValueError(unknown_name("centrality", centrality, CENTRALITIES))
    return centrality


def check_cutoff(cutoff: float) -> float:
    """Return the cutoff if it is a number in [0, 1]; raise as `check_probability`."""
    try:
        return check_probability(cutoff)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("p must", "cutoff must", 1)) from None


def _check_both_directions(edge_index: Tensor, num_nodes: int) -> None:
    generator = torch.Generator().manual_seed(0)
    numbers = torch.empty(num_nodes, dtype=torch.int64).random_(generator=generator)
    at_source, at_target = (numbers.to(edge_index.device)[row] for row in edge_index)
    check_undirected(at_source, at_target, "edge_drop_probabilities")
