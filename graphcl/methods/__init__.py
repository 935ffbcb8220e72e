"""Complete recipes, and their registry."""

from graphcl.methods.adameow import AdaMeow
from graphcl.methods.cca_ssg import CCASSG
from graphcl.methods.contrast_choice import ContrastChoice
from graphcl.methods.deep_clustering import DeepClustering
from graphcl.methods.grace import Grace
from graphcl.methods.grace_neighbours import GraceNeighbours
from graphcl.methods.heco import HeCo
from graphcl.methods.heterogeneous import HeterogeneousMethod
from graphcl.methods.meow import Meow
from graphcl.methods.metapath_contrast import MetaPathContrast
from graphcl.methods.metapath_means import MetaPathMeans
from graphcl.methods.method import Method
from graphcl.methods.pamc import PamC
from graphcl.methods.published import PublishedSettings
from graphcl.methods.random_encoder import RandomEncoder, RandomMetaPathEncoder
from graphcl.methods.raw import Raw, RawTarget
from graphcl.methods.registry import (
    MethodEntry,
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
from graphcl.methods.ssgc import SSGC

__all__ = [
    "CCASSG",
    "SCGC",
    "SSGC",
    "AdaMeow",
    "ContrastChoice",
    "DeepClustering",
    "Grace",
    "GraceNeighbours",
    "HeCo",
    "HeterogeneousMethod",
    "Meow",
    "MetaPathContrast",
    "MetaPathMeans",
    "Method",
    "MethodEntry",
    "PamC",
    "PublishedSettings",
    "RandomEncoder",
    "RandomMetaPathEncoder",
    "Raw",
    "RawTarget",
    "SavedMethod",
    "create_method",
    "get_method",
    "load_method",
    "load_saved_method",
    "method_names",
    "registered_name",
    "save_method",
    "settings_source",
]
