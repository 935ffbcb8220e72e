"""What every process of the test across ranks runs: `torchrun ... ranks_program.py`.

Each rank has some of the rows. The loss and the gradient of the shared weights, averaged over ranks
as DistributedDataParallel does, are compared with those of one process that has all rows.
"""

import sys

import torch
from torch import Tensor, distributed, nn

from graphcl.contrast import Pairs
from graphcl.losses import (
    AcrossRanks,
    AttractionRepulsionLoss,
    AUCLoss,
    BarlowTwinsLoss,
    BiasedTripletLoss,
    BootstrapLoss,
    CanonicalCorrelationLoss,
    GroupOrderingLoss,
    InfoNCELoss,
    JensenShannonLoss,
    MaxMarginLoss,
    NeighbourSparsityLoss,
    SimilarityDistillationLoss,
    SimpleContrastiveLoss,
    SwAVLoss,
    TripletMarginLoss,
    VICRegLoss,
)
from graphcl.negatives import (
    ClusterNegatives,
    DifficultyNegatives,
    HardestNegatives,
    HardNegatives,
    SparseWeights,
    hop_weights,
)

SIZE, WIDTH = 13, 5
CLUSTERS = torch.arange(SIZE) % 3
EDGES = torch.tensor([[0, 1, 5, 7], [1, 0, 7, 5]])


def cases(rows: Tensor) -> dict[str, tuple[nn.Module, str, dict[str, object]]]:
    """Name -> loss, how it takes the views, and what every rank has."""
    weights = hop_weights(EDGES, SIZE, [0.3])
    queue, prototypes = rows[:4] + 1, rows[:3] - 1
    return {
        "nt-xent": (InfoNCELoss(0.5, intra_view=True), "two", {}),
        "infonce": (InfoNCELoss(0.3), "two", {}),
        "one-way": (InfoNCELoss(0.3, symmetric=False), "two", {}),
        "queue": (InfoNCELoss(0.5), "two", {"queue": queue}),
        "hcl": (InfoNCELoss(0.5, negatives=HardNegatives(1.0), debias=0.1), "two", {}),
        "dcl": (InfoNCELoss(0.5, intra_view=True, positive_in_denominator="excluded"), "two", {}),
        "supcon": (InfoNCELoss(0.5), "two", {"pairs": Pairs.from_labels(CLUSTERS)}),
        "edges": (
            InfoNCELoss(0.5, intra_view=True, positives="inside"),
            "two",
            {"pairs": Pairs.from_edges(EDGES, SIZE)},
        ),
        "hardest": (InfoNCELoss(0.5, negatives=HardestNegatives(share=0.4)), "two", {}),
        "clusters": (
            InfoNCELoss(0.5, intra_view=True, negatives=ClusterNegatives(0.2)),
            "two",
            {"context": {"clusters": CLUSTERS}},
        ),
        "weights": (
            InfoNCELoss(0.5, negatives=SparseWeights()),
            "two",
            {"context": {"weights": weights}},
        ),
        "difficulty": (
            InfoNCELoss(0.5, intra_view=True, negatives=DifficultyNegatives()),
            "two",
            {"context": {"biased": (rows, rows.flip(1))}},
        ),
        "jensen-shannon": (JensenShannonLoss(), "two", {}),
        "neighbour-sparsity": (
            NeighbourSparsityLoss(),
            "two",
            {"pairs": Pairs.from_edges(EDGES, SIZE)},
        ),
        "triplet": (TripletMarginLoss(), "two", {}),
        "simple": (SimpleContrastiveLoss(), "two", {}),
        "max-margin": (MaxMarginLoss(), "two", {}),
        "auc": (AUCLoss(), "two", {}),
        "barlow-twins": (BarlowTwinsLoss(), "two", {}),
        "vicreg": (VICRegLoss(), "two", {}),
        "canonical-correlation": (CanonicalCorrelationLoss(), "two", {}),
        "biased triplet": (BiasedTripletLoss(), "two", {}),
        "attraction-repulsion": (AttractionRepulsionLoss(), "list", {}),
        "group-ordering": (GroupOrderingLoss(3), "list", {}),
        "swav": (SwAVLoss(), "list", {"prototypes": prototypes}),
        "isd": (SimilarityDistillationLoss(0.2, 0.2), "two", {"queue": queue}),
        "bootstrap": (BootstrapLoss(), "targets", {}),
    }


def call(loss: nn.Module, how: str, first: Tensor, second: Tensor, options: dict[str, object]):  # type: ignore[no-untyped-def]
    if how == "list":
        return loss([first, second], **options)
    if how == "targets":
        return loss(first, second, targets1=first.detach(), targets2=second.detach())
    return loss(first, second, **options)


def main() -> None:
    distributed.init_process_group("gloo")
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(0)
    x1, x2 = torch.randn(2, SIZE, 3, dtype=torch.float64)
    weights = torch.randn(3, WIDTH, dtype=torch.float64)
    rows = torch.randn(SIZE, WIDTH, dtype=torch.float64)
    ends = [SIZE * k // ranks for k in range(ranks + 1)]  # ranks have different numbers of rows
    mine = slice(ends[rank], ends[rank + 1])
    wrong = []
    for name, (loss, how, options) in cases(rows).items():
        loss = loss.double()
        whole, part = (weights.clone().requires_grad_() for _ in range(2))
        expected = call(loss, how, x1 @ whole, x2 @ whole, options)
        (gradient,) = torch.autograd.grad(expected, whole)
        value = call(AcrossRanks(loss), how, x1[mine] @ part, x2[mine] @ part, options)
        (averaged,) = torch.autograd.grad(value, part)
        distributed.all_reduce(averaged)
        averaged /= ranks
        if not torch.allclose(value, expected, rtol=1e-12, atol=1e-12):
            wrong.append(f"{name}: value {value.item()} instead of {expected.item()}")
        if not torch.allclose(averaged, gradient, rtol=1e-10, atol=1e-12):
            wrong.append(f"{name}: gradient off by {(averaged - gradient).abs().max().item()}")
    distributed.destroy_process_group()
    if wrong:
        sys.exit("\n".join(wrong))
    if rank == 0:
        print(f"{len(cases(rows))} losses agree on {ranks} ranks")


if __name__ == "__main__":
    main()
