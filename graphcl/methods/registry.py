"""Methods by name, with the settings that belong to a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch_geometric.data import Data, HeteroData

from graphcl.arguments import check_seed, listed, unknown_name
from graphcl.datasets import check_graph
from graphcl.methods.entries import ENTRIES
from graphcl.methods.heterogeneous import HeterogeneousMethod, node_type_sizes
from graphcl.methods.kinds import kind_of
from graphcl.methods.method import Method
from graphcl.methods.method_entry import TRAINING_NAMES, MethodEntry
from graphcl.training import TrainingSettings


def method_names() -> list[str]:
    """The names of all methods, from the simplest to the most involved.

    Example:
        >>> method_names()
        ['raw', 'random-encoder', 'degree-statistics', 'weisfeiler-lehman', 'ctrl', \
'metapath-means', 'ssgc', 'grace', 'grace-neighbours', 'control-grace', 'gca', 'progcl', 'dcl', \
'ns4gc', 'cca-ssg', 'dgi', 'bgrl', 'gbt', 'mvgrl', 'graphcl', 'simgrace', 'joao', \
'infograph', 'control-gcl', 'scgc', 'pamc', \
'pamc-gnn', 'heco', 'meow', 'adameow']
    """
    return list(ENTRIES)


def get_method(name: str) -> MethodEntry:
    """The registry's entry of a method.

    Args:
        name: One of :func:`method_names`; case does not matter.

    Raises:
        ValueError: An unknown name; the message suggests the nearest.

    Example:
        >>> get_method("ssgc").levels
        frozenset({'node'})
    """
    entry = ENTRIES.get(str(name).lower())
    if entry is None:
        raise ValueError(unknown_name("method", name, ENTRIES))
    return entry


def settings_source(name: str, dataset: str | None = None) -> str:
    """Where the settings of a method on a data set come from.

    Example:
        >>> settings_source("grace", "Cora")
        "the authors' configuration, CRIPAC-DIG/GRACE config.yaml"
        >>> settings_source("grace", "my own graph")
        'defaults of grace'
    """
    entry = get_method(name)
    published = entry.settings.get(str(dataset).lower())
    return f"defaults of {entry.name}" if published is None else published.source


def create_method(
    name: str,
    data: Data | HeteroData | Sequence[Data],
    *,
    dataset: str | None = None,
    seed: int | None = None,
    **parameters: object,
) -> tuple[Method, TrainingSettings]:
    """Build a method for a data set, and say how to train it.

    The settings start from those published for ``dataset`` (:func:`settings_source` names where),
    or else from the method's defaults; ``parameters`` replace them one by one.

    Args:
        name: One of :func:`method_names`.
        data: A graph, or a list of graphs where the method works at graph level; a ``HeteroData``
            for a method of heterogeneous graphs.
        dataset: Name of the data set; unknown names and None give the defaults.
        seed: Seed of the initial weights, leaving torch's global generator as it was; None: they
            are drawn from the global generator.
        **parameters: Arguments of the method, and ``epochs``, ``learning_rate``, ``weight_decay``,
            ``patience``, ``steps``, ``final_weights``, ``batch_size`` where it is trained. For a
            ``HeteroData`` also ``target``, the node type to embed, and ``metapaths``, a list of
            meta-paths from it to itself (:meth:`graphcl.metapaths.MetaPath.parse` says how they are
            written).

    Returns:
        The method, untrained, and its training settings for :func:`graphcl.training.fit`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An unknown method or parameter, a value out of range, broken data, data of a
            kind or level that the method does not have, a missing target or meta-paths.

    Example:
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method, settings = create_method("grace", graph, seed=0, width=8, epochs=5)
        >>> method.configuration["width"], settings.epochs
        (8, 5)
    """
    entry = get_method(name)
    check_graph(data)
    kind = kind_of(data)
    cls: Any = entry.class_for(kind)
    allowed = entry.parameter_names(kind)
    for given in parameters:
        if given not in allowed:
            raise ValueError(unknown_name(f"parameter of {entry.name}", given, allowed))
    if seed is not None:
        seed = check_seed(seed)
    arguments, training = entry.settings_for(dataset, kind)
    ours = TRAINING_NAMES if entry.trained else []
    changes = {key: value for key, value in parameters.items() if key in ours}
    arguments |= {key: value for key, value in parameters.items() if key not in changes}
    settings = dataclasses.replace(training, **changes)  # type: ignore[arg-type]
    sizes = _sizes(entry.name, data, arguments)
    if isinstance(data, HeteroData) and issubclass(cls, HeterogeneousMethod):
        arguments = cls.read_arguments(data, arguments)
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        method = cls(*sizes, **arguments)
    method.check_data(data)
    return method, settings


def _sizes(
    name: str, data: Data | HeteroData | Sequence[Data], arguments: dict[str, object]
) -> tuple[Any, ...]:
    """What the class takes first; a heterogeneous graph needs a target and meta-paths as well."""
    if not isinstance(data, HeteroData):
        first = data if isinstance(data, Data) else data[0]
        return (first.x.size(1),)
    for needed, example in (("target", "'paper'"), ("metapaths", "['paper-author-paper']")):
        if needed not in arguments:
            raise ValueError(
                f"{name} needs {needed}, such as {needed}={example}; the graph has the node types "
                f"{listed(data.node_types)}"
            )
    if arguments["target"] not in data.node_types:
        raise ValueError(unknown_name("target type", arguments["target"], data.node_types))
    return node_type_sizes(data)
