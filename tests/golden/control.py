"""Adapters of controllability (`adapters.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphcl import control
from graphcl.control import PMISequence
from tests.golden.harness import gradients, leaf


def both(edges: Any) -> Any:
    """Both directions `[2, 2 E]` of undirected edges `[E, 2]`."""
    return np.concatenate([edges, edges[:, ::-1]]).T


def bound_of(n: Any, edges: Any, leaders: Any) -> int:
    distances = control.leader_distances(both(edges), leaders, num_nodes=n)
    return control.pmi_sequence(distances, method="exact").bound


def pmi_bound(*, n: Any, edges: Any, leaders: Any) -> dict[str, Any]:
    distances = control.leader_distances(both(edges), leaders, num_nodes=n)
    exact = control.pmi_sequence(distances, method="exact")
    return {
        "dist": distances,
        "bound": exact.bound,
        "sequence": np.stack([exact.nodes, exact.columns], axis=1),
        "greedy_bound": control.pmi_sequence(distances, method="greedy").bound,
        "max_singleleader": [control.pmi_sequence(d[:, None]).bound for d in distances.T],
    }


def zero_forcing_bound(*, n: Any, edges: Any, leaders: Any) -> dict[str, Any]:
    forcing = control.zero_forcing(both(edges), leaders, num_nodes=n)
    return {
        "derived": forcing.derived,
        "bound": forcing.bound,
        "num_forces": forcing.forces.shape[1],
    }


def controllability_rank(*, n: Any, edges: Any, leaders: Any, w: Any, w12: Any) -> dict[str, Any]:
    def rank(weights: Any = None, system: str = "full") -> int:
        twice = None if weights is None else np.tile(weights, 2)
        return control.controllability_rank(
            both(edges), leaders, weights=twice, num_nodes=n, system=system
        )

    forcing = control.zero_forcing(both(edges), leaders, num_nodes=n)
    return {
        "rank_unweighted": rank(),
        "rank_w": rank(w),
        "rank_w12": rank(w12),
        "rank_leader_follower": rank(system="leader_follower"),
        "lower_bound": max(bound_of(n, edges, leaders), forcing.bound),
        "reachable": control.generic_rank(both(edges), leaders, num_nodes=n),
    }


def gramian_metrics(*, n: Any, edges: Any, leaders: Any, w: Any) -> dict[str, Any]:
    edge_index = torch.from_numpy(both(edges))
    weights = leaf(w)
    twice = weights.repeat(2)

    def gramian(system: str, **options: Any) -> Any:
        return control.controllability_gramian(
            edge_index, leaders, system=system, weights=twice, num_nodes=n, **options
        )

    found = {
        "lf": gramian("leader_follower"),
        "full": gramian("laplacian", horizon=1.5),
        "dt": gramian("adjacency_discrete"),
        "dtK": gramian("adjacency_discrete", steps=5),
    }
    result: dict[str, Any] = {"followers": found["lf"].nodes}
    for name, made in found.items():
        figures = control.gramian_metrics(made)
        result |= {f"{name}_W": made.matrix, f"{name}_metrics": in_order(figures)}
        if name in ("lf", "dt"):
            result |= gradients(figures.trace, f"{name}_trace", w=weights)
    for name, metric in (
        ("avg_ctrl_dt", "average"),
        ("avg_ctrl_ct", "average_continuous"),
        ("modal_ctrl", "modal"),
    ):
        result[name] = control.node_controllability(
            edge_index, metric=metric, weights=twice, num_nodes=n
        )
    return result


def in_order(figures: control.GramianMetrics) -> Tensor:
    return torch.stack(
        [
            figures.trace,
            figures.largest,
            figures.smallest,
            figures.rank,
            figures.log_det,
            figures.inverse_trace,
        ]
    )


def safe_edge_sets(
    *, n: Any, edges: Any, leaders: Any, nonedges: Any, sequence: Any
) -> dict[str, Any]:
    edge_index, pairs = both(edges), nonedges.T
    distances = control.leader_distances(edge_index, leaders, num_nodes=n)
    given = PMISequence(
        nodes=sequence[:, 0], columns=sequence[:, 1], bounds=[len(sequence)], exact=[True]
    )
    truncated = control.truncated_distances(distances, given)
    bound = bound_of(n, edges, leaders)
    forcing = control.zero_forcing(edge_index, leaders, num_nodes=n)

    def forced(others: Any) -> bool:
        return control.zero_forcing(both(others), leaders, num_nodes=n).bound >= forcing.bound

    fewer = [np.delete(edges, k, axis=0) for k in range(len(edges))]
    more = [np.concatenate([edges, pair[None]]) for pair in nonedges]
    # rules are sufficient: what they allow, the exact test allows
    by_rule = control.safe_forcing_additions(forcing, pairs)
    assert all(forced(other) for other, safe in zip(more, by_rule, strict=True) if safe)
    for kept, still in (
        (control.sequence_backbone(edge_index, distances, given), bound),
        (control.distance_backbone(edge_index, distances), bound),
    ):
        assert bound_of(n, edges[kept[: len(edges)]], leaders) >= still
    return {
        "del_dist": control.safe_deletions(edge_index, distances)[: len(edges)],
        "add_dist": control.safe_additions(distances, pairs),
        "truncated": truncated,
        "add_truncated": control.safe_additions(truncated, pairs),
        "pred_count": control.predecessor_counts(edge_index, distances),
        "add_pmi": np.array([bound_of(n, e, leaders) >= bound for e in more], dtype=bool),
        "add_zf": np.array([forced(e) for e in more], dtype=bool),
        "del_pmi": np.array([bound_of(n, e, leaders) >= bound for e in fewer], dtype=bool),
        "del_zf": np.array([forced(e) for e in fewer], dtype=bool),
        "pmi_bound": bound,
        "zf_bound": forcing.bound,
    }
