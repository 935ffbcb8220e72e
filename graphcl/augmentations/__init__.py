"""Augmentations: transforms that make a view of a graph, or of every graph of a batch at once."""

from torch_geometric.transforms import Compose

from graphcl.augmentations.adaptive import edge_drop_probabilities, feature_mask_probabilities
from graphcl.augmentations.adaptive_drop_edges import AdaptiveDropEdges
from graphcl.augmentations.adaptive_mask_features import AdaptiveMaskFeatures
from graphcl.augmentations.add_edges import AddEdges
from graphcl.augmentations.centrality import CENTRALITIES, node_centrality
from graphcl.augmentations.common_nodes import common_nodes
from graphcl.augmentations.control_features import ControlFeatures
from graphcl.augmentations.controllable_add_edges import ControllableAddEdges
from graphcl.augmentations.controllable_drop_edges import ControllableDropEdges
from graphcl.augmentations.controllable_rewire import ControllableRewire
from graphcl.augmentations.drop_edges import DropEdges
from graphcl.augmentations.drop_nodes import DropNodes
from graphcl.augmentations.heat_diffusion import HeatDiffusion
from graphcl.augmentations.mask_features import MaskFeatures
from graphcl.augmentations.metapath_views import (
    CoarseView,
    MetaPathView,
    mask_entries,
    metapath_counts,
)
from graphcl.augmentations.noise_features import NoiseFeatures
from graphcl.augmentations.one_of import OneOf
from graphcl.augmentations.ppr_diffusion import PPRDiffusion
from graphcl.augmentations.prepare_control import PrepareControl
from graphcl.augmentations.subgraphs import RandomWalkSubgraph, TwoSubgraphs

__all__ = [
    "CENTRALITIES",
    "AdaptiveDropEdges",
    "AdaptiveMaskFeatures",
    "AddEdges",
    "CoarseView",
    "Compose",
    "ControlFeatures",
    "ControllableAddEdges",
    "ControllableDropEdges",
    "ControllableRewire",
    "DropEdges",
    "DropNodes",
    "HeatDiffusion",
    "MaskFeatures",
    "MetaPathView",
    "NoiseFeatures",
    "OneOf",
    "PPRDiffusion",
    "PrepareControl",
    "RandomWalkSubgraph",
    "TwoSubgraphs",
    "common_nodes",
    "edge_drop_probabilities",
    "feature_mask_probabilities",
    "mask_entries",
    "metapath_counts",
    "node_centrality",
]
