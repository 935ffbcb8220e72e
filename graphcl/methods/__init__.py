"""Complete recipes, and their registry."""

from graphcl.methods.adameow import AdaMeow
from graphcl.methods.bgrl import BGRL
from graphcl.methods.cca_ssg import CCASSG
from graphcl.methods.contrast_choice import ContrastChoice
from graphcl.methods.control_gcl import ControlGCL
from graphcl.methods.control_grace import ControlGrace
from graphcl.methods.ctrl import CTRL
from graphcl.methods.dcl import DCL
from graphcl.methods.deep_clustering import DeepClustering
from graphcl.methods.degree_statistics import DegreeStatistics
from graphcl.methods.dgi import DGI
from graphcl.methods.gbt import GraphBarlowTwins
from graphcl.methods.gca import GCA
from graphcl.methods.grace import Grace
from graphcl.methods.grace_neighbours import GraceNeighbours
from graphcl.methods.graph_contrast import GraphContrast
from graphcl.methods.graph_encoding import GraphEncoding
from graphcl.methods.graphcl import GraphCL
from graphcl.methods.heco import HeCo
from graphcl.methods.heterogeneous import HeterogeneousMethod
from graphcl.methods.infograph import InfoGraph
from graphcl.methods.joao import JOAO
from graphcl.methods.kinds import kind_of
from graphcl.methods.meow import Meow
from graphcl.methods.metapath_contrast import MetaPathContrast
from graphcl.methods.metapath_means import MetaPathMeans
from graphcl.methods.method import Method
from graphcl.methods.method_entry import MethodEntry
from graphcl.methods.mvgrl import MVGRL
from graphcl.methods.mvgrl_graphs import MVGRLGraphs
from graphcl.methods.ns4gc import NS4GC
from graphcl.methods.pamc import PamC
from graphcl.methods.pamc_gnn import PamCGNN
from graphcl.methods.progcl import ProGCL
from graphcl.methods.published import PublishedSettings
from graphcl.methods.random_encoder import RandomEncoder, RandomMetaPathEncoder
from graphcl.methods.raw import Raw, RawTarget
from graphcl.methods.registry import (
    create_method,
    get_method,
    method_names,
    settings_source,
)
from graphcl.methods.saving import (
    SavedMethod,
    load_method,
    load_saved_method,
    registered_name,
    save_method,
)
from graphcl.methods.scgc import SCGC
from graphcl.methods.simgrace import SimGRACE
from graphcl.methods.ssgc import SSGC
from graphcl.methods.weisfeiler_lehman import WeisfeilerLehman

__all__ = [
    "BGRL",
    "CCASSG",
    "CTRL",
    "DCL",
    "DGI",
    "GCA",
    "JOAO",
    "MVGRL",
    "NS4GC",
    "SCGC",
    "SSGC",
    "AdaMeow",
    "ContrastChoice",
    "ControlGCL",
    "ControlGrace",
    "DeepClustering",
    "DegreeStatistics",
    "Grace",
    "GraceNeighbours",
    "GraphBarlowTwins",
    "GraphCL",
    "GraphContrast",
    "GraphEncoding",
    "HeCo",
    "HeterogeneousMethod",
    "InfoGraph",
    "MVGRLGraphs",
    "Meow",
    "MetaPathContrast",
    "MetaPathMeans",
    "Method",
    "MethodEntry",
    "PamC",
    "PamCGNN",
    "ProGCL",
    "PublishedSettings",
    "RandomEncoder",
    "RandomMetaPathEncoder",
    "Raw",
    "RawTarget",
    "SavedMethod",
    "SimGRACE",
    "WeisfeilerLehman",
    "create_method",
    "get_method",
    "kind_of",
    "load_method",
    "load_saved_method",
    "method_names",
    "registered_name",
    "save_method",
    "settings_source",
]
