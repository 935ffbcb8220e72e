"""DGI against the equations of the paper, written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch_geometric.data import Data

from graphcl.evaluation import evaluate
from graphcl.methods import DGI, create_method, load_method, save_method, settings_source
from graphcl.nn import normalized_adjacency
from graphcl.sampling import NeighbourBatches
from graphcl.training import TrainingSettings, fit


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def written_out(method: Any, x: torch.Tensor, order: torch.Tensor, edges: torch.Tensor) -> Any:
    """Equations 1, 4 and 5, with the rows of the features permuted."""
    (layer,) = method.encoder.layers
    a = normalized_adjacency(edges, len(x)).to_dense()

    def rows(features: torch.Tensor) -> torch.Tensor:
        return method.encoder.activation[0](a @ features @ layer.lin.weight.T + layer.bias)

    real, shuffled = rows(x), rows(x[order])
    summary = real.mean(0).sigmoid()
    scores = torch.cat([real, shuffled]) @ method.score.weight @ summary + method.score.bias
    labels = torch.cat([torch.ones(len(x)), torch.zeros(len(x))])
    return cross_entropy(scores, labels)


def test_the_loss_is_twice_the_papers_in_value_and_gradient(graph: Data) -> None:
    method = DGI(6, width=4, normalize_features=False)
    with torch.no_grad():
        method.score.weight.mul_(30)
        method.score.bias.fill_(0.3)
    torch.manual_seed(3)
    found = method.loss(graph)
    found.backward()
    ours = {name: p.grad.clone() for name, p in method.named_parameters()}  # type: ignore[union-attr]
    torch.manual_seed(3)
    order = torch.randperm(12)
    method.zero_grad()
    # Moving node j to order[j] gives node i the features of order's inverse.
    expected = 2 * written_out(method, graph.x, order, graph.edge_index)
    torch.testing.assert_close(found, expected - 2 * torch.tensor(2.0).log())
    expected.backward()
    for name, parameter in method.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad)


def test_the_form_starts_as_small_as_the_authors() -> None:
    torch.manual_seed(0)
    score = DGI(3, width=64).score
    bound = (6 / (64 * 64 + 64)) ** 0.5
    assert 0.95 * bound < float(score.weight.detach().abs().max()) <= bound
    assert score.bias.tolist() == [0.0]


def test_planted_classes_are_found(planted: Data) -> None:
    method, settings = create_method(
        "dgi", planted, seed=0, width=16, epochs=40, learning_rate=0.03, normalize_features=False
    )
    history = fit(method, planted, settings=settings)
    assert min(history.losses) < history.losses[0] - 0.1
    assert evaluate("P-CLU", method.embed(planted), planted, 0)["acc"] > 0.85


def test_it_stops_when_the_loss_no_longer_falls(planted: Data) -> None:
    method, settings = create_method("dgi", planted, seed=0, width=4, learning_rate=0.5, patience=3)
    history = fit(method, planted, settings=settings)
    assert history.stopped_early
    assert history.epochs_run < 500


@pytest.mark.parametrize(
    "choice",
    [
        {"loss": "info-nce"},
        {"loss": "info-nce", "negatives": {"name": "hard", "beta": 1.0}},
        {"loss": {"name": "info-nce", "normalize": False}},
        {"loss": "simple"},
        {"loss": "jensen-shannon"},
    ],
    ids=str,
)
def test_every_loss_of_pairs_plugs_in(planted: Data, choice: dict[str, Any]) -> None:
    method, settings = create_method("dgi", planted, seed=0, width=8, epochs=5, **choice)
    losses = fit(method, planted, settings=settings).losses
    assert losses[-1] != losses[0]
    assert method.embed(planted).isfinite().all()


def test_a_batch_of_everything_is_the_whole_graph(planted: Data) -> None:
    method = DGI(8, width=5, layers=2)
    method.setup(planted)
    batch = next(iter(NeighbourBatches(planted, batch_size=90, num_neighbours=[-1, -1], seed=0)))
    torch.manual_seed(1)
    found = method.loss(batch)
    torch.manual_seed(1)
    order = torch.randperm(90)
    shuffled = method.encoder(method.features.of(batch)[order], batch.edge_index)
    rows = method.encoder(method.features.of(batch), batch.edge_index)
    torch.testing.assert_close(found, method.contrast(rows, rows, shuffled))
    small = NeighbourBatches(planted, batch_size=20, num_neighbours=[3], seed=0)
    history = fit(method, planted, settings=TrainingSettings(epochs=2), loader=small)
    assert all(map(torch.isfinite, map(torch.tensor, history.losses)))


def test_saved_and_loaded_it_embeds_alike(planted: Data, tmp_path: Any) -> None:
    method, _ = create_method("dgi", planted, seed=0, width=8, loss="info-nce")
    save_method(tmp_path / "dgi.pt", method)
    assert torch.equal(load_method(tmp_path / "dgi.pt").embed(planted), method.embed(planted))


def test_settings_are_published_ones_and_bad_choices_are_refused(planted: Data) -> None:
    assert "PetarV-/DGI" in settings_source("dgi", "Cora")
    method, settings = create_method("dgi", planted, dataset="Cora")
    assert (settings.epochs, settings.patience, method.configuration["width"]) == (10_000, 20, 512)
    assert create_method("dgi", planted, dataset="Photo")[1].epochs == 300
    with pytest.raises(ValueError, match=r"loss must use pairs, .* 'barlow-twins' does not"):
        DGI(3, loss="barlow-twins")
    with pytest.raises(ValueError, match="loss must not contrast a view with itself"):
        DGI(3, loss="nt-xent")
    with pytest.raises(ValueError, match="negatives: clusters needs two rows of the same kind"):
        DGI(3, loss="info-nce", negatives="clusters")
    with pytest.raises(ValueError, match="the loss jensen-shannon weighs no negatives"):
        DGI(3, negatives="hard")
    with pytest.raises(ValueError, match="triplet takes one positive, but a summary has as many"):
        DGI(3, loss="triplet")
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        DGI(3, layers=0)
    with pytest.raises(TypeError, match="normalize_features must be true or false, got 1"):
        DGI(3, normalize_features=1)  # type: ignore[arg-type]
