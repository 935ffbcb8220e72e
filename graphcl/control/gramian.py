"""Controllability Gramians of networks: what it costs to reach a state, in which direction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.control.arrays import (
    FAR,
    Array,
    EdgeList,
    Edges,
    adjacency,
    as_numpy,
    read_edges,
    read_leaders,
    read_undirected,
)
from graphcl.control.distances import search

GRAMIAN_SYSTEMS = (
    "leader_follower",
    "laplacian",
    "adjacency_discrete",
    "adjacency_continuous",
)
_TERMS = 18  # of a series whose terms fall like 1/k!
_MOST_DOUBLINGS = 200


@dataclass(frozen=True)
class Gramian:
    """A controllability Gramian.

    Attributes:
        matrix: `[n, n]` float64, symmetric, positive semi-definite.
        nodes: `[n]` the node of each row: all, or the followers that a leader reaches.
    """

    matrix: Any
    nodes: Any


def controllability_gramian(
    edges: Edges,
    leaders: Array | list[int],
    *,
    system: str,
    weights: Array | None = None,
    num_nodes: int | None = None,
    horizon: float | None = None,
    steps: int | None = None,
) -> Gramian:
    """The Gramian of a network driven at its leaders; differentiable in the weights.

    The systems, with A and B:

    - "leader_follower": `-L_f` and `-L_fl`, of the followers that a leader reaches;
    - "laplacian": `-L`, and the identity's columns at the leaders; needs a finite horizon;
    - "adjacency_discrete": `W / (1 + σ_max)`, and columns of the identity;
    - "adjacency_continuous": `W / (1 + σ_max) - I`, and columns of the identity.

    The Gramian is `∫ e^{At} B Bᵀ e^{Aᵀt} dt`, of the discrete system `Σ_k A^k B Bᵀ A^k`.

    Integrals and infinite sums are doubled until they are complete (W(2T) = W(T) + e^{AT} W(T)
    e^{AT}), a few dozen products of matrices: O(N³), and gradients stay finite where eigenvalues
    coincide.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix whose values are the weights; both
            directions of every edge. Self-loops do not matter, repetitions add up.
        leaders: `[m]` node ids or a mask `[N]`.
        system: one of those above; L is the weighted Laplacian, W the weighted adjacency matrix.
        weights: `[E]` positive, the same in both directions (a gradient comes for each entry);
            default 1.
        num_nodes: number of nodes N; a matrix tells it itself.
        horizon: end of the integral, above 0; None: infinite.
        steps: number of terms of the sum ("adjacency_discrete"); None: infinite.

    Returns:
        The Gramian; tensors if `edges` or `weights` is one, else arrays. Without a follower that a
        leader reaches the matrix of "leader_follower" is `[0, 0]`.

    Raises:
        TypeError: if edges or leaders are no whole numbers.
        ValueError: if they are of a wrong shape or name no nodes, there is no leader, a direction
            of an edge is missing, weights are not positive, or the horizon does not fit the
            system.

    Example:
        >>> pair = np.array([[0, 1], [1, 0]])
        >>> controllability_gramian(pair, [0], system="leader_follower", num_nodes=2).matrix
        array([[0.5]])
    """
    _check_horizon(system, horizon, steps)
    listed = read_undirected(read_edges(edges, num_nodes))
    slots = read_leaders(leaders, listed.num_nodes)
    if slots.ndim != 1:
        raise ValueError("leaders must be those of one graph, [m]")
    tensors = isinstance(edges, Tensor) or isinstance(weights, Tensor)
    adjacent = weighted_adjacency(listed, weights)
    nodes = np.arange(listed.num_nodes)
    if system == "leader_follower":
        distances = search(adjacency(listed), slots[None, :])
        followers = np.any(distances < FAR, axis=1) & np.all(distances > 0, axis=1)
        nodes = np.flatnonzero(followers)
    rows = torch.from_numpy(nodes).to(adjacent.device)
    drive = adjacent.new_zeros(listed.num_nodes, len(slots))
    drive[torch.from_numpy(slots), torch.arange(len(slots))] = 1
    matrix, drive = _matrices(adjacent, drive, system)
    matrix, drive = matrix[rows][:, rows], drive[rows]
    if system == "leader_follower":
        drive = adjacent[rows][:, torch.from_numpy(slots).to(adjacent.device)]
    source = drive @ drive.T
    if system == "adjacency_discrete":
        found = series(matrix, source, steps)
    else:
        found = integral(matrix, source, horizon)
    if tensors:
        return Gramian(found, rows)
    return Gramian(found.numpy(), nodes)


def _matrices(adjacent: Tensor, drive: Tensor, system: str) -> tuple[Tensor, Tensor]:
    if system in ("leader_follower", "laplacian"):
        return adjacent - torch.diag(adjacent.sum(1)), drive
    scaled = scaled_adjacency(adjacent)
    if system == "adjacency_continuous":
        scaled = scaled - torch.eye(len(scaled), dtype=scaled.dtype, device=scaled.device)
    return scaled, drive


def _check_horizon(system: str, horizon: float | None, steps: int | None) -> None:
    if system not in GRAMIAN_SYSTEMS:
        raise ValueError(f"system: {unknown_name('system', system, GRAMIAN_SYSTEMS)}")
    if horizon is not None and not check_number("horizon", horizon) > 0:
        raise ValueError(f"horizon must be above 0, got {horizon}")
    if steps is not None:
        check_whole("steps", steps, least=1)
    discrete = system == "adjacency_discrete"
    if (horizon is not None and discrete) or (steps is not None and not discrete):
        raise ValueError(
            f"system {system!r} goes by {'steps' if discrete else 'a horizon'}, "
            f"got horizon={horizon} and steps={steps}"
        )
    if system == "laplacian" and horizon is None:
        raise ValueError(
            "system 'laplacian' needs a finite horizon: the eigenvalue 0 of L makes the integral "
            "diverge"
        )


def weighted_adjacency(listed: EdgeList, weights: Array | None) -> Tensor:
    """The weighted adjacency matrix `[N, N]` float64, self-loops left out."""
    given = listed.values if weights is None else weights
    size = len(listed.source)
    if given is None:
        values = torch.ones(size, dtype=torch.float64)
    elif isinstance(given, Tensor):
        values = given.to(torch.float64)
    else:
        values = torch.from_numpy(np.asarray(given, dtype=np.float64))
    if values.shape != (size,):
        raise ValueError(f"weights must have shape [{size}], got {list(values.shape)}")
    if not bool((values > 0).all() & values.isfinite().all()):
        raise ValueError(f"weights must be finite and above 0, got {as_numpy(values).min()}")
    proper = torch.from_numpy(listed.source != listed.target).to(values.device)
    source, target = (
        torch.from_numpy(part).to(values.device)[proper] for part in (listed.source, listed.target)
    )
    zeros = values.new_zeros(listed.num_nodes, listed.num_nodes)
    adjacent = zeros.index_put((source, target), values[proper], accumulate=True)
    if not torch.allclose(adjacent, adjacent.T, rtol=1e-12, atol=0):
        raise ValueError("weights must be the same in both directions of an edge")
    return adjacent


def scaled_adjacency(adjacent: Tensor) -> Tensor:
    """W / (1 + σ_max): all eigenvalues lie inside (-1, 1)."""
    if len(adjacent) == 0:
        return adjacent
    # entries are not negative: the largest eigenvalue is the largest singular value
    return adjacent / (1 + torch.linalg.eigvalsh(adjacent)[-1].clamp(min=0))


def integral(matrix: Tensor, source: Tensor, horizon: float | None) -> Tensor:
    """∫ e^{At} Q e^{At} dt from 0 to a horizon, for symmetric A without positive eigenvalues.

    Args:
        matrix: `[..., n, n]` A; with an infinite horizon all eigenvalues must be negative.
        source: `[..., n, n]` Q.
        horizon: None: infinite.
    """
    if matrix.size(-1) == 0:
        return source
    norm = max(float(matrix.detach().abs().sum(-1).max()), 1e-300)
    if horizon is None:
        step, doublings = 0.5 / norm, _MOST_DOUBLINGS
    else:
        doublings = max(0, math.ceil(math.log2(2 * norm * horizon)))
        step = horizon / 2**doublings
    term = source * step
    total = term
    for number in range(2, _TERMS + 1):
        term = (matrix @ term + term @ matrix) * (step / number)
        total = total + term
    power = torch.matrix_exp(matrix * step)
    for _ in range(doublings):
        total = total + power @ total @ power
        if horizon is None and _vanishes(power):
            break
        power = power @ power
    return total


def series(matrix: Tensor, source: Tensor, steps: int | None) -> Tensor:
    """Σ_k A^k Q A^k for k < steps, or without end, for symmetric A of norm below 1."""
    total, power = source, matrix
    if steps is not None:
        for _ in range(steps - 1):
            total = source + matrix @ total @ matrix
        return total
    for _ in range(_MOST_DOUBLINGS):
        total = total + power @ total @ power
        if _vanishes(power):
            break
        power = power @ power
    return total


def _vanishes(power: Tensor) -> bool:
    """Whether what its square adds is below all rounding."""
    return power.numel() == 0 or float(power.detach().abs().sum(-1).max()) < 1e-9
