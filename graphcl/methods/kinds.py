"""The kind of data, which decides on the class of a method."""

from __future__ import annotations

from collections.abc import Sequence

from torch_geometric.data import Batch, Data, HeteroData

from graphcl.datasets import Kind


def kind_of(data: Data | HeteroData | Sequence[Data]) -> Kind:
    """Of which kind data are.

    Example:
        >>> kind_of([Data(), Data()])
        'graph'
    """
    if isinstance(data, HeteroData):
        return "heterogeneous"
    return "node" if isinstance(data, Data) and not isinstance(data, Batch) else "graph"
