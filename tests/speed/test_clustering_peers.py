"""The table beside PyAGC: with a library of its interface in its place, and without any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "speed" / "clustering_peers.py"
GRAPH = """
from torch_geometric.data import Data

import graphcl.datasets
from graphcl.datasets import planted_partition

def load(name, root=None):
    return planted_partition(
        60, num_classes=3, average_degree=6.0, homophily=0.9, num_features=8,
        feature_signal=2.0, seed=0,
    ), None

graphcl.datasets.load = load
"""
LIBRARY = """
import sys
import types

import torch

class Model(torch.nn.Module):
    def __init__(self, encoder, **arguments):
        super().__init__()
        self.encoder = encoder
    def train_full(self, data, optimizer, epoch, verbose=True):
        optimizer.zero_grad()
        loss = self.encoder(data.x).square().mean()
        loss.backward()
        optimizer.step()
        return loss.item()
    def infer_full(self, data):
        return self.encoder(data.x)

def create_tuned_gnn(gnn_type, in_channels, hidden_channels, **arguments):
    return torch.nn.Linear(in_channels, hidden_channels)

for name, values in {
    "encoders": {"create_tuned_gnn": create_tuned_gnn},
    "models": {"CCASSG": Model, "DGI": Model, "NS4GC": Model},
    "transforms": {"GSSLTransform": dict},
}.items():
    module = types.ModuleType(f"pyagc.{name}")
    vars(module).update(values)
    sys.modules[f"pyagc.{name}"] = module
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_rows_of_both_sides_and_of_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "pyagc").mkdir()
    (tmp_path / "pyagc" / "__init__.py").write_text(GRAPH + LIBRARY)
    options = ["--seeds", "2", "--epochs", "2", "--peers", "DGI", "--ours"]
    run = [sys.executable, str(SCRIPT), *options]
    for path, wanted in ((tmp_path, " ± "), (tmp_path / "empty", "not installed")):
        output = tmp_path / "report.md"
        subprocess.run(
            [*run, "--peers-path", str(path), "--output", str(output)],
            check=True,
            capture_output=True,
        )
        (line,) = (line for line in output.read_text().splitlines() if "PyAGC DGI" in line)
        assert wanted in line
