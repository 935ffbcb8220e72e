"""Data sets: cards, `load(name)`, embedded sets, a generator, and a check of what users bring."""

from graphcl.datasets.card import DataCard
from graphcl.datasets.check import check_graph
from graphcl.datasets.loading import available, load
from graphcl.datasets.planted import planted_partition

__all__ = ["DataCard", "available", "check_graph", "load", "planted_partition"]
