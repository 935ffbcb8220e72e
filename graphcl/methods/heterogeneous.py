"""Methods that embed one node type of a heterogeneous graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor, nn
from torch_geometric.data import HeteroData

from graphcl.arguments import check_whole, listed, unknown_name
from graphcl.metapaths import EdgeType, MetaPath
from graphcl.methods.checks import check_kind
from graphcl.methods.method import Method

MetaPathLike = MetaPath | Sequence[EdgeType]


class HeterogeneousMethod(Method):
    """A method whose data is a ``HeteroData``: it embeds the nodes of the target type.

    A subclass writes ``encode`` and, if it learns, ``loss``, as for any :class:`Method`. Node types
    without features have ``num_features`` None; it is up to the method what stands for them
    (as a rule a learned embedding a node: then the graph must have as many nodes as at first).

    Args:
        num_features: Width of the features of each node type; None: it has none.
        num_nodes: Number of nodes of each type.
        target: The node type that is embedded.
        metapaths: Meta-paths from the target type to itself, each a :class:`MetaPath` or its edge
            types ``(source, relation, target)`` one after another; texts need the graph:
            :func:`graphcl.methods.create_method` reads them.
        **configuration: What else determines the method.

    Attributes:
        needed_types: The node types that the method looks at: the target and those of the
            meta-paths. The others of a graph are ignored.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An unknown node type, a meta-path that does not begin and end at the target, or
            given twice.

    Example:
        >>> import torch
        >>> class Degrees(HeterogeneousMethod):
        ...     trained = False
        ...
        ...     def encode(self, data):
        ...         edges = data[self.metapaths[0].edge_types[0]].edge_index
        ...         return torch.bincount(edges[0], minlength=data["paper"].num_nodes).view(-1, 1)
        >>> data = HeteroData()
        >>> data["paper"].num_nodes, data["author"].num_nodes = 3, 1
        >>> data["paper", "by", "author"].edge_index = torch.tensor([[0, 1], [0, 0]])
        >>> data["author", "wrote", "paper"].edge_index = torch.tensor([[0, 0], [0, 1]])
        >>> method = Degrees(
        ...     {"paper": None, "author": None},
        ...     {"paper": 3, "author": 1},
        ...     target="paper",
        ...     metapaths=[[("paper", "by", "author"), ("author", "wrote", "paper")]],
        ... )
        >>> method.embed(data).T
        tensor([[1, 1, 0]])
    """

    heterogeneous: ClassVar[bool] = True
    num_features: dict[str, int | None]  # type: ignore[assignment]  # one width a type

    def __init__(
        self,
        num_features: Mapping[str, int | None],
        num_nodes: Mapping[str, int],
        *,
        target: str,
        metapaths: Sequence[MetaPathLike],
        **configuration: object,
    ) -> None:
        nn.Module.__init__(self)  # the features of a Method have a single width
        self.num_features = _check_widths(num_features)
        self.num_nodes = _check_counts(num_nodes, self.num_features)
        if target not in self.num_features:
            raise ValueError(unknown_name("target type", target, self.num_features))
        self.target = target
        self.metapaths = _check_metapaths(metapaths, target, self.num_features)
        self.needed_types = frozenset(
            [target, *(kind for path in self.metapaths for kind in path.node_types)]
        )
        self.configuration = {
            "num_features": self.num_features,
            "num_nodes": self.num_nodes,
            "target": target,
            "metapaths": tuple(path.edge_types for path in self.metapaths),
            **configuration,
        }

    @classmethod
    def read_arguments(cls, data: HeteroData, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, with all that has to be looked up in the graph: meta-paths as texts.

        :func:`graphcl.methods.create_method` calls it; a subclass may have more to look up.
        """
        return {**arguments, "metapaths": read_metapaths(data, arguments["metapaths"])}

    @abstractmethod
    def encode(self, data: HeteroData) -> Tensor:
        """The rows of the target nodes, ``[N, d]``."""

    def check_data(self, data: Any) -> None:
        """Raise ``ValueError`` where a graph is not of the kind that the method was built for."""
        name = type(self).__name__
        check_kind(name, data, heterogeneous=True)
        self.check_types(data, self.needed_types)
        for edge_type in dict.fromkeys(step for path in self.metapaths for step in path.edge_types):
            if edge_type not in data.edge_types:
                raise ValueError(
                    f"{name} was built for edges of type {edge_type}, the graph has "
                    f"{listed([str(kind) for kind in data.edge_types])}"
                )

    def check_types(self, data: HeteroData, kinds: Iterable[str]) -> None:
        """Raise ``ValueError`` where nodes of some types are not as the method was built for."""
        name = type(self).__name__
        for kind in sorted(kinds):
            if kind not in data.node_types:
                raise ValueError(
                    f"{name} was built for nodes of type {kind!r}, the graph has "
                    f"{listed(data.node_types)}"
                )
            width, x = self.num_features[kind], data[kind].get("x")
            if (None if x is None else x.size(1)) != width:
                given = "is missing" if x is None else f"has {x.size(1)} columns"
                wanted = "no features" if width is None else f"{width} columns"
                raise ValueError(f"data[{kind!r}].x {given}; {name} was built for {wanted}")
            if width is None and data[kind].num_nodes != self.num_nodes[kind]:
                raise ValueError(
                    f"data[{kind!r}] has {data[kind].num_nodes} nodes; {name} was built for "
                    f"{self.num_nodes[kind]}, and without features it knows only those"
                )


