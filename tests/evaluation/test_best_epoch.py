from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data

from graphcl.evaluation import BestEpoch, evaluate

DATA = Data(
    x=torch.eye(6),
    y=torch.tensor([0, 0, 1, 1, 2, -1]),
    edge_index=torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]]),
)


def test_each_measure_has_its_own_best_epoch() -> None:
    best = BestEpoch(DATA)
    assert (best.num_classes, best.metrics) == (3, {})
    best.see(1, torch.tensor([0, 0, 1, 1, 0, 5]))  # ACC 0.8
    best.compare(2, {"acc": 0.7, "nmi": 0.99})
    best.compare(3, {"acc": 0.8, "nmi": 0.5})  # among equals the earliest
    assert best.metrics == {
        "acc_best_epoch": pytest.approx(0.8),
        "acc_best_epoch_at": 1.0,
        "nmi_best_epoch": 0.99,
        "nmi_best_epoch_at": 2.0,
    }
    with pytest.raises(ValueError, match="6"):
        best.see(4, torch.tensor([0, 1]))


def test_own_clusters_are_scored_as_they_are() -> None:
    rows = torch.rand(6, 2)
    perfect = evaluate("P-OWNCLU", rows, DATA, 0, assignment=DATA.y.clamp(min=0))
    assert (perfect["acc"], perfect["nmi"], perfect["clusters"]) == (1.0, 1.0, 3.0)
    assert "modularity" in perfect
    # without clusters of its own: as P-CLU
    assert evaluate("P-OWNCLU", rows, DATA, 0) == evaluate("P-CLU", rows, DATA, 0)


def test_no_other_protocol_takes_clusters() -> None:
    with pytest.raises(ValueError, match="assignment is for P-OWNCLU alone, P-CLU does not read"):
        evaluate("P-CLU", torch.rand(6, 2), DATA, 0, assignment=DATA.y)
