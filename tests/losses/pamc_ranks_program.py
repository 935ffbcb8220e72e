"""What every process of the test of PamC across ranks runs: `torchrun ... pamc_ranks_program.py`.

Each rank has some of the rows, with edges among them. Value and gradient of the shared weights,
averaged over ranks as DistributedDataParallel does, are compared with those of one process that has
all rows and edges. The last rank has no positives, and fewer clusters than there are.
"""

import sys
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, distributed

from graphcl.losses import AcrossRanks, InfoNCELoss, PamCLoss
from graphcl.negatives import MetaNodes

SIZE, CLUSTERS = 17, 4
ENDS = {2: [0, 6, 17], 4: [0, 6, 9, 15, 17]}
LAST = 15


def edges(start: int, stop: int) -> Tensor:
    """A ring over the rows of a rank, self-loops among its edges; none at the end."""
    size = min(stop, LAST) - start
    row = torch.arange(max(size, 0))
    return torch.stack([row.repeat(2), torch.cat([(row + 1) % max(size, 1), row])])


def cases(hard: Tensor, soft: Tensor) -> dict[str, tuple[PamCLoss, Tensor, bool]]:
    """Name -> loss, assignment, two views."""
    return {
        "official": (PamCLoss(2.0, order="official"), hard, False),
        "first": (PamCLoss(0.5), hard, False),
        "soft": (PamCLoss(0.5), soft, False),
        "second": (PamCLoss(0.5, order="second"), hard, False),
        "second_exp soft": (PamCLoss(1.0, order="second_exp"), soft, False),
        "two views": (PamCLoss(0.5), hard, True),
        "decoupled": (PamCLoss(0.5, positives_in_denominator=False), soft, True),
    }


def main() -> None:
    # a single process first: the losses do not know of ranks yet
    torch.manual_seed(0)
    x1, x2 = torch.randn(2, SIZE, 3, dtype=torch.float64)
    weights = torch.randn(3, 5, dtype=torch.float64)
    hard = torch.arange(SIZE) % CLUSTERS
    hard[LAST:] = 0
    soft = torch.randn(SIZE, CLUSTERS, dtype=torch.float64).softmax(1)
    ends = ENDS[int(sys.argv[1])]
    spans = list(pairwise(ends))
    whole_edges = torch.cat([edges(*span) + span[0] for span in spans], 1)
    meta = InfoNCELoss(0.5, negatives=MetaNodes("second"))
    context = {"clusters": hard}

    def evaluate(call: Callable[[Tensor, Tensor], Tensor], rows: slice) -> tuple[Tensor, Tensor]:
        leaf = weights.clone().requires_grad_()
        value = call(x1[rows] @ leaf, x2[rows] @ leaf)
        return value.detach(), torch.autograd.grad(value, leaf)[0]

    def calls(rows: slice, index: Tensor) -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
        found: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}
        for name, (loss, assignment, two) in cases(hard, soft).items():
            own = assignment[rows]
            if two:
                found[name] = lambda a, b, f=loss, c=own: f(a, c, other=b)  # type: ignore[misc]
            else:
                found[name] = lambda a, b, f=loss, c=own: f(a, c, index)  # type: ignore[misc]
        found["gathered"] = lambda a, b: AcrossRanks(meta)(a, b, context=context)
        return found

    everything = slice(0, SIZE)
    expected = {
        name: evaluate(call, everything) for name, call in calls(everything, whole_edges).items()
    }
    distributed.init_process_group("gloo")
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    mine = slice(*spans[rank])
    wrong = []
    for name, call in calls(mine, edges(*spans[rank])).items():
        value, gradient = evaluate(call, mine)
        distributed.all_reduce(gradient)
        gradient /= ranks
        if not torch.allclose(value, expected[name][0], rtol=1e-12, atol=1e-12):
            wrong.append(f"{name}: value {value.item()} instead of {expected[name][0].item()}")
        if not torch.allclose(gradient, expected[name][1], rtol=1e-10, atol=1e-12):
            off = (gradient - expected[name][1]).abs().max().item()
            wrong.append(f"{name}: gradient off by {off}")
    distributed.destroy_process_group()
    if wrong:
        sys.exit("\n".join(wrong))
    if rank == 0:
        print(f"{len(expected)} losses agree on {ranks} ranks")


if __name__ == "__main__":
    main()
