"""Which nodes of a heterogeneous graph are embedded, and which meta-paths join them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from graphcl.cli.graph_choices import GraphChoice
    from graphcl.datasets import DataCard
    from graphcl.metapaths import EdgeType, MetaPath
    from graphcl.methods import SavedMethod

MOST_BY_DEFAULT = 8
"""More meta-paths than this nobody takes without saying so: each is a view of its own."""

LONGEST = (4, 3, 2)
"""Steps of the longest meta-paths that are suggested; fewer where there would be too many."""

MOST_COUNTED = 500
SUGGESTED = 4


@dataclass(frozen=True)
class Target:
    """What is embedded of a heterogeneous graph.

    Attributes:
        node_type: The type of the rows.
        metapaths: Meta-paths from it to itself.
        published: Whether both are those of the data set, which published settings are for.
        notes: What was decided on the way.
    """

    node_type: str
    metapaths: tuple[MetaPath, ...]
    published: bool = False
    notes: tuple[str, ...] = ()


def choose_target(
    choice: GraphChoice, data: HeteroData, name: str, card: DataCard | None
) -> Target:
    """The target and the meta-paths that the options name, else those of the data set, else ours.

    Ours are the relations that stay within the target type, and there and back along each that
    leads from it to another type.

    Args:
        choice: The options.
        data: The graph.
        name: How messages call it.
        card: That of the data set; None: it is a file.

    Raises:
        ValueError: No target where there are several types; an unknown type; a meta-path that does
            not exist, is not one from the target to itself, is given twice or is empty; no
            meta-paths are given, and there are none or too many to take them all.
    """
    from graphcl.metapaths import MetaPath

    kind = _node_type(choice, data, name, card)
    notes: list[str] = []
    usual = card is not None and kind == card.target and not choice.metapaths
    if usual and card is not None:
        paths = [MetaPath.parse(path, data) for path in card.metapaths]
        said = "; those of the data set"
    elif choice.metapaths:
        paths = _given(choice.metapaths, data, kind)
        said = ""
    else:
        paths, open_ended = there_and_back(data, kind)
        said = f"; by default, there and back along each relation of {kind}"
        _check_default(paths, data, kind, name)
        if open_ended:
            notes.append(f"without a way back: {_steps(open_ended)}; --add-reverse adds it")
    notes.insert(0, f"target {kind}; meta-paths: {sizes(data, paths)}{said}")
    if not choice.metapaths:
        notes += _others(data, kind, paths)
    if card is not None and not usual:
        notes.append(f"settings for {name} go with its own target and meta-paths: defaults instead")
    return Target(kind, tuple(paths), usual, tuple(notes))


def target_of(saved: SavedMethod, data: HeteroData, name: str) -> Target:
    """The target and the meta-paths of a trained method.

    Raises:
        ValueError: It is for graphs with one type of nodes.
    """
    from graphcl.methods import HeterogeneousMethod, registered_name

    method = saved.method
    if not isinstance(method, HeterogeneousMethod):
        raise ValueError(
            f"--model holds {registered_name(method)} for graphs with one type of nodes, {name} is "
            "heterogeneous"
        )
    paths = ", ".join(path.name(data) for path in method.metapaths) or "none"
    note = f"target {method.target}; meta-paths: {paths}; as in training"
    return Target(method.target, method.metapaths, notes=(note,))


def add_reverse(data: HeteroData) -> tuple[HeteroData, str]:
    """The graph with the opposite direction of each relation, and a note on what was added."""
    from graphcl.metapaths import add_reverse_relations

    result = add_reverse_relations(data)
    added = [step for step in result.edge_types if step not in data.edge_types]
    return result, f"added: {_steps(added) or 'nothing, each relation has its reverse'}"


def there_and_back(data: HeteroData, target: str) -> tuple[list[MetaPath], list[EdgeType]]:
    """The meta-paths that are taken by default, and the target's relations without a way back."""
    from graphcl.metapaths import MetaPath

    found, open_ended = [], []
    for step in data.edge_types:
        if target not in (step[0], step[2]) or data[step].num_edges == 0:
            continue
        if step[0] == step[2]:
            found.append(MetaPath((step,)))
            continue
        back = _reverse(data, step)
        if back is None:
            open_ended.append(step)
        elif step[0] == target:
            found.append(MetaPath((step, back)))
    return found, open_ended


