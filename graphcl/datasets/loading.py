"""`load(name)`: from a name to checked data and their card."""

from __future__ import annotations

import functools
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData

from graphcl.arguments import unknown_name
from graphcl.datasets.cache import content_key, read_cached, write_cached
from graphcl.datasets.card import DataCard, read_card
from graphcl.datasets.check import check_graph
from graphcl.datasets.loaders import EMBEDDED_LOADERS, run_loader
from graphcl.datasets.raw_files import copy_raw_files, data_root, download, find_raw_folder


def available() -> list[DataCard]:
    """All data sets that `load` knows, sorted by name.

    Example:
        >>> [card.name for card in available() if card.embedded and card.level == "graph"]
        ['digit-graphs']
    """
    return list(_cards())


def load(
    name: str, root: str | Path | None = None
) -> tuple[Data | HeteroData | list[Data], DataCard]:
    """Load a data set and its card, check one against the other, and execute nothing on the way.

    The folder of raw files is only read. What PyG makes of them is kept in `$GRAPHCL_CACHE` (else
    the platform's user cache) under a hash of the files and of the versions of torch and PyG.
    Where raw files are missing and there is a network, PyG downloads them into the same cache.

    Args:
        name: name of a card, upper and lower case alike; see `available`.
        root: folder of raw files, in PyG's layout; by default `$GRAPHCL_DATA`, then `./datasets`.
            Embedded sets need none.

    Returns:
        The data and the card. Node-level data are one `Data` with `x` `[N, F]` float32,
        `edge_index` `[2, E]` int64 (an undirected edge is there in both directions), `y` `[N]` and
        the masks that the set has; where nodes are of several types (`card.target` is the one with
        labels) they are one `HeteroData`, whose types have `x` or `num_nodes`. Graph-level data
        are a list of `Data`, `y` and masks `[1]` each. Sets with `card.num_features == 0` have no
        `x`: they say `num_nodes`, and features are yours to choose.

    Raises:
        ValueError: if the name is unknown, a raw file cannot be read or would execute code, or
            the data contradict their card.
        FileNotFoundError: if raw files are missing and cannot be downloaded.

    Example:
        >>> data, card = load("digits")
        >>> data.num_nodes, card.num_classes
        (1797, 10)
    """
    card = _find(name)
    data = (
        EMBEDDED_LOADERS[card.loader](**card.arguments)
        if card.embedded
        else _from_files(card, root)
    )
    check_graph(data, name=card.name, features=card.num_features > 0)
    _check_statistics(data, card)
    return data, card


@functools.cache
def _cards() -> tuple[DataCard, ...]:
    folder = resources.files("graphcl.datasets") / "cards"
    cards = [
        read_card(file.read_text(encoding="utf-8"), origin=file.name)
        for file in folder.iterdir()
        if file.name.endswith(".yaml")
    ]
    return tuple(sorted(cards, key=lambda card: card.name.lower()))


def _find(name: str) -> DataCard:
    if not isinstance(name, str):
        raise TypeError(f"the name of a data set must be a text, got {type(name).__name__}")
    cards = {card.name.lower(): card for card in _cards()}
    if name.lower() in cards:
        return cards[name.lower()]
    raise ValueError(unknown_name("data set", name, [card.name for card in cards.values()]))


def _from_files(card: DataCard, root: str | Path | None) -> Data | HeteroData | list[Data]:
    folder = find_raw_folder(card.graph_files, root)
    if folder is None:
        folder = _download(card, root)
    data = read_cached(
        card.name, content_key(card.loader, card.arguments, folder, card.graph_files)
    )
    if data is not None:
        return data
    with tempfile.TemporaryDirectory(prefix="graphcl-") as scratch:
        copy_raw_files(card.graph_files, folder, Path(scratch))
        # The key of the copies: the raw files may have changed since.
        key = content_key(card.loader, card.arguments, Path(scratch), card.graph_files)
        data = run_loader(card.loader, card.arguments, Path(scratch), card.graph_files)
    write_cached(card.name, key, data)
    return data


def _download(card: DataCard, root: str | Path | None) -> Path:
    try:
        return download(card.loader, card.arguments, card.graph_files)
    except OSError as error:
        base = data_root(root).absolute()
        folders: dict[Path, list[str]] = {}
        for file in card.graph_files:
            if not (base / file).is_file():
                folders.setdefault((base / file).parent, []).append(Path(file).name)
        missing = "; ".join(f"{folder} lacks {', '.join(f)}" for folder, f in folders.items())
        raise FileNotFoundError(
            f"{card.name}: raw files are missing: {missing}. Put them there (from {card.source}), "
            f"or name another folder than {base} by root= (--data on the command line) or "
            f"$GRAPHCL_DATA. They could not be downloaded: {error}"
        ) from None


def _check_statistics(data: Data | HeteroData | list[Data], card: DataCard) -> None:
    if isinstance(data, HeteroData):
        found = _heterogeneous_statistics(data, card.target)
    else:
        found = _statistics(data if isinstance(data, list) else [data])
    wrong = [
        f"{key} is {value}, the card says {getattr(card, key)}"
        for key, value in found.items()
        if getattr(card, key) not in (value, None)
    ]
    if wrong:
        raise ValueError(f"{card.name}: the data contradict their card: {'; '.join(wrong)}")


def _statistics(graphs: list[Data]) -> dict[str, Any]:
    return {
        "num_graphs": len(graphs),
        "num_nodes": sum(int(graph.num_nodes or 0) for graph in graphs),
        "num_edges": sum(graph.edge_index.size(1) for graph in graphs),
        "num_features": graphs[0].num_features,
        "num_classes": _number_of_classes(torch.cat([graph.y for graph in graphs])),
    }


def _heterogeneous_statistics(data: HeteroData, target: str | None) -> dict[str, Any]:
    node_types = {kind: int(data[kind].num_nodes) for kind in data.node_types}
    edge_types = {" ".join(kind): data[kind].edge_index.size(1) for kind in data.edge_types}
    known = target in node_types
    return {
        "num_graphs": 1,
        "num_nodes": sum(node_types.values()),
        "num_edges": sum(edge_types.values()),
        "num_features": data[target].num_features if known else None,
        "num_classes": _number_of_classes(data[target].y) if known else None,
        "node_types": node_types,
        "edge_types": edge_types,
    }


def _number_of_classes(labels: Tensor) -> int:
    return len(labels[labels >= 0].unique())  # negative: not labelled
