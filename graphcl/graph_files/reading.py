"""`read_graph`: from a file to a graph."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from torch_geometric.data import HeteroData

from graphcl.arguments import listed
from graphcl.graph_files import csv_files, matrices, networkx_files, pyg_files
from graphcl.graph_files.assemble import Parts, assemble
from graphcl.graph_files.graph_file import GraphFile
from graphcl.graph_files.scaling import FeatureScaling
from graphcl.graph_files.structural import structural_names

GRAPH_ENDINGS = (".pt", ".graphml", ".gml", ".csv", ".tsv", ".edgelist", ".txt", ".npz")
"""The endings of files that :func:`read_graph` reads."""

STRUCTURAL = "structural"
_WITH_ATTRIBUTES = (".graphml", ".gml")


def read_graph(
    path: str | Path,
    *,
    edges: str | Path | None = None,
    features: str | Path | None = None,
    label: str | None = None,
    directed: bool | None = None,
    scaling: FeatureScaling | None = None,
) -> GraphFile:
    r"""Read a graph from a file; the ending of its name says how.

    ============================  ================================================================
    ``.pt``                       ``torch.save`` of a PyG ``Data`` (or of a list, for graph level)
                                  or of a ``HeteroData``
    ``.graphml``, ``.gml``        through NetworkX
    ``.csv``, ``.tsv``            a file of nodes, with ``edges=`` one of edges; or edges alone
    ``.edgelist``, ``.txt``       lines "source target" or "source target weight", or NetworkX's
    ``.npz``                      adjacency matrix of ``scipy.sparse.save_npz``
    ============================  ================================================================

    Nodes in CSV: the column of ids is ``id`` (``node``, ``node_id``), else the first one. Edges in
    CSV: ``source`` and ``target`` (``src``, ``dst``; ``from``, ``to``), else the first two columns;
    ``weight`` if there is one. Edges alone name their nodes, in ascending order of ids that are
    whole numbers, else in order of appearance.

    Attributes of nodes (columns in CSV): numbers and true/false are features, in the order of the
    file; text is left out; ``label`` holds labels. Nothing is scaled, except as ``scaling`` says. A
    graph without features gets :func:`structural_features`, which have mean 0 and variance 1.
    Self-loops and edges of weight 0 are left out, repeated edges are one with their weights added
    (PyG files are taken as they are). All of this is said in the result's notes, and nothing in a
    file is executed.

    Args:
        path: The graph; for CSV the nodes or, without ``edges``, the edges.
        edges: CSV file of edges, if ``path`` is that of the nodes.
        features: ``.npy`` or ``.npz`` file with one row for each node, in the order of the nodes;
            or ``"structural"`` to make structural features though the file has others.
        label: Attribute or column of labels; default ``"label"`` where it exists.
        directed: Whether edges have a direction; None: as the file says, undirected where the
            format says nothing (CSV, edge lists) or the matrix is symmetric.
        scaling: Bring the features into the form of another graph, that a method was trained on
            (``GraphFile.scaling``, or of :func:`graphcl.methods.load_saved_method`): the same
            columns in the same order, with the means and deviations of that graph.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file that is empty, damaged, of another format, or contradicts itself; the
            message names file and line, node or cell. Other features than those of ``scaling``.
        ModuleNotFoundError: CSV without pandas.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "edges.csv"
        >>> _ = path.write_text("source,target,weight\nann,bob,2\nbob,eve,1\n")
        >>> graph = read_graph(path)
        >>> graph.node_ids, graph.data.edge_weight.tolist()
        (['ann', 'bob', 'eve'], [2.0, 2.0, 1.0, 1.0])
    """
    file = existing_file(path, GRAPH_ENDINGS)
    ending = file.suffix.lower()
    edge_file = None if edges is None else existing_file(edges, (".csv", ".tsv"))
    if edge_file is not None and ending not in (".csv", ".tsv"):
        raise ValueError(f"edges go with a CSV file of nodes, {file.name} holds its own")
    if label is not None and edge_file is None and ending not in _WITH_ATTRIBUTES:
        raise ValueError(
            f"label {label!r}: {file.name} has no attributes of nodes to take labels from"
        )
    structural = features == STRUCTURAL
    matrix = None
    if features is not None and not structural:
        matrix = matrices.read_features(existing_file(features, matrices.FEATURE_ENDINGS))
    if ending == ".pt":
        graph = pyg_files.read_pyg(file, directed=directed, features=matrix, structural=structural)
    else:
        parts = _read(file, edge_file, label)
        graph = assemble(
            parts, name=file.name, directed=directed, features=matrix, structural=structural
        )
    return _scale(graph, scaling, file.name)


def existing_file(path: str | Path, endings: tuple[str, ...]) -> Path:
    """Return the path of a file that is there, not empty, and has one of the endings.

    Raises:
        FileNotFoundError: It is not there; the message names the nearest that is.
        ValueError: A folder, an empty file, another ending.
    """
    file = Path(path).expanduser()
    if file.is_dir():
        raise ValueError(f"{file} is a folder, a file is needed")
    if not file.exists():
        raise FileNotFoundError(f"{file}: no such file{_nearest(file)}")
    if file.suffix.lower() not in endings:
        ending = file.suffix or "no ending"
        raise ValueError(f"{file.name} has {ending}; known endings: {', '.join(endings)}")
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty")
    return file


def _scale(graph: GraphFile, scaling: FeatureScaling | None, name: str) -> GraphFile:
    """Scale structural features by their own statistics, or all features as another graph's."""
    names, notes = graph.feature_names, list(graph.notes)
    made = names == structural_names()
    if scaling is None and not made:
        return graph
    if isinstance(graph.data, HeteroData):
        if scaling is not None and scaling.width is not None:
            raise ValueError(
                f"{name} holds a HeteroData: features can be scaled as those of another graph "
                "where all nodes are of one type"
            )
        return graph
    graphs = graph.data if isinstance(graph.data, list) else [graph.data]
    if scaling is None:
        scaling = FeatureScaling.standard(graphs[0].x, names)
    elif names and scaling.names and names != scaling.names:
        notes.append(f"columns put into the order of the training: {listed(scaling.names)}")
    for one in graphs:
        try:
            scaled = scaling.apply(one.x, names)
        except ValueError as error:
            reason = str(error)
            if made and scaling.names:  # naming fourteen columns that were made would not help
                needed = listed(scaling.names)
                reason = (
                    f"structural features were made, those of the training are needed: {needed}"
                )
            raise ValueError(f"{name}: {reason}") from None
        ignored = scaling.ignored(one.x, names)
        if ignored:
            notes.append(f"constant in training, so they do not count: {listed(ignored)}")
        one.x = scaled.float() if made else scaled
    return replace(graph, notes=tuple(notes), feature_names=scaling.names or names, scaling=scaling)


def _read(file: Path, edge_file: Path | None, label: str | None) -> Parts:
    ending = file.suffix.lower()
    if ending == ".graphml":
        return networkx_files.read_graphml(file, label=label)
    if ending == ".gml":
        return networkx_files.read_gml(file, label=label)
    if ending == ".npz":
        return matrices.read_matrix(file)
    if ending in (".csv", ".tsv"):
        if edge_file is None:
            return csv_files.read_edges(file)
        return csv_files.read_nodes_and_edges(file, edge_file, label=label)
    with file.open("rb") as content:
        has_attributes = b"{" in content.read(4096)
    if has_attributes:
        return networkx_files.read_attributed_edges(file)
    return csv_files.read_edge_list(file)


def _nearest(file: Path) -> str:
    if not file.parent.is_dir():
        return f" (nor a folder {file.parent})"
    names = [other.name for other in file.parent.iterdir()]
    close = difflib.get_close_matches(file.name, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
