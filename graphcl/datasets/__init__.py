"""Data sets: cards, `load(name)`, embedded sets, generators, and a check of what users bring."""

from graphcl.datasets.card import DataCard, Kind
from graphcl.datasets.check import check_graph
from graphcl.datasets.countries import countries
from graphcl.datasets.loading import available, load
from graphcl.datasets.planted import planted_partition
from graphcl.datasets.planted_heterogeneous import AuxiliaryType, planted_heterogeneous
from graphcl.datasets.raw_files import data_root

__all__ = [
    "AuxiliaryType",
    "DataCard",
    "Kind",
    "available",
    "check_graph",
    "countries",
    "data_root",
    "load",
    "planted_heterogeneous",
    "planted_partition",
]
