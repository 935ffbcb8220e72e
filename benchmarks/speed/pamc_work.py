"""The forms of PamC's loss that are compared, as steps that a process of its own runs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

TEMPERATURE = 2.0  # the authors' tau 0.5
DEGREE = 10
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

AUTHORS, DENSE = "official, N x K x F", "SCGC, N x N"
FIRST, SECOND, OFFICIAL = "ours, first order", "ours, second order", "ours, official"
FORMS = (FIRST, OFFICIAL, SECOND, AUTHORS, DENSE)


def ours(order: str) -> Loss:
    from graphcl.losses import PamCLoss

    return PamCLoss(TEMPERATURE, order=order)  # type: ignore[arg-type]


def authors(z: Tensor, assignment: Tensor, edges: Tensor) -> Tensor:
    """The authors' sums over clusters: one-hot times rows, a tensor N x K x F; listed positives."""
    unit = torch.nn.functional.normalize(z)
    cosine = (unit[edges[0]] * unit[edges[1]]).sum(1)
    cosine = torch.where(edges[0] == edges[1], 0, cosine)
    weight = 1 / torch.bincount(edges[0], minlength=len(z))[edges[0]].to(z)
    positive = z.new_zeros(len(z)).index_add(0, edges[0], weight * (cosine / TEMPERATURE).exp())
    members = torch.nn.functional.one_hot(assignment).to(z)
    centres = (members.unsqueeze(2) * z.unsqueeze(1)).sum(0)
    centres = torch.nn.functional.normalize(centres)
    between = (centres @ centres.T).fill_diagonal_(0)
    negative = (between / TEMPERATURE).exp().sum(1)
    return (negative + 1e-10).log().mean() - (positive + 1e-10).log().mean()


def dense(z: Tensor, assignment: Tensor, edges: Tensor) -> Tensor:
    """The authors' exact form: whole matrices of cosines, weights and exponentials."""
    weight = 1 / torch.bincount(edges[0], minlength=len(z))[edges[0]].to(z)
    matrix = z.new_zeros(len(z), len(z)).index_put_(tuple(edges), weight, accumulate=True)
    cosine = z @ z.T
    length = torch.sum(z**2, 1).reshape(-1, 1).sqrt()
    cosine = cosine / (length @ length.T)
    cosine = (1 - torch.eye(len(z))) * cosine
    similarity = (cosine / TEMPERATURE).exp()
    return -((similarity * matrix).sum(1) / similarity.sum(1) + 1e-8).log().mean()


def build(form: str) -> Loss:
    return {
        FIRST: lambda: ours("first"),
        SECOND: lambda: ours("second"),
        OFFICIAL: lambda: ours("official"),
        AUTHORS: lambda: authors,
        DENSE: lambda: dense,
    }[form]()


def inputs(size: int, num_clusters: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows about cluster centres, their clusters, and a self-loop and 10 neighbours a node."""
    generator = torch.Generator().manual_seed(0)
    assignment = torch.randint(num_clusters, (size,), generator=generator)
    assignment[:num_clusters] = torch.arange(num_clusters)
    centres = torch.randn(num_clusters, width, generator=generator)
    z = torch.randn(size, width, generator=generator).add_(centres[assignment])
    node = torch.arange(size)
    other = torch.randint(size, (size * DEGREE,), generator=generator)
    edges = torch.stack(
        [torch.cat([node, node.repeat_interleave(DEGREE)]), torch.cat([node, other])]
    )
    return z.requires_grad_(), assignment, edges


def prepare_form(form: str, size: int, clusters: int, width: int) -> Callable[[], float]:
    """Forward and backward of a form."""
    small = inputs(4 * clusters, clusters, width)
    build(form)(*small).backward()  # libraries' buffers are no property of N
    loss, (z, assignment, edges) = build(form), inputs(size, clusters, width)
    if form in (FIRST, SECOND, OFFICIAL):
        with torch.no_grad():  # the edges are sorted once, whatever the number of epochs
            loss(z, assignment, edges)

    def step() -> float:
        z.grad = None
        value = loss(z, assignment, edges)
        value.backward()
        return float(value.detach())

    return step


def gap(clusters: int, width: int) -> dict[str, float]:
    """How far our official form is from the authors', and first order from exact, relative."""
    z, assignment, edges = inputs(1000, clusters, width)
    values = {form: float(build(form)(z, assignment, edges).detach()) for form in FORMS}
    exact = float(ours("first")(z, torch.arange(1000), edges).detach())
    return {
        "official": abs(values[OFFICIAL] / values[AUTHORS] - 1),
        "first": abs(values[FIRST] / exact - 1),
        "second": abs(values[SECOND] / exact - 1),
    }
