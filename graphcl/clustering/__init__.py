"""Clustering mathematics: tensors in, tensors out; knows nothing of losses or methods."""

from graphcl.clustering.k_means import Clustering, kmeans
from graphcl.clustering.sinkhorn import sinkhorn_assignment

__all__ = ["Clustering", "kmeans", "sinkhorn_assignment"]
