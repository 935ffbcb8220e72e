"""How much a single node can do: average and modal controllability."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import eigsh
from torch import Tensor

from graphcl.arguments import check_seed, check_whole, unknown_name
from graphcl.control.arrays import Array, EdgeList, Edges, as_numpy, read_edges, read_undirected
from graphcl.control.gramian import scaled_adjacency, weighted_adjacency

NODE_METRICS = ("average", "average_continuous", "modal")
LARGEST_EXACT = 5000


def node_controllability(
    edges: Edges,
    *,
    metric: str = "average",
    weights: Array | None = None,
    num_nodes: int | None = None,
    probes: int | None = None,
    seed: int = 0,
) -> Any:
    """A figure for every node as the only leader.

    With A = W / (1 + σ_max) and A = U diag(λ) Uᵀ:

    - "average": trace of the Gramian of x' = A x + e_i u, Σ_j U_ij² / (1 - λ_j²); the larger, the
      less energy the node needs to reach nearby states;
    - "average_continuous": the same for A - I in continuous time, Σ_j U_ij² / (2 (1 - λ_j));
    - "modal": Σ_j U_ij² (1 - λ_j²), the larger, the better the node reaches distant states.

    Source: Gu et al., "Controllability of structural brain networks", Nature Communications 2015.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix whose values are the weights; both
            directions of every edge.
        metric: see above.
        weights: `[E]` positive, the same in both directions; default 1.
        num_nodes: number of nodes N; a matrix tells it itself.
        probes: None: exact, O(N³), for up to 5000 nodes, and estimated with 64 probes beyond. A
            number: estimate the averages from as many random probes (Hutchinson's estimator of a
            diagonal, powers of A until they vanish), O(probes E σ_max). "modal" is always exact.
        seed: of the probes.

    Returns:
        `[N]` float64; a tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges are no whole numbers.
        ValueError: if an argument is of a wrong shape or out of range, or no metric.

    Example:
        >>> star = np.array([[0, 1, 0, 2, 0, 3], [1, 0, 2, 0, 3, 0]])
        >>> node_controllability(star, num_nodes=4).round(3).tolist()  # the hub is first
        [1.672, 1.224, 1.224, 1.224]
    """
    if metric not in NODE_METRICS:
        raise ValueError(f"metric: {unknown_name('metric', metric, NODE_METRICS)}")
    if probes is not None:
        check_whole("probes", probes, least=1)
    listed = read_undirected(read_edges(edges, num_nodes))
    if metric == "modal":
        found = _modal(_scaled(listed, weights))
    elif probes is None and listed.num_nodes <= LARGEST_EXACT:
        found = _exact(weighted_adjacency(listed, weights), metric)
    else:
        generator = np.random.default_rng(check_seed(seed))
        found = _estimated(_scaled(listed, weights), metric, probes or 64, generator)
    if isinstance(edges, Tensor):
        return found.to(edges.device)
    return found.detach().numpy()


def _exact(adjacent: Tensor, metric: str) -> Tensor:
    values, vectors = torch.linalg.eigh(scaled_adjacency(adjacent))
    gain = 1 / (1 - values**2) if metric == "average" else 1 / (2 * (1 - values))
    return vectors.square() @ gain


def _scaled(listed: EdgeList, weights: Array | None) -> sparse.csr_array:
    """W / (1 + σ_max), sparse."""
    size = (listed.num_nodes, listed.num_nodes)
    given = listed.values if weights is None else as_numpy(weights)
    values = np.ones(len(listed.source)) if given is None else np.asarray(given, dtype=float)
    if values.shape != listed.source.shape or not bool((values > 0).all()):
        raise ValueError(
            f"weights must be {len(listed.source)} numbers above 0, got shape {list(values.shape)}"
        )
    proper = listed.source != listed.target
    entries = (values[proper], (listed.source[proper], listed.target[proper]))
    matrix = sparse.csr_array(entries, shape=size)
    if not proper.any():
        return matrix
    if listed.num_nodes < 3:  # too small for Lanczos
        largest = float(np.linalg.eigvalsh(matrix.toarray())[-1])
    else:
        start = np.ones(listed.num_nodes)
        largest = float(eigsh(matrix, k=1, which="LA", v0=start, return_eigenvectors=False)[0])
    return sparse.csr_array(matrix / (1 + largest))


def _modal(scaled: sparse.csr_array) -> Tensor:
    """1 - (A²)_ii: the figure needs no eigenvectors."""
    return torch.from_numpy(1 - np.asarray(scaled.multiply(scaled).sum(1)).ravel())


def _estimated(
    scaled: sparse.csr_array, metric: str, probes: int, generator: np.random.Generator
) -> Tensor:
    """The mean over probes z of z * f(A) z, f as a power series; its diagonal 1 + (A²)_ii is exact.

    1 / (1 - λ²) has the even powers of A, 1 / (2 (1 - λ)) all, at half weight.
    """
    probe = generator.choice([-1.0, 1.0], size=(scaled.shape[0], probes))
    squares = np.asarray(scaled.multiply(scaled).sum(1)).ravel()
    power = scaled @ (scaled @ probe)
    total = np.zeros_like(probe)
    while float(np.abs(power).max(initial=0)) > 1e-10:
        power = scaled @ power
        if metric != "average":
            total += power
        power = power if metric != "average" else scaled @ power
        if metric == "average":
            total += power
    found = 1 + squares + (probe * total).mean(1)
    return torch.from_numpy(found if metric == "average" else found / 2)
