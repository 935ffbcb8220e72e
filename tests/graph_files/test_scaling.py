"""Features brought into the form that a method was trained on."""

from pathlib import Path

import networkx as nx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphcl.graph_files import FeatureScaling, read_graph, structural_features, structural_names

NAMES = ("age", "plays", "height")


def table(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    return table(tmp_path / "e.csv", "source,target", "1,2", "2,3")


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.permutations(range(3)))
def test_order_of_columns_does_not_matter(values: list[float], order: list[int]) -> None:
    column = torch.tensor(values)
    x = torch.stack([column, column**2 / 1e6, torch.ones(len(values))], dim=1)
    scaling = FeatureScaling.standard(x, NAMES)
    scaled = scaling.apply(x)
    assert scaled.dtype == x.dtype
    assert scaled.isfinite().all()
    other = scaling.apply(x[:, order], tuple(NAMES[i] for i in order))
    assert torch.equal(other, scaled)
    assert torch.equal(scaling.apply(x), scaled)  # without names: the same order


def test_statistics_are_those_of_the_training() -> None:
    scaling = FeatureScaling.standard(torch.tensor([[0.0, 4.0], [10.0, 4.0]]), ("a", "b"))
    assert scaling.apply(torch.tensor([[20.0, 9.0]])).tolist() == [[3.0, 0.0]]
    assert scaling.ignored(torch.tensor([[1.0, 9.0], [1.0, 8.0]])) == ("b",)
    assert scaling.ignored(torch.tensor([[1.0, 9.0], [2.0, 9.0]])) == ()
    assert FeatureScaling(("a", "b")).apply(torch.eye(2), ("b", "a")).tolist() == [[0, 1], [1, 0]]
    assert FeatureScaling().apply(torch.eye(2)).tolist() == [[1, 0], [0, 1]]


def test_other_columns_are_refused() -> None:
    scaling = FeatureScaling.standard(torch.eye(3), NAMES)
    with pytest.raises(ValueError, match=r"missing: plays; not learned from: income\)"):
        scaling.apply(torch.eye(3), ("age", "height", "income"))
    with pytest.raises(ValueError, match="features have width 2, those of the training 3"):
        scaling.apply(torch.eye(2))


def test_read_graph_takes_the_scaling_of_another_graph(tmp_path: Path, edges: Path) -> None:
    first = read_graph(
        table(tmp_path / "a.csv", "id,age,x", "1,20,1", "2,40,1", "3,30,4"), edges=edges
    )
    assert first.scaling is None  # nothing is scaled unless it is asked for
    scaling = FeatureScaling.standard(first.data.x, first.feature_names)
    other = table(tmp_path / "b.csv", "id,x,age", "1,1,50", "2,1,30", "3,4,30")
    second = read_graph(other, edges=edges, scaling=scaling)
    assert second.feature_names == ("age", "x")
    assert second.data.x[0, 0] == pytest.approx((50 - 30) / scaling.deviation[0].item())
    assert second.data.x[1, 0] == 0
    assert "columns put into the order of the training: age, x" in second.notes
    wrong = table(tmp_path / "c.csv", "id,age,y", "1,1,50", "2,1,30", "3,4,30")
    with pytest.raises(ValueError, match=r"c.csv: .* \(missing: x; not learned from: y\)"):
        read_graph(wrong, edges=edges, scaling=scaling)


def test_structural_features_of_two_graphs_compare(tmp_path: Path) -> None:
    """The same node in a small and in a large graph of one kind gets about the same row."""
    for size in (100, 400):
        nx.write_graphml(nx.circulant_graph(size, [1, 2]), tmp_path / f"{size}.graphml")
        graph = nx.powerlaw_cluster_graph(size, 3, 0.3, seed=1)
        nx.write_graphml(graph, tmp_path / f"power-{size}.graphml")
    small = read_graph(tmp_path / "power-100.graphml")
    assert small.scaling is not None
    assert small.scaling.names == structural_names()
    again = read_graph(tmp_path / "power-100.graphml", scaling=small.scaling)
    assert torch.equal(again.data.x, small.data.x)
    large = read_graph(tmp_path / "power-400.graphml", scaling=small.scaling)
    own = read_graph(tmp_path / "power-400.graphml")
    assert not torch.equal(large.data.x, own.data.x)
    deviations = large.data.x.std(0)[[0, 3, 5, *range(6, 14)]]
    assert ((deviations > 0.3) & (deviations < 3)).all(), deviations
    ring = read_graph(tmp_path / "100.graphml")
    mixed = read_graph(tmp_path / "power-100.graphml", scaling=ring.scaling)
    assert (mixed.data.x[:, 0] == 0).all()
    assert any("constant in training, so they do not count: log_deg" in n for n in mixed.notes)


def test_unscaled_structural_features_do_not_know_units() -> None:
    edge_index = torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]])
    once = structural_features(edge_index, 4, standardize=False)
    assert once.dtype == torch.float64
    grams = structural_features(
        edge_index, 4, edge_weight=torch.full((6,), 1000.0), standardize=False
    )
    torch.testing.assert_close(once, grams)
