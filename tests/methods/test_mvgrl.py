"""MVGRL at node and at graph level, against the equations written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import softplus
from torch_geometric.data import Batch, Data

from graphcl.evaluation import evaluate
from graphcl.methods import MVGRL, MVGRLGraphs, create_method, load_method, save_method
from graphcl.nn import normalized_adjacency
from graphcl.sampling import NeighbourBatches, NodeBatches
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph

EXACT: dict[str, Any] = {"top_k": 64, "epsilon": 1e-7}


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def pagerank(edges: torch.Tensor, size: int, alpha: float = 0.2) -> torch.Tensor:
    walk = normalized_adjacency(edges, size).to_dense()
    return alpha * torch.linalg.inv(torch.eye(size) - (1 - alpha) * walk)


def gcn(encoder: Any, matrix: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    (layer,) = encoder.layers
    rows: torch.Tensor = encoder.activation(matrix @ x @ layer.lin.weight.T + layer.bias)
    return rows


def test_the_loss_is_twice_the_authors(graph: Data) -> None:
    method = MVGRL(6, width=4, **EXACT)
    with torch.no_grad():
        method.score.weight.mul_(30)
        method.score.bias.fill_(-0.2)
    torch.manual_seed(2)
    found = method.loss(graph)
    torch.manual_seed(2)
    order = torch.randperm(12)
    a = normalized_adjacency(graph.edge_index, 12).to_dense()
    s = pagerank(graph.edge_index, 12)
    h1, h3 = (gcn(method.encoder, a, x) for x in (graph.x, graph.x[order]))
    h2, h4 = (gcn(method.diffusion_encoder, s, x) for x in (graph.x, graph.x[order]))
    c1, c2 = h1.mean(0).sigmoid(), h2.mean(0).sigmoid()
    form = method.score
    scores = [h @ form.weight @ c + form.bias for h, c in ((h2, c1), (h1, c2), (h4, c1), (h3, c2))]
    labels = torch.cat([torch.ones(24), torch.zeros(24)])
    expected = 2 * cross_entropy(torch.cat(scores), labels) - 2 * torch.tensor(2.0).log()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(method.embed(graph), (h1 + h2).detach(), rtol=1e-4, atol=1e-4)


def test_columns_are_scaled_to_their_largest_entry(graph: Data) -> None:
    options: dict[str, Any] = {"threshold": 0.05, "top_k": None, "epsilon": 1e-6}
    index, weight = MVGRL(6, scale_columns=True, **options).diffused.of(graph)
    dense = pagerank(graph.edge_index, 12)
    dense = torch.where(dense >= 0.05, dense, 0)
    expected = dense / dense.amax(0)
    found = torch.zeros(12, 12).index_put((index[1], index[0]), weight)  # from source to target
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_the_diffusion_is_found_once_for_a_graph(graph: Data) -> None:
    method = MVGRL(6, width=4)
    method.setup(graph)
    first = method.diffused.of(graph)
    method.loss(graph)
    assert method.diffused.of(graph) is first
    other = make_graph(num_nodes=5, seed=7)
    assert method.embed(other).shape == (5, 4)


def test_planted_classes_are_found(planted: Data) -> None:
    method, settings = create_method(
        "mvgrl", planted, seed=0, width=16, epochs=40, learning_rate=0.03, top_k=20
    )
    history = fit(method, planted, settings=settings)
    assert min(history.losses) < history.losses[0] - 0.1
    assert evaluate("P-CLU", method.embed(planted), planted, 0)["acc"] > 0.85


def test_batches_cut_the_diffusion_of_the_whole_graph(planted: Data, tmp_path: Any) -> None:
    method: Any
    method, _ = create_method("mvgrl", planted, seed=0, width=8, top_k=20)
    (batch,) = NodeBatches(planted, shuffle=True, seed=1)
    with pytest.raises(ValueError, match=r"a mini-batch needs setup\(graph\) first, and n_id"):
        method.loss(batch)
    method.setup(planted)
    index, weight = method.diffused.of(batch)
    whole_index, whole_weight = method.diffused.of(planted)
    dense, whole = torch.zeros(2, 90, 90)
    dense[tuple(batch.n_id[index])] = weight
    whole[tuple(whole_index)] = whole_weight
    torch.testing.assert_close(dense, whole)
    for loader in (
        NodeBatches(planted, batch_size=30),
        NeighbourBatches(planted, batch_size=30, num_neighbours=[4]),
    ):
        history = fit(method, planted, settings=TrainingSettings(epochs=2), loader=loader)
        assert all(map(torch.isfinite, map(torch.tensor, history.losses)))
    save_method(tmp_path / "mvgrl.pt", method)
    assert torch.equal(load_method(tmp_path / "mvgrl.pt").embed(planted), method.embed(planted))


def test_graph_level_loss_and_embedding_are_the_authors(graphs: list[Data]) -> None:
    method: Any = MVGRLGraphs(6, width=4, layers=2, **EXACT)
    nodes: list[list[torch.Tensor]] = [[], []]
    sums: list[list[torch.Tensor]] = [[], []]
    for graph in graphs:
        size = len(graph.x)
        views = (normalized_adjacency(graph.edge_index, size).to_dense(),
                 pagerank(graph.edge_index, size))  # fmt: skip
        for view, (stack, matrix) in enumerate(
            zip((method.encoder, method.diffusion_encoder), views, strict=True)
        ):
            first = gcn(stack.layers[0], matrix, graph.x)
            second = gcn(stack.layers[1], matrix, first)
            nodes[view].append(method.node_head(second))
            sums[view].append(torch.cat([first.sum(0), second.sum(0)]))
    heads = [method.graph_head(torch.stack(each)) for each in sums]
    torch.testing.assert_close(
        method.embed(graphs), (heads[0] + heads[1]).detach(), rtol=1e-4, atol=1e-4
    )
    expected = torch.tensor(0.0)
    owner = torch.repeat_interleave(torch.arange(3), torch.tensor([3, 5, 9]))
    for local, other in ((nodes[0], heads[1]), (nodes[1], heads[0])):
        scores = torch.cat(local) @ other.T
        own = torch.zeros(17, 3, dtype=torch.bool)
        own[torch.arange(17), owner] = True
        expected = expected + softplus(scores[~own]).mean() + softplus(-scores[own]).mean()
    expected = expected - 4 * torch.tensor(2.0).log()
    torch.testing.assert_close(method.loss(graphs), expected, rtol=1e-4, atol=1e-4)
    prepared = method.prepare(graphs)
    torch.testing.assert_close(method.loss(Batch.from_data_list(prepared)), method.loss(graphs))
    assert "diffusion_index" not in graphs[0]


def test_graphs_train_and_edge_cases_do(graphs: list[Data], tmp_path: Any) -> None:
    lonely = Data(x=torch.rand(1, 6), edge_index=torch.empty(2, 0, dtype=torch.long))
    many = [*graphs, lonely] * 2
    method, settings = create_method("mvgrl", many, seed=0, width=8, batch_size=4, epochs=6)
    history = fit(method, many, settings=settings)
    assert history.losses[-1] < history.losses[0]
    save_method(tmp_path / "graphs.pt", method)
    assert torch.equal(load_method(tmp_path / "graphs.pt").embed(many), method.embed(many))
    assert method.loss([lonely]).isfinite()
    again, _ = create_method("mvgrl", many, seed=0, width=8)
    fit(again, many, settings=settings)
    assert torch.equal(again.embed(many), method.embed(many))


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha must be above 0 and at most 1, got 0"):
        MVGRL(3, alpha=0)
    with pytest.raises(ValueError, match="give either top_k or threshold"):
        MVGRL(3, threshold=0.1)
    with pytest.raises(TypeError, match="scale_columns must be true or false"):
        MVGRL(3, scale_columns=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="loss must use pairs"):
        MVGRLGraphs(3, loss="vicreg")
    with pytest.raises(ValueError, match="loss must not contrast a view with itself"):
        MVGRLGraphs(3, loss="nt-xent")
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        MVGRLGraphs(3, layers=0)
