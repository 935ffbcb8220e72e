"""The graph that a command is about: from a file, or a data set by name."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from graphcl.cli.common import check_folder
from graphcl.cli.opened_graph import OpenedGraph

if TYPE_CHECKING:
    from torch_geometric.data import Data, HeteroData

    from graphcl.cli.graph_choices import GraphChoice
    from graphcl.datasets import DataCard, Kind
    from graphcl.graph_files import FeatureScaling
    from graphcl.methods import SavedMethod


def known_kind(choice: GraphChoice) -> Kind | None:
    """Of which kind the graph is; None: only its file says."""
    card = find_card(choice)
    if card is not None:
        return card.kind
    return None if Path(choice.graph).suffix.lower() == ".pt" else "node"


def find_card(choice: GraphChoice) -> DataCard | None:
    """The card of the data set that GRAPH names; None: it is a file.

    Raises `FileNotFoundError` where it is neither, and `ValueError` where options do not fit.
    """
    from graphcl.datasets import available
    from graphcl.graph_files import GRAPH_ENDINGS

    check_folder(choice.data)
    cards = {card.name.lower(): card for card in available()}
    path = Path(choice.graph)
    card = cards.get(choice.graph.lower())
    if card is None or path.is_file():
        if not path.exists() and not path.suffix and len(path.parts) == 1:
            nearest = difflib.get_close_matches(choice.graph.lower(), cards, n=1)
            hint = f"; did you mean {cards[nearest[0]].name}?" if nearest else "."
            raise FileNotFoundError(
                f"no file and no data set is called {choice.graph!r}{hint} `graphcl datasets` "
                f"lists data sets; files end in {', '.join(GRAPH_ENDINGS)}"
            )
        return None
    options = {
        "--edges": choice.edges,
        "--features": choice.features,
        "--label": choice.label,
        "--directed/--undirected": choice.directed,
    }
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(f"{given[0]} is for files, {choice.graph} is a data set")
    return card


def open_graph(choice: GraphChoice, saved: SavedMethod | None = None) -> OpenedGraph:
    """Read the graph that the options name.

    Args:
        choice: The options.
        saved: A trained method: its target and meta-paths are taken, and the features of the graph
            are brought into the form that it knows, or refused.
    """
    learned = None if saved is None else saved.features
    if find_card(choice) is not None:
        return _dataset(choice, saved)
    from graphcl.arguments import listed
    from graphcl.graph_files import FeatureScaling, read_graph, structural_names

    path = Path(choice.graph)
    if saved is not None and learned is not None and learned.width and path.suffix == ".pt":
        _check_one_type(saved, read_graph(path).data, path.name)
    made = learned is not None and learned.names == structural_names()
    file = read_graph(
        choice.graph,
        edges=choice.edges,
        features="structural" if made and choice.features is None else choice.features,
        label=choice.label,
        directed=choice.directed,
        scaling=learned,
    )
    name, data = path.name, file.data
    if is_heterogeneous(data):
        return _with_target(choice, data, name, None, saved, list(file.notes))
    _refuse_options_for_types(choice, name)
    notes = list(file.notes)
    names, scaling = file.feature_names, file.scaling
    if learned is not None:
        notes += _as_learned(learned)
    elif bool(names) if choice.standardize is None else choice.standardize:
        scaling = scaling or _standardize(data, names)
        if names != structural_names():
            notes.append(
                f"features: {listed(names)}; each scaled to mean 0 and variance 1 "
                "(--keep-scales leaves them)"
                if names
                else "every feature was scaled to mean 0 and variance 1"
            )
    scaling = scaling or FeatureScaling(names)
    return OpenedGraph(name, None, data, file.node_ids, notes, scaling)


def _dataset(choice: GraphChoice, saved: SavedMethod | None) -> OpenedGraph:
    from graphcl.datasets import load
    from graphcl.graph_files import FeatureScaling

    data, card = load(choice.graph, choice.data)
    if is_heterogeneous(data):
        return _with_target(choice, data, card.name, card, saved, [])
    _refuse_options_for_types(choice, card.name)
    learned = None if saved is None else saved.features
    rows = len(data) if isinstance(data, list) else data.x.size(0)
    notes: list[str] = []
    scaling = learned or FeatureScaling()
    if learned is not None:
        for one in data if isinstance(data, list) else [data]:
            try:
                one.x = learned.apply(one.x)
            except ValueError as error:
                raise ValueError(f"{card.name}: {error}") from None
        notes = _as_learned(learned)
    elif choice.standardize:
        scaling = _standardize(data, ())
    return OpenedGraph(card.name, card.name, data, list(range(rows)), notes, scaling)


def is_heterogeneous(data: Data | HeteroData | list[Data]) -> TypeGuard[HeteroData]:
    """Whether a graph has types of nodes and edges."""
    from torch_geometric.data import HeteroData

    return isinstance(data, HeteroData)


def _with_target(
    choice: GraphChoice,
    data: HeteroData,
    name: str,
    card: DataCard | None,
    saved: SavedMethod | None,
    notes: list[str],
) -> OpenedGraph:
    """A heterogeneous graph, with what is embedded of it."""
    from graphcl.cli.graph_target import add_reverse, choose_target, target_of
    from graphcl.graph_files import FeatureScaling

    if choice.standardize:
        raise ValueError(f"--standardize is for graphs with one type of nodes, {name} has several")
    if choice.add_reverse:
        data, added = add_reverse(data)
        notes.append(added)
    if saved is None:
        target = choose_target(choice, data, name, card)
    else:
        target = target_of(saved, data, name)
    dataset = card.name if card is not None and target.published else None
    number = data[target.node_type].num_nodes if target.node_type in data.node_types else 0
    return OpenedGraph(
        name, dataset, data, list(range(number)), [*notes, *target.notes], FeatureScaling(), target
    )


def _check_one_type(saved: SavedMethod, data: Data | HeteroData | list[Data], name: str) -> None:
    """Say that a trained method is for other graphs, before features of its kind are made."""
    from graphcl.cli.graph_target import target_of

    if is_heterogeneous(data):
        target_of(saved, data, name)


def _refuse_options_for_types(choice: GraphChoice, name: str) -> None:
    given = choice.for_types()
    if given:
        raise ValueError(
            f"{given[0]} is for heterogeneous graphs, {name} has one type of nodes and edges"
        )


def _standardize(data: Data | list[Data], names: tuple[str, ...]) -> FeatureScaling:
    """Give every feature of a graph mean 0 and variance 1."""
    from graphcl.graph_files import FeatureScaling

    if isinstance(data, list):
        raise ValueError("--standardize is for a single graph")
    scaling = FeatureScaling.standard(data.x, names)
    data.x = scaling.apply(data.x)
    return scaling


def _as_learned(learned: FeatureScaling) -> list[str]:
    """What to tell about features that were brought into the form that a model knows."""
    from graphcl.arguments import listed
    from graphcl.graph_files import structural_names

    how = "taken as they are, as in training"
    if learned.mean is not None:
        how = "scaled by the means and deviations of the training"
    made = learned.names == structural_names()
    names = f"{listed(learned.names)}; " if learned.names and not made else ""
    return [f"features: {names}{how}"]
