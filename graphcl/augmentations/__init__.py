"""Augmentations: transforms that make a view of a graph, or of every graph of a batch at once."""

from graphcl.augmentations.drop_edges import DropEdges
from graphcl.augmentations.mask_features import MaskFeatures

__all__ = ["DropEdges", "MaskFeatures"]
