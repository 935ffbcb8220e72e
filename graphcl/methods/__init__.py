"""Complete recipes, and their registry."""

from graphcl.methods.grace import Grace
from graphcl.methods.grace_neighbours import GraceNeighbours
from graphcl.methods.method import Method
from graphcl.methods.published import PublishedSettings
from graphcl.methods.random_encoder import RandomEncoder
from graphcl.methods.raw import Raw
from graphcl.methods.registry import (
    MethodEntry,
    create_method,
    get_method,
    method_names,
    settings_source,
)
from graphcl.methods.saving import load_method, registered_name, save_method
from graphcl.methods.ssgc import SSGC

__all__ = [
    "SSGC",
    "Grace",
    "GraceNeighbours",
    "Method",
    "MethodEntry",
    "PublishedSettings",
    "RandomEncoder",
    "Raw",
    "create_method",
    "get_method",
    "load_method",
    "method_names",
    "registered_name",
    "save_method",
    "settings_source",
]
