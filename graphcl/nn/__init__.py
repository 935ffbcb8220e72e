"""Neural network parts that PyG lacks."""

from graphcl.nn.activation import ACTIVATIONS, make_activation
from graphcl.nn.autoencoder import Autoencoder, pretrain_autoencoder
from graphcl.nn.bilinear import BilinearScore
from graphcl.nn.fast_dropout import FastDropout
from graphcl.nn.gcn import GCNEncoder
from graphcl.nn.gin import GINEncoder
from graphcl.nn.initial import reset_linear
from graphcl.nn.metapath_gcn import Adjacency, MetaPathGCN
from graphcl.nn.momentum import MomentumTeacher, cosine_momentum
from graphcl.nn.neighbour_attention import NeighbourAttention
from graphcl.nn.node_types import ContextSum, TanhProjector, TypeProjection
from graphcl.nn.projector import Projector, ShortcutProjector
from graphcl.nn.readout import sum_readout, summary_readout
from graphcl.nn.semantic_attention import SemanticAttention
from graphcl.nn.shared_prelu import SharedPReLU
from graphcl.nn.sparse import (
    compress_features,
    edge_matrix,
    matrix_rows,
    normalized_adjacency,
    row_blocks,
    scale_columns,
)

__all__ = [
    "ACTIVATIONS",
    "Adjacency",
    "Autoencoder",
    "BilinearScore",
    "ContextSum",
    "FastDropout",
    "GCNEncoder",
    "GINEncoder",
    "MetaPathGCN",
    "MomentumTeacher",
    "NeighbourAttention",
    "Projector",
    "SemanticAttention",
    "SharedPReLU",
    "ShortcutProjector",
    "TanhProjector",
    "TypeProjection",
    "compress_features",
    "cosine_momentum",
    "edge_matrix",
    "make_activation",
    "matrix_rows",
    "normalized_adjacency",
    "pretrain_autoencoder",
    "reset_linear",
    "row_blocks",
    "scale_columns",
    "sum_readout",
    "summary_readout",
]
