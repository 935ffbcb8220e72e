"""Noise in the place of features."""

import pytest
import torch
from torch_geometric.data import Data

from graphcl.augmentations import NoiseFeatures


def graph(nodes: int = 4000) -> Data:
    return Data(x=torch.full((nodes, 3), 9.0), edge_index=torch.empty(2, 0, dtype=torch.int64))


def test_whole_rows_with_the_mean_and_deviation() -> None:
    data = graph()
    view = NoiseFeatures(0.25, mean=1.0, std=2.0, seed=0)(data)
    changed = (view.x != 9).any(dim=1)
    assert 0.22 < float(changed.float().mean()) < 0.28
    assert bool((view.x[changed] != 9).all())
    assert abs(float(view.x[changed].mean()) - 1) < 0.15
    assert abs(float(view.x[changed].std()) - 2) < 0.15
    assert bool((data.x == 9).all())


def test_ends_and_seeds() -> None:
    assert torch.equal(NoiseFeatures(0.0)(graph(5)).x, graph(5).x)
    assert bool((NoiseFeatures(1.0, std=0.0)(graph(5)).x == 0.5).all())
    assert torch.equal(NoiseFeatures(0.5, seed=1)(graph()).x, NoiseFeatures(0.5, seed=1)(graph()).x)
    assert repr(NoiseFeatures(0.5, seed=1)) == "NoiseFeatures(0.5, mean=0.5, std=0.5, seed=1)"


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got 2"):
        NoiseFeatures(2)
    with pytest.raises(ValueError, match="std must be at least 0, got -1"):
        NoiseFeatures(0.5, std=-1)
    with pytest.raises(ValueError, match=r"dense floating-point x of shape .* got torch.int64 \[2"):
        NoiseFeatures(0.5)(Data(x=torch.ones(2, 2, dtype=torch.int64)))
