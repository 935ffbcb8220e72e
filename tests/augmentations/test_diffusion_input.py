"""What diffusions refuse, and how they print."""

from __future__ import annotations

import math

import pytest
import torch
from torch_geometric.data import Data, HeteroData

from graphcl.augmentations import HeatDiffusion, PPRDiffusion


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.0, "top_k": 1}, "alpha must be above 0 and at most 1, got 0"),
        ({"alpha": 1.1, "top_k": 1}, "alpha must be above 0 and at most 1, got 1.1"),
        ({}, "either top_k or threshold, got top_k=None, threshold=None"),
        ({"top_k": 1, "threshold": 0.1}, "either top_k or threshold"),
        ({"top_k": 0}, "top_k must be at least 1, got 0"),
        ({"threshold": 0.0}, "threshold must be above 0, got 0"),
        ({"top_k": 1, "dim": 2}, "dim must be from 0 to 1, got 2"),
        ({"top_k": 1, "epsilon": -1.0}, "epsilon must be above 0, got -1"),
        ({"threshold": 0.1, "epsilon": 0.2}, "epsilon must not exceed threshold=0.1"),
        ({"top_k": 1, "normalization_in": "rows"}, "unknown normalization_in 'rows'; did you"),
        ({"top_k": 1, "normalization_out": "x"}, "unknown normalization_out 'x'. Known: col"),
        ({"top_k": 1, "edge_fields": "keep"}, "unknown edge_fields 'keep'"),
        ({"top_k": 1, "self_loop_weight": -1}, "self_loop_weight must be 0 or more, or None"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PPRDiffusion(**arguments)


def test_bad_types() -> None:
    with pytest.raises(TypeError, match=r"top_k must be a whole number, got 1\.5"):
        PPRDiffusion(top_k=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="t must be 0 or more, got -1"):
        HeatDiffusion(-1.0, top_k=1)
    with pytest.raises(ValueError, match="t must be finite"):
        HeatDiffusion(math.inf, top_k=1)
    with pytest.raises(TypeError, match="Data or a Batch of Data, got HeteroData"):
        PPRDiffusion(top_k=1)(HeteroData())


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (Data(x=torch.ones(2, 1)), "needs data.edge_index"),
        (Data(edge_index=torch.tensor([[0], [1]])), "neither x nor num_nodes"),
        (Data(edge_index=torch.tensor([[0], [2]]), num_nodes=2), "values from 0 to 2"),
        (
            Data(edge_index=torch.tensor([[0], [1]]), edge_weight=torch.ones(2), num_nodes=2),
            r"edge_weight must be of shape \[1\], got \[2\]",
        ),
        (
            Data(edge_index=torch.tensor([[0], [1]]), edge_weight=-torch.ones(1), num_nodes=2),
            "finite and 0 or more, got values from -1.0 to -1.0",
        ),
        (
            Data(
                edge_index=torch.tensor([[0], [1]]),
                edge_weight=torch.tensor([math.nan]),
                num_nodes=2,
            ),
            "finite and 0 or more",
        ),
    ],
)
@pytest.mark.parametrize("transform", [PPRDiffusion(top_k=1), HeatDiffusion(1.0, top_k=1)])
def test_graphs_that_have_no_diffusion(transform: PPRDiffusion, graph: Data, message: str) -> None:
    with pytest.raises(ValueError, match=f"{type(transform).__name__}.*{message}"):
        transform(graph)


def test_repr() -> None:
    assert repr(PPRDiffusion(0.2, top_k=32)) == (
        "PPRDiffusion(0.2, top_k=32, dim=0, epsilon=0.002, normalization_in='sym', "
        "normalization_out='col', self_loop_weight=1)"
    )
    assert repr(HeatDiffusion(3, threshold=1e-3)) == (
        "HeatDiffusion(3, threshold=0.001, dim=0, epsilon=0.0001, normalization_in='sym', "
        "normalization_out='col', self_loop_weight=1)"
    )