def sizes(data: HeteroData, paths: Sequence[MetaPath], *, most: int = MOST_BY_DEFAULT) -> str:
    """Meta-paths, the first of many, with the most pairs of nodes that each may join."""
    from graphcl.metapaths import estimate

    shown = [
        f"{path.name(data)} (≤ {estimate(data, path).entries:,} pairs)" for path in paths[:most]
    ]
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(shown) + more


def _node_type(choice: GraphChoice, data: HeteroData, name: str, card: DataCard | None) -> str:
    from graphcl.arguments import listed, unknown_name

    kinds = data.node_types
    if choice.target is not None:
        if choice.target not in kinds:
            raise ValueError(f"--target: {unknown_name('node type', choice.target, kinds)}")
        return choice.target
    if card is not None and card.target is not None:
        return card.target
    if len(kinds) > 1:
        raise ValueError(
            f"{name} is heterogeneous: --target says which nodes to embed, of {listed(kinds)}"
        )
    return kinds[0]


def _given(texts: Sequence[str], data: HeteroData, target: str) -> list[MetaPath]:
    from graphcl.metapaths import MetaPath, estimate

    found: list[MetaPath] = []
    for text in texts:
        try:  # with commas where names of types hold hyphens
            path = MetaPath.parse(text.split(",") if "," in text else text, data)
        except ValueError as error:
            hint = " (here: --add-reverse)" if "add_reverse_relations" in str(error) else ""
            raise ValueError(f"--metapath: {error}{hint}") from None
        if (path.start, path.end) != (target, target):
            raise ValueError(
                f"--metapath {text}: it leads from {path.start} to {path.end}; with --target "
                f"{target} it must begin and end at {target}"
            )
        if path in found:
            raise ValueError(f"--metapath {text} is given twice")
        if estimate(data, path).entries == 0:
            raise ValueError(f"--metapath {text}: no node is joined by it in this graph")
        found.append(path)
    return found


def _check_default(paths: Sequence[MetaPath], data: HeteroData, target: str, name: str) -> None:
    if len(paths) > MOST_BY_DEFAULT:
        raise ValueError(
            f"{name} has {len(paths)} relations along which {target} can be left and reached "
            f"again, each of which would be a view: choose by --metapath, from {sizes(data, paths)}"
        )
    if paths:
        return
    longest, others = _symmetric(data, target)
    if others:
        raise ValueError(
            f"{name}: no single relation leads from {target} away and back; choose by --metapath, "
            f"from {sizes(data, others)}"
        )
    raise ValueError(
        f"{name}: no meta-path of up to {longest} steps leads from {target} back to {target}; the "
        f"relations are {_steps(data.edge_types) or 'none'}; --add-reverse adds the opposite "
        "direction of each"
    )


def _others(data: HeteroData, target: str, paths: Sequence[MetaPath]) -> list[str]:
    """A note on the meta-paths that were not taken."""
    longest, found = _symmetric(data, target)
    others = [path for path in found if path not in paths]
    if not others:
        return []
    return [
        f"--metapath takes others; of up to {longest} steps, with types that read the same "
        f"backwards: {sizes(data, others, most=SUGGESTED)}"
    ]


def _symmetric(data: HeteroData, target: str) -> tuple[int, list[MetaPath]]:
    """Meta-paths whose types read the same backwards, and how many steps were looked at."""
    from graphcl.metapaths import enumerate_metapaths

    for longest in LONGEST:
        try:
            found = enumerate_metapaths(data, target, longest, symmetric=True, most=MOST_COUNTED)
        except ValueError:
            continue
        return longest, found
    return LONGEST[-1], []


def _reverse(data: HeteroData, step: EdgeType) -> EdgeType | None:
    """The relation that holds the same edges the other way round; None: there is none."""
    from torch_geometric.utils import sort_edge_index

    source, _, end = step
    wanted = None
    for other in data.edge_types:
        if (other[0], other[2]) != (end, source) or data[other].num_edges != data[step].num_edges:
            continue
        if wanted is None:
            wanted = sort_edge_index(data[step].edge_index.flip(0))
        if bool((sort_edge_index(data[other].edge_index) == wanted).all()):
            return other
    return None


def _steps(steps: Iterable[EdgeType]) -> str:
    from graphcl.arguments import listed

    return listed([f"{source}-[{relation}]-{end}" for source, relation, end in steps])
