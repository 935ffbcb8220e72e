"""Controllability of networks: leaders, distances to them, bounds, ranks, Gramians.

Pure mathematics, without learning. A graph is an edge index (tensor or array) or a SciPy matrix;
what comes back is a tensor for tensors and an array for all else.
"""

from graphcl.control.backbone import (
    distance_backbone,
    forcing_backbone,
    reachability_backbone,
    sequence_backbone,
)
from graphcl.control.distances import leader_distances
from graphcl.control.features import graph_control_features, node_control_features
from graphcl.control.gramian import GRAMIAN_SYSTEMS, Gramian, controllability_gramian
from graphcl.control.gramian_figures import GramianMetrics, gramian_metrics
from graphcl.control.leaders import LEADER_STRATEGIES, number_of_leaders, select_leaders
from graphcl.control.node_controllability import NODE_METRICS, node_controllability
from graphcl.control.pmi import PMI_METHODS, PMISequence, pmi_sequence
from graphcl.control.rank import controllability_rank, generic_rank
from graphcl.control.safe_edits import (
    predecessor_counts,
    safe_additions,
    safe_deletions,
    safe_forcing_additions,
    truncated_distances,
)
from graphcl.control.zero_forcing import ZeroForcing, zero_forcing

__all__ = [
    "GRAMIAN_SYSTEMS",
    "LEADER_STRATEGIES",
    "NODE_METRICS",
    "PMI_METHODS",
    "Gramian",
    "GramianMetrics",
    "PMISequence",
    "ZeroForcing",
    "controllability_gramian",
    "controllability_rank",
    "distance_backbone",
    "forcing_backbone",
    "generic_rank",
    "gramian_metrics",
    "graph_control_features",
    "leader_distances",
    "node_control_features",
    "node_controllability",
    "number_of_leaders",
    "pmi_sequence",
    "predecessor_counts",
    "reachability_backbone",
    "safe_additions",
    "safe_deletions",
    "safe_forcing_additions",
    "select_leaders",
    "sequence_backbone",
    "truncated_distances",
    "zero_forcing",
]
