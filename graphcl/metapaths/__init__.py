"""Meta-paths of heterogeneous graphs: composition, PathSim, contexts and operators."""

from graphcl.metapaths.adjacency import as_edges, masked, mean_rows, normalized
from graphcl.metapaths.composition import count_paths, reach
from graphcl.metapaths.enumeration import enumerate_metapaths
from graphcl.metapaths.fixed_matrix import FixedMatrix
from graphcl.metapaths.metapath import EdgeType, MetaPath
from graphcl.metapaths.path_difference import PathDifference
from graphcl.metapaths.path_operator import PathOperator
from graphcl.metapaths.pathsim import pathsim, top_neighbours, top_neighbours_of_path
from graphcl.metapaths.positives import metapath_positives, usual_positives
from graphcl.metapaths.relations import add_reverse_relations
from graphcl.metapaths.sizes import DEFAULT_MAX_ENTRIES, PathSize, PathTooLarge, estimate
from graphcl.metapaths.summary import MetaPathSummary, summarise_metapaths

__all__ = [
    "DEFAULT_MAX_ENTRIES",
    "EdgeType",
    "FixedMatrix",
    "MetaPath",
    "MetaPathSummary",
    "PathDifference",
    "PathOperator",
    "PathSize",
    "PathTooLarge",
    "add_reverse_relations",
    "as_edges",
    "count_paths",
    "enumerate_metapaths",
    "estimate",
    "masked",
    "mean_rows",
    "metapath_positives",
    "normalized",
    "pathsim",
    "reach",
    "summarise_metapaths",
    "top_neighbours",
    "top_neighbours_of_path",
    "usual_positives",
]
