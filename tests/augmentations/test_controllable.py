"""What controllability-preserving views promise, on random graphs and batches."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data
from torch_geometric.loader import DataLoader
from torch_geometric.utils import is_undirected

from graphcl import control
from graphcl.augmentations import (
    Compose,
    ControllableAddEdges,
    ControllableDropEdges,
    ControllableRewire,
    DropEdges,
    DropNodes,
    PrepareControl,
)
from tests.augmentations.strategies import same

pytestmark = pytest.mark.filterwarnings("ignore:Controllable:UserWarning")
VIEWS: Any = (ControllableDropEdges, ControllableAddEdges, ControllableRewire)
MODES = ("distance", "bound", "zero_forcing")


@st.composite
def graphs(draw: st.DrawFn, *, directed: bool = False) -> Data:
    """A graph with self-loops, parallel edges, attributes and its own leaders."""
    nodes = draw(st.integers(1, 8))
    node = st.integers(0, nodes - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=20))
    one_way = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).t()
    edge_index = one_way if directed else torch.cat([one_way, one_way.flip(0)], dim=1)
    mask = torch.zeros(nodes, dtype=torch.bool)
    mask[draw(st.lists(node, min_size=1, max_size=min(3, nodes), unique=True))] = True
    return Data(
        edge_index=edge_index.contiguous(),
        edge_attr=edge_index.t().float(),
        y=torch.tensor([draw(st.integers(0, 3))]),
        x=torch.arange(nodes * 2.0).reshape(nodes, 2),
        leader_mask=mask,
    )


def transforms(mode: str, ratio: float = 0.5, **options: Any) -> list[Any]:
    options = {"mode": mode, "leaders": "given", "seed": 0, **options}
    return [
        ControllableDropEdges(ratio, **options),
        ControllableAddEdges(ratio, attributes="zeros", **options),
        ControllableRewire(ratio, attributes="zeros", **options),
    ]


def leaders_of(graph: Data) -> torch.Tensor:
    return graph.leader_mask.nonzero().squeeze(1)


def measure(graph: Data) -> tuple[torch.Tensor, int, int, int]:
    """Distances, bound, size of the derived set, reachable nodes."""
    leaders, nodes = leaders_of(graph), graph.num_nodes
    distances = control.leader_distances(graph.edge_index, leaders, num_nodes=nodes)
    return (
        distances,
        control.pmi_sequence(distances, method="exact").bound,
        control.zero_forcing(graph.edge_index, leaders, num_nodes=nodes).bound,
        int((distances >= 0).any(1).sum()),
    )


def distinct(edge_index: torch.Tensor) -> set[tuple[int, ...]]:
    return {tuple(sorted(edge)) for edge in edge_index.t().tolist() if edge[0] != edge[1]}


def check(before: Data, after: Data, mode: str) -> None:
    old, new = measure(before), measure(after)
    if mode == "distance":
        assert torch.equal(old[0], new[0])
    if mode == "zero_forcing":
        assert new[2] >= old[2]
    else:
        assert new[1] >= old[1]


@settings(deadline=None, max_examples=40)
@given(graphs(), st.sampled_from(MODES), st.sampled_from([0.0, 0.3, 1.0]), st.booleans())
def test_what_a_view_keeps(graph: Data, mode: str, ratio: float, keep: bool) -> None:
    original = copy.deepcopy(graph)
    edges = distinct(graph.edge_index)
    for transform in transforms(mode, ratio, keep_reachable=keep):
        view = transform(graph)
        assert same(graph, original)
        check(graph, view, mode)
        if keep and not isinstance(transform, ControllableAddEdges):
            assert measure(view)[3] >= measure(graph)[3]
        assert is_undirected(view.edge_index, num_nodes=view.num_nodes)
        there = distinct(view.edge_index)
        changed = max(len(edges - there), len(there - edges))
        assert view.control_ratio.tolist() == pytest.approx([changed / max(1, len(edges))])
        assert changed <= round(ratio * len(edges))
        old = view.edge_attr.any(1)
        assert torch.equal(view.edge_attr[old], view.edge_index.t()[old].float())
        if ratio == 0:
            assert torch.equal(view.edge_index, graph.edge_index)
        if isinstance(transform, ControllableRewire):
            assert len(there) == len(edges)


@settings(deadline=None, max_examples=25)
@given(graphs(directed=True), st.sampled_from(MODES))
def test_directed_graphs(graph: Data, mode: str) -> None:
    for transform in transforms(mode, 0.7, directed=True, keep_reachable=True):
        view = transform(graph)
        check(graph, view, mode)
        if not isinstance(transform, ControllableAddEdges):
            assert measure(view)[3] >= measure(graph)[3]


@settings(deadline=None, max_examples=25)
@given(st.lists(graphs(), min_size=1, max_size=5), st.sampled_from(MODES))
def test_a_batch_equals_its_graphs(drawn: list[Data], mode: str) -> None:
    prepare = PrepareControl(mode, leaders="given", slots=3, keep_reachable=True)
    alone = [prepare(graph) for graph in drawn]
    batch = Batch.from_data_list(drawn)
    together = prepare(batch)
    for one, other in zip(alone, together.to_data_list(), strict=True):
        assert same(one, other)
    collated = Batch.from_data_list(alone)
    assert all(torch.equal(collated[key], together[key]) for key in collated if "control" in key)
    for transform in transforms(mode, keep_reachable=True):
        view = transform(collated)
        assert torch.equal(
            view.edge_index,
            type(transform)(
                0.5,
                mode=mode,
                leaders="given",
                keep_reachable=True,
                seed=0,
                **({} if isinstance(transform, ControllableDropEdges) else {"attributes": "zeros"}),
            )(collated).edge_index,
        )
        for graph, part in zip(drawn, view.to_data_list(), strict=True):
            check(graph, part, mode)
            assert "control_edge_free" not in part
            edges = distinct(graph.edge_index)
            there = distinct(part.edge_index)
            changed = max(len(edges - there), len(there - edges))
            assert part.control_ratio.tolist() == pytest.approx([changed / max(1, len(edges))])


@settings(deadline=None, max_examples=20)
@given(graphs(), st.sampled_from(MODES))
def test_views_of_views_keep_the_leaders(graph: Data, mode: str) -> None:
    prepared = PrepareControl(mode, num_leaders=2, seed=1)(graph)
    mask = prepared.control_node_leader >= 0
    chain = Compose(
        [
            ControllableDropEdges(0.3, mode=mode, seed=0),
            ControllableAddEdges(0.3, mode=mode, attributes="zeros", seed=1),
        ]
    )
    view = chain(prepared)
    prepared.leader_mask = view.leader_mask = mask
    assert torch.equal(view.control_node_leader, prepared.control_node_leader)
    check(prepared, view, mode)


CYCLE = torch.tensor([[0, 1, 2, 3, 1, 2, 3, 0], [1, 2, 3, 0, 0, 1, 2, 3]])


def cycle(**fields: Any) -> Data:
    return Data(edge_index=CYCLE, num_nodes=4, **fields)


def test_a_preparation_that_does_not_belong_is_refused() -> None:
    prepared = PrepareControl(seed=0)(cycle())
    with pytest.raises(ValueError, match="prepared for mode='distance'"):
        ControllableDropEdges(0.5, mode="bound")(prepared)
    for change in (DropEdges(0.5, seed=1), lambda data: data.clone().update({"num_nodes": 5})):
        other = change(prepared)
        with pytest.raises(ValueError, match="does not belong to this graph"):
            ControllableDropEdges(0.5)(other)
    moved = prepared.clone()
    moved.control_node_leader = prepared.control_node_leader.roll(1)
    with pytest.raises(ValueError, match="does not belong"):
        ControllableAddEdges(0.5)(moved)
    without = prepared.clone()
    without.edge_index = CYCLE.flip(0)[:, [1, 0, 2, 3, 4, 5, 6, 7]]
    with pytest.raises(ValueError, match="does not belong"):
        ControllableAddEdges(0.5)(without)
    view = ControllableDropEdges(0.0)(prepared)
    view.control_node_leader = torch.full((4,), -1)
    with pytest.raises(ValueError, match="no leader"):
        ControllableDropEdges(0.0)(view)


def test_trees_stay_as_they_are_and_say_so_once() -> None:
    star = torch.tensor([[0, 1, 0, 2], [1, 0, 2, 0]])
    transform = ControllableDropEdges(0.5, seed=0)
    with pytest.warns(UserWarning, match="trees"):
        view = transform(Data(edge_index=star, num_nodes=3))
    assert view.num_edges == 4
    assert view.control_ratio.tolist() == [0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        transform(Data(edge_index=star, num_nodes=3))


def test_a_tree_is_rewired_by_moving_ends() -> None:
    tree = torch.tensor([[0, 1, 0, 2, 1, 3], [1, 0, 2, 0, 3, 1]])
    graph = Data(edge_index=tree, num_nodes=4)
    view = ControllableRewire(0.4, leaders=torch.tensor([0]), seed=0)(graph)
    assert distinct(view.edge_index) == {(0, 1), (0, 2), (2, 3)}
    assert view.control_ratio.tolist() == pytest.approx([1 / 3])


def test_all_leaders() -> None:
    mask = torch.ones(4, dtype=torch.bool)
    free = [
        PrepareControl(mode, leaders="given")(cycle(leader_mask=mask)).control_totals.tolist()
        for mode in MODES
    ]
    assert free == [[[4, 0, 4]], [[4, 4, 4]], [[4, 4, 4]]]


def test_a_data_set_prepares_before_and_loads_views() -> None:
    prepare = PrepareControl("bound", seed=0)
    data = [prepare(cycle(x=torch.ones(4, 1))) for _ in range(6)]
    data.append(prepare(Data(edge_index=CYCLE[:, :0], num_nodes=60, x=torch.ones(60, 1))))
    batch = next(iter(DataLoader(data, batch_size=7)))
    view = ControllableDropEdges(0.5, mode="bound", seed=0)(batch)
    assert view.num_graphs == 7
    assert view.control_ratio.shape == (7,)
    dropped = DropNodes(0.3, seed=0)(view)
    assert len(dropped.control_node_leader) == dropped.num_nodes


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ControllableDropEdges(1.5), ValueError, r"ratio must be in \[0, 1\]"),
        (lambda: ControllableDropEdges("a"), TypeError, "ratio must be a number"),
        (lambda: ControllableDropEdges(0.1, mode="bounds"), ValueError, "did you mean 'bound'"),
        (lambda: ControllableDropEdges(0.1, leaders="degrees"), ValueError, "'degree'"),
        (lambda: ControllableDropEdges(0.1, leaders=3), TypeError, "strategy or a tensor"),
        (lambda: ControllableDropEdges(0.1, num_leaders=0), ValueError, "at least 1"),
        (lambda: ControllableAddEdges(0.1, attributes="zero"), ValueError, "'zeros'"),
        (lambda: PrepareControl(slots=1, num_leaders=2)(cycle()), ValueError, "slots is 1"),
        (lambda: PrepareControl(leaders="given")(cycle()), ValueError, "leader_mask"),
        (
            lambda: PrepareControl()(cycle(edge_weight=-torch.ones(8))),
            ValueError,
            "positive weights",
        ),
        (
            lambda: PrepareControl()(Data(edge_index=CYCLE[:, :4], num_nodes=4)),
            ValueError,
            "both directions",
        ),
        (
            lambda: ControllableAddEdges(0.5, leaders=torch.tensor([0]))(
                cycle(edge_attr=torch.ones(8))
            ),
            ValueError,
            "which edge_attr new edges get",
        ),
        (lambda: PrepareControl()("no"), TypeError, "takes a Data"),
    ],
)
def test_bad_input(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_repr() -> None:
    assert repr(ControllableDropEdges(0.2, seed=1)) == (
        "ControllableDropEdges(0.2, mode='distance', leaders='random', num_leaders=None, "
        "keep_reachable=False, directed=False, seed=1)"
    )
    assert "PrepareControl('bound'" in repr(PrepareControl("bound"))
