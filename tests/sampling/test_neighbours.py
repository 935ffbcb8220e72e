"""The neighbour sampler against PyG's exact neighbourhoods, and its chances against theory."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch_geometric.data import Batch, Data, HeteroData
from torch_geometric.utils import k_hop_subgraph

from graphcl.sampling import NeighbourBatches, num_seeds


def random_graph(num_nodes, num_edges, seed=0):
    """Directed, with self-loops, parallel edges and isolated nodes; fields of all kinds."""
    generator = torch.Generator().manual_seed(seed)
    edge_index = torch.randint(num_nodes, (2, num_edges), generator=generator)
    graph = Data(
        x=torch.arange(num_nodes, dtype=torch.float32)[:, None],
        edge_index=edge_index,
        edge_weight=torch.rand(num_edges, generator=generator),
        edge_attr=torch.arange(2.0 * num_edges).view(num_edges, 2),
        y=torch.arange(num_nodes),
        train_mask=torch.rand(num_nodes, generator=generator) < 0.5,
        name="a graph",
    )
    graph.titles = [f"node {node}" for node in range(num_nodes)]
    graph.ranks = np.arange(num_nodes)
    return graph


graphs = st.builds(random_graph, st.integers(1, 12), st.integers(0, 30), st.integers(0, 50))
fan_outs = st.lists(st.sampled_from([-1, 1, 2, 3]), min_size=1, max_size=3)


@given(graphs, fan_outs, st.integers(1, 5), st.integers(0, 9))
@settings(max_examples=60)
def test_every_batch_is_a_part_of_the_graph(graph, fan_out, batch_size, seed):
    loader = NeighbourBatches(graph, batch_size=batch_size, num_neighbours=fan_out, seed=seed)
    seeds = []
    for batch in loader:
        nodes, edges = batch.n_id, batch.e_id
        seeds.append(nodes[: batch.batch_size])
        assert num_seeds(batch) == batch.batch_size
        assert len(nodes.unique()) == len(nodes) == batch.num_nodes
        assert len(edges.unique()) == len(edges) == batch.num_edges
        assert torch.equal(nodes[batch.edge_index], graph.edge_index[:, edges])
        for key in ("x", "y", "train_mask"):
            assert torch.equal(batch[key], graph[key][nodes])
        for key in ("edge_weight", "edge_attr"):
            assert torch.equal(batch[key], graph[key][edges])
        assert batch.ranks.tolist() == nodes.tolist()
        assert batch.titles == [f"node {node}" for node in nodes.tolist()]
        assert batch.name == "a graph"
        assert batch.validate()
        assert sum(batch.num_sampled_nodes) == len(nodes)
        assert torch.equal(batch.input_id, nodes[: batch.batch_size])
    assert len(seeds) == len(loader)
    assert torch.cat(seeds).sort().values.tolist() == list(range(graph.num_nodes))


@given(graphs, fan_outs, st.integers(0, 9))
@settings(max_examples=60)
def test_fan_out_is_kept_hop_by_hop(graph, fan_out, seed):
    degree = torch.bincount(graph.edge_index[1], minlength=graph.num_nodes)
    for batch in NeighbourBatches(graph, batch_size=3, num_neighbours=fan_out, seed=seed):
        ends = torch.tensor([0, *batch.num_sampled_nodes]).cumsum(0).tolist()
        found = torch.bincount(batch.edge_index[1], minlength=batch.num_nodes)
        for hop, count in enumerate(fan_out):
            nodes = slice(ends[hop], ends[hop + 1])
            most = degree[batch.n_id[nodes]]
            assert torch.equal(found[nodes], most if count == -1 else most.clamp(max=count))
        assert (found[ends[len(fan_out)] :] == 0).all()
        # neighbours of a hop are at most one hop further out
        hop_of = torch.repeat_interleave(
            torch.arange(len(fan_out) + 1), torch.tensor(batch.num_sampled_nodes)
        )
        source, target = batch.edge_index
        assert (hop_of[source] <= hop_of[target] + 1).all()


@given(graphs, st.integers(1, 3), st.integers(1, 4))
@settings(max_examples=60)
def test_all_neighbours_are_pygs_neighbourhood(graph, hops, batch_size):
    for batch in NeighbourBatches(graph, batch_size=batch_size, num_neighbours=[-1] * hops):
        nodes, _, _, edges = k_hop_subgraph(
            batch.n_id[: batch.batch_size],
            hops,
            graph.edge_index,
            num_nodes=graph.num_nodes,
            directed=True,
        )
        assert torch.equal(batch.n_id.sort().values, nodes)
        assert torch.equal(batch.e_id.sort().values, edges.nonzero().squeeze(1))


@pytest.mark.parametrize(("degree", "count"), [(5, 1), (5, 2), (7, 4), (6, 5)])
def test_samples_are_uniform_without_replacement(degree, count):
    """Every set of neighbours is equally likely: chi-square over all sets."""
    draws = 4000
    star = torch.stack([torch.arange(degree), torch.full((degree,), degree)])
    # `draws` stars side by side, so that one batch draws them all
    shift = torch.arange(draws).repeat_interleave(degree) * (degree + 1)
    edge_index = star.repeat(1, draws) + shift
    graph = Data(edge_index=edge_index, num_nodes=draws * (degree + 1))
    centres = torch.arange(draws) * (degree + 1) + degree
    loader = NeighbourBatches(
        graph, batch_size=draws, num_neighbours=[count], nodes=centres, shuffle=False
    )
    batch = next(iter(loader))
    chosen = torch.zeros(draws, degree, dtype=torch.long)
    source, target = batch.n_id[batch.edge_index]
    chosen[target // (degree + 1), source % (degree + 1)] = 1
    assert (chosen.sum(1) == count).all()
    code = (chosen * 2 ** torch.arange(degree)).sum(1)
    sets = [c for c in range(2**degree) if c.bit_count() == count]
    observed = torch.bincount(code, minlength=2**degree)[sets]
    assert chisquare(observed.numpy()).pvalue > 0.001


def test_parallel_edges_are_drawn_as_edges():
    graph = Data(edge_index=torch.tensor([[1, 1, 1, 2], [0, 0, 0, 0]]), num_nodes=3)
    batch = next(iter(NeighbourBatches(graph, num_neighbours=[-1], nodes=[0])))
    assert batch.n_id.sort().values.tolist() == [0, 1, 2]
    assert batch.e_id.tolist() == [0, 1, 2, 3]


def test_directed_edges_are_followed_backwards():
    graph = Data(edge_index=torch.tensor([[0, 1], [1, 2]]), num_nodes=4)
    seen = {
        seed: next(iter(NeighbourBatches(graph, num_neighbours=[2, 2], nodes=[seed]))).n_id.tolist()
        for seed in range(4)
    }
    assert seen == {0: [0], 1: [1, 0], 2: [2, 1, 0], 3: [3]}


def ids(loader):
    return [(batch.n_id.tolist(), batch.e_id.tolist()) for batch in loader]


def test_seed_and_epoch_determine_everything():
    graph = random_graph(60, 400)
    loader = NeighbourBatches(graph, batch_size=16, num_neighbours=(2, 2), seed=3)
    state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = ids(loader)
    assert first == ids(loader)
    loader.set_epoch(1)
    second = ids(loader)
    loader.set_epoch(0)
    assert ids(loader) == first != second
    again = NeighbourBatches(graph, batch_size=16, num_neighbours=(2, 2), seed=3)
    again.set_epoch(1)
    assert ids(again) == second
    other = NeighbourBatches(graph, batch_size=16, num_neighbours=(2, 2), seed=4)
    assert ids(other) != first
    assert torch.equal(torch.get_rng_state(), state[0])
    assert (np.random.get_state()[1] == state[1]).all()  # noqa: NPY002


def test_two_iterations_at_once_do_not_disturb_each_other():
    loader = NeighbourBatches(random_graph(30, 90), batch_size=4, num_neighbours=(2,))
    expected = ids(loader)
    pairs = list(zip(loader, loader, strict=True))
    assert ids(a for a, _ in pairs) == ids(b for _, b in pairs) == expected


def test_nodes_may_be_numbers_or_a_mask():
    graph = random_graph(10, 20)
    mask = torch.zeros(10, dtype=torch.bool)
    mask[[2, 7, 5]] = True
    for nodes, expected in (([7, 2, 5], [7, 2, 5]), (mask, [2, 5, 7]), (None, list(range(10)))):
        loader = NeighbourBatches(graph, batch_size=2, nodes=nodes, shuffle=False)
        seeds = torch.cat([batch.n_id[: batch.batch_size] for batch in loader])
        places = torch.cat([batch.input_id for batch in loader])
        assert seeds.tolist() == expected
        assert places.tolist() == list(range(len(expected)))


def test_last_batch():
    graph = random_graph(10, 20)
    sizes = [batch.batch_size for batch in NeighbourBatches(graph, batch_size=4)]
    assert sizes == [4, 4, 2]
    loader = NeighbourBatches(graph, batch_size=4, drop_last=True)
    assert [batch.batch_size for batch in loader] == [4, 4]
    assert len(loader) == 2


def test_text_tells_what_determines_the_batches():
    graph = random_graph(10, 20)
    text = repr(NeighbourBatches(graph, batch_size=4, nodes=[1, 2], seed=9))
    assert "nodes=2 of 10 (" in text
    for part in ("batch_size=4", "seed=9", "num_neighbours=(10, 10)", "shuffle=True"):
        assert part in text
    assert text != repr(NeighbourBatches(graph, batch_size=4, nodes=[1, 3], seed=9))


def test_input_is_not_modified():
    graph = random_graph(10, 20)
    before = graph.clone()
    for batch in NeighbourBatches(graph, batch_size=4):
        batch.x.zero_()
        batch.edge_weight.zero_()
    assert set(graph.keys()) == set(before.keys())
    assert torch.equal(graph.x, before.x)
    assert torch.equal(graph.edge_weight, before.edge_weight)


def test_the_number_of_nodes_is_never_guessed():
    edges = torch.tensor([[0], [1]])
    with pytest.raises(ValueError, match=r"number of nodes is unknown.*Set data\.num_nodes"):
        NeighbourBatches(Data(edge_index=edges))
    loader = NeighbourBatches(Data(edge_index=edges, num_nodes=5), shuffle=False)
    assert next(iter(loader)).n_id.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (HeteroData(), TypeError, "data must be one graph, a Data, got HeteroData"),
        (
            Batch.from_data_list([random_graph(3, 4)]),
            TypeError,
            "data must be one graph, a Data, got DataBatch",
        ),
        (Data(x=torch.ones(2, 1)), ValueError, r"data\.edge_index is missing"),
        (
            Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [5]])),
            ValueError,
            "values from 0 to 5; with 2 nodes they must be from 0 to 1",
        ),
        (
            Data(x=torch.ones(2, 1), edge_index=torch.ones(2, 1)),
            ValueError,
            r"whole numbers in shape \[2, edges\], got torch.float32 in shape \[2, 1\]",
        ),
        (
            Data(x=torch.eye(2).to_sparse(), edge_index=torch.tensor([[0], [1]])),
            ValueError,
            r"data\.x is sparse .* use data\.x\.to_dense\(\)",
        ),
    ],
)
def test_bad_graphs_are_named(data, error, message):
    with pytest.raises(error, match=message):
        NeighbourBatches(data)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"num_neighbours": 10}, TypeError, r"one number for each hop, such as \(10, 10\), got 10"),
        ({"num_neighbours": []}, ValueError, "at least one hop, got none"),
        ({"num_neighbours": [5, 0]}, ValueError, "-1 .all. or at least 1 for each hop, got 0"),
        ({"num_neighbours": [-2]}, ValueError, "num_neighbours must be at least -1, got -2"),
        ({"nodes": [0, 9]}, ValueError, "nodes has values from 0 to 9; with 4 nodes"),
        ({"nodes": [1, 1]}, ValueError, "nodes names node 1 more than once"),
        ({"nodes": [0.5]}, ValueError, r"nodes must be whole numbers \[S\] or a mask \[N\]"),
        ({"nodes": torch.ones(3).bool()}, ValueError, r"as a mask, must have shape \[4\], got \[3"),
        ({"nodes": torch.zeros(4).bool()}, ValueError, "there is no batch: 0 seed nodes"),
        ({"drop_last": True}, ValueError, "there is no batch: 4 seed nodes, batch_size 1024"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False, got 1"),
        ({"seed": -1}, ValueError, "seed must be from 0"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        NeighbourBatches(random_graph(4, 6), **arguments)
