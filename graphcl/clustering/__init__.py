"""Clustering mathematics: tensors in, tensors out; knows nothing of losses or methods."""

from graphcl.clustering.assignments import ClusterSums, check_assignment, cluster_sums
from graphcl.clustering.concentrations import concentrations
from graphcl.clustering.k_means import Clustering, kmeans
from graphcl.clustering.num_clusters import ClusterChoice, choose_num_clusters
from graphcl.clustering.sinkhorn import sinkhorn_assignment
from graphcl.clustering.student_t import (
    assignment_divergence,
    student_t_assignment,
    target_distribution,
)

__all__ = [
    "ClusterChoice",
    "ClusterSums",
    "Clustering",
    "assignment_divergence",
    "check_assignment",
    "choose_num_clusters",
    "cluster_sums",
    "concentrations",
    "kmeans",
    "sinkhorn_assignment",
    "student_t_assignment",
    "target_distribution",
]
