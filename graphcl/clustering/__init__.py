"""Clustering mathematics: tensors in, tensors out; knows nothing of losses or methods."""

from graphcl.clustering.k_means import Clustering, kmeans

__all__ = ["Clustering", "kmeans"]