def node_type_sizes(data: HeteroData) -> tuple[dict[str, int | None], dict[str, int]]:
    """Width of the features (None: none) and number of nodes of each type of a graph.

    Example:
        >>> import torch
        >>> import torch
        >>> data = HeteroData()
        >>> data["paper"].x, data["author"].num_nodes = torch.ones(3, 5), 2
        >>> node_type_sizes(data)
        ({'paper': 5, 'author': None}, {'paper': 3, 'author': 2})
    """
    widths = {
        kind: None if data[kind].get("x") is None else int(data[kind].x.size(1))
        for kind in data.node_types
    }
    return widths, {kind: int(data[kind].num_nodes) for kind in data.node_types}


def read_metapaths(data: HeteroData, metapaths: object) -> list[MetaPath]:
    """Meta-paths however they are written (:meth:`graphcl.metapaths.MetaPath.parse`).

    Raises:
        TypeError: No sequence of meta-paths.
        ValueError: A meta-path that the graph does not have.
    """
    if isinstance(metapaths, str | MetaPath) or not isinstance(metapaths, Sequence):
        raise TypeError(
            f"metapaths must be a list of meta-paths, such as ['paper-author-paper'], got "
            f"{metapaths!r}"
        )
    return [MetaPath.parse(path, data) for path in metapaths]


def _check_widths(num_features: Mapping[str, int | None]) -> dict[str, int | None]:
    if not isinstance(num_features, Mapping):
        raise TypeError(f"num_features must give a width for each type, got {num_features!r}")
    return {
        kind: None if width is None else check_whole(f"num_features[{kind!r}]", width, least=1)
        for kind, width in num_features.items()
    }


def _check_counts(num_nodes: Mapping[str, int], kinds: Mapping[str, object]) -> dict[str, int]:
    if not isinstance(num_nodes, Mapping):
        raise TypeError(f"num_nodes must give a number for each type, got {num_nodes!r}")
    if set(num_nodes) != set(kinds):
        raise ValueError(
            f"num_nodes and num_features must name the same types, got {listed(list(num_nodes))} "
            f"and {listed(list(kinds))}"
        )
    return {
        kind: check_whole(f"num_nodes[{kind!r}]", number, least=1)
        for kind, number in num_nodes.items()
    }


def _check_metapaths(
    metapaths: Sequence[MetaPathLike], target: str, kinds: Mapping[str, object]
) -> tuple[MetaPath, ...]:
    paths = tuple(_metapath(path) for path in metapaths)
    for path in paths:
        if (path.start, path.end) != (target, target):
            raise ValueError(f"meta-path {path} must begin and end at the target type {target!r}")
        for kind in path.node_types:
            if kind not in kinds:
                raise ValueError(f"meta-path {path}: {unknown_name('node type', kind, kinds)}")
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ValueError(f"meta-path {twice} is given twice")
    return paths


def _metapath(path: object) -> MetaPath:
    if isinstance(path, MetaPath):
        return path
    steps = list(path) if isinstance(path, list | tuple) else []
    if not steps or not all(isinstance(step, list | tuple) and len(step) == 3 for step in steps):
        raise TypeError(
            "a meta-path must be a MetaPath or a list of edge types (source, relation, target), "
            f"got {path!r}; MetaPath.parse(text, data) makes one, create_method does that itself"
        )
    return MetaPath(tuple((str(a), str(b), str(c)) for a, b, c in steps))
