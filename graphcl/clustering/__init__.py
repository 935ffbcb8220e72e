"""Clustering mathematics: tensors in, tensors out; knows nothing of losses or methods."""

from graphcl.clustering.concentrations import concentrations
from graphcl.clustering.k_means import Clustering, kmeans
from graphcl.clustering.num_clusters import ClusterChoice, choose_num_clusters
from graphcl.clustering.sinkhorn import sinkhorn_assignment

__all__ = [
    "ClusterChoice",
    "Clustering",
    "choose_num_clusters",
    "concentrations",
    "kmeans",
    "sinkhorn_assignment",
]
