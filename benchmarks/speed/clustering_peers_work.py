"""Training of PyAGC's methods and of ours, as functions that a process of its own can call."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import yaml
from measure import peak_mib, reset_peak, resident_mib
from torch import Tensor

# benchmark/<method>/train.conf.yaml of Cloudy1225/PyAGC, section Cora over section default (the
# package has no settings in it). Both views are corrupted alike.
_PEER_DEFAULTS: dict[str, Any] = {"num_layers": 2, "learning_rate": 1e-3, "weight_decay": 0.0}
PEERS: dict[str, dict[str, Any]] = {
    "NS4GC": {
        **_PEER_DEFAULTS,
        "hidden_channels": 64,
        "act": "relu",
        "weight_decay": 1e-5,
        "epochs": 200,
        "drop_edges": 0.3,
        "mask_features": 0.2,
        "model": {"s": 0.6, "tau": 0.1, "lam": 1.0, "gam": 1.0},
    },
    "CCA-SSG": {
        **_PEER_DEFAULTS,
        "hidden_channels": 512,
        "act": "relu",
        "epochs": 50,
        "drop_edges": 0.4,
        "mask_features": 0.1,
        "model": {"lam": 1e-3},
    },
    "DGI": {
        **_PEER_DEFAULTS,
        "hidden_channels": 512,
        "num_layers": 1,
        "act": "prelu",
        "act_last": True,
        "epochs": 300,
        "model": {},
    },
}
PATIENCE = 50


@dataclass
class Trainings:
    """What the trainings of a row cost and gave."""

    acc: list[float] = field(default_factory=list)
    nmi: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    peak_mib: float = 0.0
    total_mib: float = 0.0

    def run(self, graph: Any, seeds: int, train: Callable[[int], tuple[Tensor, int]]) -> None:
        """Train with each seed, then score all rows: k-means must not count as training."""
        from graphcl.evaluation import evaluate

        before = resident_mib()
        reset_peak()
        found = []
        for seed in range(seeds):
            processor, wall = time.process_time(), time.perf_counter()
            rows, epochs = train(seed)
            self.processor.append(time.process_time() - processor)
            self.wall.append(time.perf_counter() - wall)
            self.epochs.append(epochs)
            found.append(rows)
        self.total_mib = peak_mib()
        self.peak_mib = self.total_mib - before
        for seed, rows in enumerate(found):
            scores = evaluate("P-CLU", rows, graph, seed)
            self.acc.append(scores["acc"])
            self.nmi.append(scores["nmi"])


def train_ours(
    name: str, dataset: str, data: str | None, seeds: int, epochs: int | None
) -> dict[str, Any]:
    """A method of the registry with its settings for the data set.

    What follows its name changes them: "pamc-gnn temperature=0.5".
    """
    from graphcl.datasets import load
    from graphcl.methods import create_method
    from graphcl.training import fit

    graph, _ = load(dataset, data)
    name, *pairs = name.split()
    changes = {key: yaml.safe_load(value) for key, value in (pair.split("=") for pair in pairs)}

    def train(seed: int) -> tuple[Tensor, int]:
        changed = dict(changes)
        if epochs is not None and name not in ("raw", "ssgc"):
            changed["epochs"] = epochs
        method, settings = create_method(name, graph, dataset=dataset, seed=seed, **changed)
        run = 0
        if method.trained:
            run = fit(method, graph, settings=settings, seed=seed, device="cpu").epochs_run
        return method.embed(graph), run

    trainings = Trainings()
    trainings.run(graph, seeds, train)
    return vars(trainings)


def train_peer(
    name: str,
    dataset: str,
    data: str | None,
    seeds: int,
    epochs: int | None,
    peers_path: str | None,
    normalized: bool,
) -> dict[str, Any]:
    """A method of PyAGC with its settings for Cora, trained as its scripts do."""
    if dataset != "Cora":
        raise ValueError(f"dataset must be Cora, for which PyAGC's settings are here: {dataset!r}")
    if peers_path is not None:
        sys.path.append(peers_path)
    import pyagc  # noqa: F401  (a missing one is a result)
    from torch_geometric.data import Data
    from torch_geometric.transforms import NormalizeFeatures

    from graphcl.datasets import load

    graph, _ = load(dataset, data)
    settings = PEERS[name]
    given = Data(x=graph.x.clone(), edge_index=graph.edge_index)
    if normalized:
        given = NormalizeFeatures()(given)

    def train(seed: int) -> tuple[Tensor, int]:
        torch.manual_seed(seed)
        model = build_peer(name, given.num_features)
        optimizer = torch.optim.Adam(
            model.parameters(),
            lr=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
        )
        lowest, waited, best = float("inf"), 0, copy.deepcopy(model.state_dict())
        epoch = 0
        for epoch in range(1, (epochs or settings["epochs"]) + 1):
            loss = float(model.train_full(given, optimizer, epoch, verbose=False))
            waited += 1
            if loss < lowest:
                lowest, waited, best = loss, 0, copy.deepcopy(model.state_dict())
            if waited >= PATIENCE:
                break
        model.load_state_dict(best)
        model.eval()
        with torch.no_grad():
            return model.infer_full(given).float(), epoch

    trainings = Trainings()
    trainings.run(graph, seeds, train)
    return vars(trainings)


def build_peer(name: str, num_features: int) -> Any:
    """The model that PyAGC's script of that name builds for Cora."""
    from pyagc.encoders import create_tuned_gnn
    from pyagc.models import CCASSG, DGI, NS4GC
    from pyagc.transforms import GSSLTransform

    settings = PEERS[name]
    encoder = create_tuned_gnn(
        gnn_type="gcn",
        in_channels=num_features,
        hidden_channels=settings["hidden_channels"],
        num_layers=settings["num_layers"],
        act=settings["act"],
        act_last=settings.get("act_last", False),
        normalize=True,
        cached=True,  # as its configuration says, also for views with dropped edges
    )
    if name == "DGI":
        return DGI(hidden_channels=settings["hidden_channels"], encoder=encoder)
    views = [
        GSSLTransform(p_feat_mask=settings["mask_features"], p_edge_drop=settings["drop_edges"])
        for _ in range(2)
    ]
    model = {"NS4GC": NS4GC, "CCA-SSG": CCASSG}[name]
    return model(encoder=encoder, transform1=views[0], transform2=views[1], **settings["model"])
