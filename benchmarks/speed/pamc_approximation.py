"""How far meta-nodes are from the exact sum over all nodes: level and direction of the gradient.

    python benchmarks/speed/pamc_approximation.py --output benchmarks/results/pamc-approximation.md

Embeddings are made without labels; nothing is trained on the loss. Data: --data, $GRAPHCL_DATA.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from options import write
from tables import number, provenance, table
from torch import Tensor

from graphcl.clustering import kmeans
from graphcl.contrast import Block, Mask, Rows, unit_rows
from graphcl.datasets import load, planted_partition
from graphcl.losses import PamCLoss
from graphcl.losses.pamc_official import official_terms
from graphcl.methods import SSGC
from graphcl.negatives import MetaNodes
from graphcl.nn import Autoencoder, pretrain_autoencoder

TEMPERATURES = (4.0, 2.0, 1.0, 0.5, 0.2, 0.1)
ORDERS = ("first", "second", "second_exp")
WIDTH = 32


def smoothed(data: Any) -> Tensor:
    """SSGC's rows about their mean, on their first principal components."""
    rows = SSGC(data.x.size(1)).embed(data).double()
    rows = rows - rows.mean(0)
    torch.manual_seed(0)
    directions = torch.pca_lowrank(rows, WIDTH, center=False)[2]
    return rows @ directions


def coded(data: Any, epochs: int) -> Tensor:
    """The code of the autoencoder before SDCN's and PamC's clustering, 10 wide."""
    torch.manual_seed(0)
    model = Autoencoder(data.x.size(1))
    pretrain_autoencoder(model, data.x, epochs=epochs)
    with torch.no_grad():
        return model(data.x).double()


def planted(num_nodes: int) -> Any:
    return planted_partition(
        num_nodes,
        num_classes=10,
        average_degree=10.0,
        homophily=0.8,
        num_features=64,
        feature_signal=1.0,
        seed=0,
    )


def main() -> None:
    options = parse()
    parts = [
        "# Error of meta-nodes against the exact denominator",
        provenance(options.remark),
        "Each entry: mean over nodes of log(approximate) - log(exact), then the cosine of the "
        "gradient of the mean log-denominator (with respect to the embeddings) with that of the "
        "exact one. `official`, the authors' cluster-to-cluster term, has log(N / K) added, so "
        "that the levels can be compared; `length`: of its gradient, over that of the exact one. "
        "`bound` is the proven bound on the first order's error of any node. float64; clusters by "
        "k-means of the unit rows, K as given.",
    ]
    for name, rows in embeddings(options):
        for num_clusters in options.clusters:
            parts += section(name, rows, num_clusters)
            write(parts, options.output)
    print(write(parts, options.output))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--only", nargs="+", default=["Cora", "ACM", "planted"])
    parser.add_argument("--clusters", type=int, nargs="+", default=[3, 10, 50], help="K")
    parser.add_argument("--planted-nodes", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=30, help="of ACM's autoencoder")
    parser.add_argument("--remark", default="", help="about the machine, goes into the report")
    parser.add_argument("--output", type=Path, help="write the report (Markdown) here")
    return parser.parse_args()


def embeddings(options: argparse.Namespace) -> list[tuple[str, Tensor]]:
    makers = {
        "Cora": lambda: smoothed(load("Cora", options.data)[0]),
        "ACM": lambda: coded(load("SDCN-ACM", options.data)[0], options.epochs),
        "planted": lambda: smoothed(planted(options.planted_nodes)),
    }
    kinds = {"Cora": "ssgc", "ACM": "autoencoder", "planted": "ssgc"}
    found = []
    for name in options.only:
        rows = makers[name]()
        found.append((f"{name} ({kinds[name]}, N = {len(rows)}, F = {rows.size(1)})", rows))
    return found


def section(name: str, z: Tensor, num_clusters: int) -> list[str]:
    assignment = kmeans(unit_rows(z), num_clusters, library="scikit-learn").assignment
    rows = []
    for temperature in TEMPERATURES:
        exact, direction = exact_sum(z, temperature)
        cells = [f"{temperature:g}"]
        for order in ORDERS:
            value, gradient = approximate_sum(z, assignment, temperature, order)
            cells.append(entry(value - exact, gradient, direction))
        value, gradient = official_sum(z, assignment, temperature)
        length = float(gradient.norm() / direction.norm())
        bound = PamCLoss(temperature).error_bound(z, assignment, sample=1).bound
        cells += [entry(value - exact, gradient, direction), number(length), number(bound)]
        rows.append(cells)
    header = ("temperature", *(order.replace("_", " ") for order in ORDERS), "official")
    return [f"## {name}, K = {num_clusters}", table((*header, "length", "bound"), rows)]


def entry(difference: float, gradient: Tensor, direction: Tensor) -> str:
    cosine = float((gradient * direction).sum() / (gradient.norm() * direction.norm()))
    return f"{difference:+.4f} / {math.floor(cosine * 1e4) / 1e4:.4f}"


def against_all(z: Tensor, temperature: float, assignment: Tensor | None = None) -> Rows:
    rows = unit_rows(z)
    itself = Mask(torch.arange(len(z)).expand(2, -1))
    context = {} if assignment is None else {"clusters": assignment}
    return Rows(rows, (Block(rows, itself, view=0),), temperature, context)


def exact_sum(z: Tensor, temperature: float) -> tuple[float, Tensor]:
    leaf = z.clone().requires_grad_()
    return finish(against_all(leaf, temperature).logsumexp(1 / temperature)[0].mean(), leaf)


def approximate_sum(
    z: Tensor, assignment: Tensor, temperature: float, order: str
) -> tuple[float, Tensor]:
    leaf = z.clone().requires_grad_()
    rows = against_all(leaf, temperature, assignment)
    return finish(MetaNodes(order).log_denominator(rows).mean(), leaf)  # type: ignore[arg-type]


def official_sum(z: Tensor, assignment: Tensor, temperature: float) -> tuple[float, Tensor]:
    leaf = z.clone().requires_grad_()
    terms = official_terms(leaf, assignment, leaf.new_zeros(len(leaf)), temperature)
    mean, gradient = finish(terms.log_negative.mean(), leaf)
    return mean + math.log(len(z) / len(terms.log_negative)), gradient


def finish(mean: Tensor, leaf: Tensor) -> tuple[float, Tensor]:
    (gradient,) = torch.autograd.grad(mean, leaf)
    return float(mean.detach()), gradient


if __name__ == "__main__":
    main()
