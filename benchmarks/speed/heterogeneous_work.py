"""What is measured on heterogeneous graphs, as functions that a process of its own can call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from large_graph import Stages
from torch import Tensor
from torch.nn import functional
from work import epochs as epochs_of
from work import one_step

WIDTH, HIDDEN = 64, 16  # of the rows, of AdaMEOW's network
TEMPERATURES = {"meow": 0.4, "heco": 0.8, "adameow": 1.0}  # those published for ACM
CLUSTERS = (100, 300)  # likewise
POSITIVES = 5  # of a node, likewise
AUXILIARY = {"author": 0.5, "venue": 0.01}  # nodes for each target
METAPATHS = [f"target-{kind}-target" for kind in AUXILIARY]


def prepare_paths(dataset: str, data: str | None) -> Callable[[], float]:
    """Meta-path counts and PathSim's filter alone, with MEOW's settings."""
    from graphcl.augmentations import metapath_counts

    graph, method = _method("meow", dataset, data)
    options = method.options

    def compose() -> float:
        kept = [
            metapath_counts(graph, path, keep)
            for path, keep in zip(options.metapaths, options.keep, strict=True)
        ]
        return float(sum(counts.values().numel() for counts in kept))

    return compose


def prepare_setup(method: str, dataset: str, data: str | None) -> Callable[[], float]:
    """All that a method computes before its first epoch."""
    graph, built = _method(method, dataset, data)

    def set_up() -> float:
        built.setup(graph)
        return 0.0

    return set_up


def prepare_epoch(method: str, dataset: str, data: str | None) -> Callable[[], float]:
    """One epoch, as training runs it, after the first (in which MEOW's k-means starts afresh)."""
    graph, built = _method(method, dataset, data)
    built.setup(graph)
    run_epoch = _epochs(built, graph)
    run_epoch()
    return run_epoch


def prepare_loss(method: str, size: int, who: str) -> Callable[[], float]:
    """Forward and backward of a method's loss on given rows, "ours" or in whole matrices."""
    parts = (OURS if who == "ours" else DENSE)[method]
    one_step(parts(64), *_rows(64))  # code pages and buffers exist before memory is counted
    loss, rows = parts(size), _rows(size)
    return lambda: one_step(loss, *rows)


def check_losses(size: int) -> dict[str, float]:
    """Distance of ours from the whole matrices by method: the larger of value and gradient."""
    found = {}
    for method in OURS:
        pairs = []
        for build in (OURS[method], DENSE[method]):
            one, other = _rows(size)
            value = one_step(build(size), one, other)
            assert one.grad is not None
            assert other.grad is not None
            pairs.append((value, torch.cat([one.grad, other.grad])))
        (value, gradient), (expected, slope) = pairs
        found[method] = max(
            abs(value - expected) / abs(expected), float((gradient - slope).norm() / slope.norm())
        )
    return found


def large_graph(method: str, targets: int, links: int, batch: int, epochs: int) -> dict[str, Any]:
    """From a planted graph to embeddings, in this process, without a matrix of meta-paths.

    Args:
        method: "meow" or "adameow".
        targets: Number of target nodes.
        links: Links of them in all, shared by the relations; each is stored in both directions.
        batch: Targets that a step contrasts.
        epochs: Epochs of the only measured stage of training.
    """
    stages = Stages()
    stages.run("import", _import_libraries)

    from graphcl.datasets import planted_heterogeneous
    from graphcl.methods import create_method

    degree = links / len(AUXILIARY) / targets
    graph = stages.run(
        "draw the graph",
        lambda: planted_heterogeneous(
            targets,
            num_classes=5,
            auxiliary={
                kind: {
                    "num_nodes": max(5, round(share * targets)),
                    "average_degree": degree,
                    "homophily": 0.8,
                }
                for kind, share in AUXILIARY.items()
            },
            num_features=64,
            feature_signal=1.0,
            seed=0,
        ),
    )

    def make() -> Any:
        return create_method(
            method,
            graph,
            seed=0,
            target="target",
            metapaths=METAPATHS,
            propagation="operator",
            contexts="paths",
            contrast_batch=batch,
        )[0]

    built = stages.run("make the method", make)
    stages.run("set up", lambda: built.setup(graph))
    epoch = _epochs(built, graph)
    loss = stages.run(f"train {epochs} epoch(s)", lambda: [epoch() for _ in range(epochs)][-1])
    rows = stages.run("embed all targets", lambda: built.embed(graph))
    return {
        "stages": stages.rows,
        "links": sum(graph["target", "to", kind].num_edges for kind in AUXILIARY),
        "loss": loss,
        "shape": list(rows.shape),
        "finite": bool(torch.isfinite(rows).all()),
    }


def _import_libraries() -> None:
    import graphcl.datasets
    import graphcl.methods  # noqa: F401


def _method(method: str, dataset: str, data: str | None) -> tuple[Any, Any]:
    from graphcl.datasets import load
    from graphcl.methods import create_method

    graph, card = load(dataset, data)
    built, _ = create_method(
        method, graph, dataset=dataset, seed=0, target=card.target, metapaths=card.metapaths
    )
    return graph, built


def _epochs(method: Any, graph: Any) -> Callable[[], float]:
    method.train()
    return epochs_of(method, graph, torch.optim.Adam(method.parameters(), lr=1e-4))


def _rows(size: int) -> tuple[Tensor, Tensor]:
    """Unit rows of two views."""
    generator = torch.Generator().manual_seed(size)
    first = torch.randn(size, WIDTH, generator=generator)
    second = first + torch.randn(size, WIDTH, generator=generator)
    views = [functional.normalize(view).requires_grad_() for view in (first, second)]
    return views[0], views[1]


def _clusters(size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.stack(
        [torch.randint(min(k, size), (size,), generator=generator) for k in CLUSTERS], dim=1
    )


def _positive_index(size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    item = torch.arange(size)
    drawn = torch.randint(size, (size, POSITIVES - 1), generator=generator)
    columns = torch.cat([item.unsqueeze(1), drawn], 1)
    index = torch.stack([item.repeat_interleave(POSITIVES), columns.view(-1)])
    return torch.unique(index, dim=1)


def _network() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights and biases of AdaMEOW's network."""
    generator = torch.Generator().manual_seed(0)
    shapes: Mapping[str, tuple[int, ...]] = {
        "first": (HIDDEN, WIDTH),
        "bias": (HIDDEN,),
        "second": (1, HIDDEN),
        "last": (1,),
    }
    parts = [0.2 * torch.randn(*shape, generator=generator) for shape in shapes.values()]
    return parts[0], parts[1], parts[2], parts[3]


def _our_meow(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    from graphcl.losses import InfoNCELoss
    from graphcl.negatives import ClusterNegatives

    loss = InfoNCELoss(
        TEMPERATURES["meow"],
        symmetric=False,
        normalize=False,
        positive_in_denominator="excluded",
        negatives=ClusterNegatives(same=0.0),
    )
    clusters = _clusters(size)
    return lambda u, v: loss(u, v, context={"clusters": clusters})


def _dense_meow(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    clusters = _clusters(size)

    def loss(u: Tensor, v: Tensor) -> Tensor:
        similarity = u @ v.T / TEMPERATURES["meow"]
        weight = torch.ones_like(similarity)
        for column in clusters.T:
            weight = weight - (column[:, None] == column).float() / clusters.size(1)
        return ((weight * similarity.exp()).sum(1).log() - similarity.diagonal()).mean()

    return loss


def _our_heco(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    from graphcl.contrast import Pairs
    from graphcl.losses import InfoNCELoss

    loss = InfoNCELoss(TEMPERATURES["heco"], positives="inside", symmetric=False)
    pairs = Pairs(size, size, positive=_positive_index(size))
    return lambda u, v: (loss(u, v, pairs=pairs) + loss(v, u, pairs=pairs)) / 2


def _dense_heco(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    positive = torch.zeros(size, size)
    positive[tuple(_positive_index(size))] = 1

    def loss(u: Tensor, v: Tensor) -> Tensor:
        cosine = functional.normalize(u) @ functional.normalize(v).T
        exponentials = (cosine / TEMPERATURES["heco"]).exp()
        parts = [
            ((values * positive).sum(1) / values.sum(1)).log().mean()
            for values in (exponentials, exponentials.T)
        ]
        return -(parts[0] + parts[1]) / 2

    return loss


def _our_adameow(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    from graphcl.losses import InfoNCELoss
    from graphcl.negatives import LearnedNegatives

    negatives = LearnedNegatives(WIDTH, hidden=HIDDEN)
    with torch.no_grad():
        layers = (negatives.first.weight, negatives.first.bias)
        layers += (negatives.second.weight, negatives.second.bias)
        for layer, values in zip(layers, _network(), strict=True):
            layer.copy_(values)
    return InfoNCELoss(
        TEMPERATURES["adameow"],
        symmetric=False,
        normalize=False,
        positive_in_denominator="weighted",
        negatives=negatives,
    )


def _dense_adameow(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    first, bias, second, last = (part.requires_grad_() for part in _network())

    def loss(u: Tensor, v: Tensor) -> Tensor:
        # not the authors' N x N x d sums, which do not fit beside much else: N x N x h
        hidden = (functional.linear(u, first, bias)[:, None] + functional.linear(v, first)).tanh()
        weight = functional.linear(hidden, second, last).squeeze(2).sigmoid()
        similarity = u @ v.T / TEMPERATURES["adameow"]
        return ((weight * similarity.exp()).sum(1).log() - similarity.diagonal()).mean()

    return loss


OURS = {"meow": _our_meow, "heco": _our_heco, "adameow": _our_adameow}
DENSE = {"meow": _dense_meow, "heco": _dense_heco, "adameow": _dense_adameow}
