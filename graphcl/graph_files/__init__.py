"""Graphs from files that people have, and rows written for them: ids kept."""

from graphcl.graph_files.graph_file import GraphFile
from graphcl.graph_files.reading import GRAPH_ENDINGS, read_graph
from graphcl.graph_files.rows import ROW_ENDINGS, check_output, writable_file, write_rows
from graphcl.graph_files.scaling import FeatureScaling
from graphcl.graph_files.structural import structural_features, structural_names

__all__ = [
    "GRAPH_ENDINGS",
    "ROW_ENDINGS",
    "FeatureScaling",
    "GraphFile",
    "check_output",
    "read_graph",
    "structural_features",
    "structural_names",
    "writable_file",
    "write_rows",
]
