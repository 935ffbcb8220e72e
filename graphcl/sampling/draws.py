"""A few neighbours of every node at once, as many for each."""

from __future__ import annotations

import torch
from torch import Tensor

from graphcl.arguments import check_whole


def draw_neighbours(
    adjacency: Tensor, count: int, *, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Draw ``count`` neighbours for every row of an adjacency, uniformly.

    A row with at least ``count`` entries is drawn from without replacement (all subsets alike:
    Floyd's algorithm for all rows at once, Bentley and Floyd, "A sample of brilliance",
    Communications of the ACM 30, 1987), a shorter one with replacement. Time and memory are
    O(N count), whatever the number of entries (time O(N count^2), of which little is felt).

    Source: HeCo draws so, https://arxiv.org/abs/2105.09111, section 4.2, but node by node.

    Args:
        adjacency: ``[N, M]``, sparse CSR; row i has entries at the neighbours of node i. Values do
            not matter.
        count: Neighbours to draw for each row, at least 1.
        generator: What to draw from, on the adjacency's device; None: torch's global generator.

    Returns:
        Column numbers ``[N, count]`` in no particular order, and which rows have neighbours at all,
        ``[N]`` booleans; the numbers of the other rows are 0 and mean nothing.

    Raises:
        TypeError: An adjacency that is not sparse CSR, a count that is no whole number.
        ValueError: A count below 1.

    Example:
        >>> adjacency = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
        >>> drawn, present = draw_neighbours(adjacency.to_sparse_csr(), 2)
        >>> drawn.sort().values, present
        (tensor([[0, 2],
                [1, 1],
                [0, 0]]), tensor([ True,  True, False]))
    """
    if not isinstance(adjacency, Tensor) or adjacency.layout != torch.sparse_csr:
        got = getattr(adjacency, "layout", type(adjacency).__name__)
        raise TypeError(f"adjacency must be a sparse CSR tensor, got {got}")
    count = check_whole("count", count, least=1)
    starts, columns = adjacency.crow_indices(), adjacency.col_indices()
    first, degree = starts[:-1].to(torch.int64), starts.diff().to(torch.int64)
    present = degree > 0
    shape = (len(degree), count)
    if columns.numel() == 0:
        return torch.zeros(shape, dtype=torch.int64, device=degree.device), present
    # float64: a float32 would miss places of rows with more than 2^24 entries
    share = torch.rand(shape, generator=generator, dtype=torch.float64, device=degree.device)
    repeated = (share * degree[:, None]).long()
    distinct = torch.empty_like(repeated)
    enough = degree >= count
    for step in range(count):
        # A new place among the first `last + 1`; one that is taken already stands for `last`.
        last = (degree - count + step).clamp(min=0)
        place = (share[:, step] * (last + 1)).long()
        taken = (distinct[:, :step] == place[:, None]).any(1)
        distinct[:, step] = torch.where(taken, last, place)
    place = torch.where(enough[:, None], distinct, repeated) + first[:, None]
    drawn = columns[place.clamp(max=columns.numel() - 1)].long()
    return drawn * present[:, None], present
