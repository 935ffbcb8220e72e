"""MEOW: negatives of the anchor's own clusters count less or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.clustering import Clustering, concentrations, kmeans
from graphcl.losses import InfoNCELoss, PrototypicalLoss
from graphcl.methods.metapath_contrast import MetaPathContrast
from graphcl.negatives import ClusterNegatives

RESTARTS = 5
ITERATIONS = 20
WARM_ITERATIONS = 5  # an epoch moves the rows a little, and the next one goes on


@dataclass(frozen=True, eq=False)
class Prototypes:
    """One clustering of the fine-grained rows, and how concentrated its clusters are."""

    clustering: Clustering
    concentration: Tensor


class Meow(MetaPathContrast):
    """Heterogeneous contrast with meta-path contexts and cluster-weighted negatives (MEOW).

    Anchors u are the coarse rows, candidates v the fine-grained ones. In each epoch k-means divides
    v into clusters, with several numbers of clusters; a candidate's weight ``w_ij`` is the share of
    clusterings that put it into another cluster than the anchor. The loss is::

        mean_i [-u_i v_i / t + log sum_j w_ij exp(u_i v_j / t)] + prototype_weight * L_proto

    with the prototypical term (:class:`graphcl.losses.PrototypicalLoss`) that pulls each anchor to
    the centroids of its clusters. (With weights counted instead of averaged, as in the paper, the
    loss is larger by the logarithm of the number of clusterings.)

    Source: Yu and Li, SDM 2023, pp. 37-45; Yu, Ge, Li and Zhou, https://arxiv.org/abs/2212.13847;
    the authors' code, jianxiangyu/MEOW. Unlike there, embeddings are made without dropout, PathSim
    keeps a node itself first, nodes aggregate from those that they kept, and k-means is Euclidean
    and goes on from the centroids of the epoch before. On ACM equal PathSim scores stay together
    (``ties="all"``): all scores of paper-subject-paper are equal, and a cut among them put the
    neighbours of thousands of papers down to the order of the rows.

    Args:
        num_features: Width of the features of each node type; None: learned rows instead.
        num_nodes: Number of nodes of each type.
        num_clusters: Number of clusters of each clustering; None: a 40th and a 13th of the targets,
            but no more than 100 and 300, which is what the authors have on ACM. More than there
            are distinct rows are lowered.
        prototype_weight: Factor of the prototypical term, at least 0.
        clustering: ``"warm"``: k-means goes on from the former centroids, by up to 5 iterations;
            ``"cold"``, as the authors: anew each time, the best of 5 starts of up to 20.
        cluster_every: Epochs between two clusterings. With ``contrast_batch`` the targets of the
            step are clustered, and in epochs between put to the nearest centroids.
        density: How the concentration of a cluster is measured, ``"inner"`` (the authors') or
            ``"distance"`` (:func:`graphcl.clustering.concentrations`).
        **views: Target, meta-paths and all that :class:`MetaPathContrast` takes.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.methods import create_method
        >>> data, card = load("countries")
        >>> method, settings = create_method(
        ...     "meow", data, seed=0, target="country", metapaths=card.metapaths, width=8
        ... )
        >>> method.loss(data).shape, method.embed(data).shape
        (torch.Size([]), torch.Size([244, 8]))
    """

    cost = (
        "all pairs of targets: O(N^2 d) time, O(N d) memory beside a tile, the meta-path "
        "graphs, and k-means in each epoch"
    )

    def __init__(
        self,
        num_features: Any,
        num_nodes: Any,
        *,
        num_clusters: Sequence[int] | None = None,
        prototype_weight: float = 1.0,
        clustering: Literal["warm", "cold"] = "warm",
        cluster_every: int = 1,
        density: Literal["inner", "distance"] = "inner",
        **views: Any,
    ) -> None:
        if num_clusters is not None:
            if not isinstance(num_clusters, list | tuple) or not num_clusters:
                raise TypeError(f"num_clusters must be a list of numbers, got {num_clusters!r}")
            num_clusters = tuple(check_whole("num_clusters", k, least=1) for k in num_clusters)
        if check_number("prototype_weight", prototype_weight) < 0:
            raise ValueError(f"prototype_weight must be at least 0, got {prototype_weight}")
        check_whole("cluster_every", cluster_every, least=1)
        for name, value, known in (
            ("clustering", clustering, ("warm", "cold")),
            ("density", density, ("inner", "distance")),
        ):
            if value not in known:
                raise ValueError(unknown_name(name, value, known))
        super().__init__(
            num_features,
            num_nodes,
            num_clusters=num_clusters,
            prototype_weight=prototype_weight,
            clustering=clustering,
            cluster_every=cluster_every,
            density=density,
            **views,
        )
        self.num_clusters, self.prototype_weight = num_clusters, prototype_weight
        self.clustering, self.cluster_every, self.density = clustering, cluster_every, density
        self.objective = InfoNCELoss(
            self.temperature,
            symmetric=False,
            normalize=False,  # the projector's rows have norm 1
            positive_in_denominator="excluded",
            negatives=ClusterNegatives(same=0.0),
        )
        self.prototypical = PrototypicalLoss(self.temperature)
        self.prototypes: list[Prototypes] = []
        self._due = True

    def before_epoch(self, epoch: int, data: Any) -> None:
        """Say whether the rows of this epoch are clustered."""
        super().before_epoch(epoch, data)
        self._due = self._due or epoch % self.cluster_every == 0

    def contrast(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """The weighted contrast, and the prototypical term."""
        nodes = self.contrasted(len(fine), fine.device)
        if nodes is not None:
            coarse, fine = coarse[nodes], fine[nodes]
        sizes = [len(p.clustering.assignment) for p in self.prototypes[:1]]
        if self._due or sizes != [len(fine)]:
            self._cluster(fine.detach())
        elif nodes is not None:  # other targets than those that were clustered
            self.prototypes = [_assigned(p, fine.detach()) for p in self.prototypes]
        clusters = torch.stack([p.clustering.assignment for p in self.prototypes], dim=1)
        value = coarse.sum() * 0
        if len(coarse) > 1:
            value = value + self.objective(coarse, fine, context={"clusters": clusters})
        if self.prototype_weight > 0:
            chosen = [p.clustering for p in self.prototypes]
            phi = [p.concentration for p in self.prototypes]
            value = value + self.prototype_weight * self.prototypical(coarse, chosen, phi)
        return value

    def _cluster(self, rows: Tensor) -> None:
        """Divide the rows ``[N, d]`` anew, from the former centroids where they fit."""
        former = self.prototypes if self.clustering == "warm" else []
        found = []
        for place, k in enumerate(self._numbers(len(rows))):
            start = former[place].clustering.centroids if place < len(former) else None
            # The first of a chain of warm starts need not be the best of many: it is left soon.
            restarts = RESTARTS if self.clustering == "cold" else 1
            iterations = ITERATIONS if start is None else WARM_ITERATIONS
            result = kmeans(
                rows, k, seed=place, restarts=restarts, start=start, iterations=iterations
            )
            phi = concentrations(rows, result, temperature=self.temperature, density=self.density)
            found.append(Prototypes(result, phi))
        if all(int(p.clustering.assignment.max()) == 0 for p in found):
            warnings.warn(
                "MEOW found a single cluster: no negatives are left, and the contrast is 0",
                stacklevel=2,
            )
        self.prototypes, self._due = found, False

    def _numbers(self, number: int) -> list[int]:
        """Numbers of clusters for so many targets; ``kmeans`` lowers what is too large."""
        if self.num_clusters is not None:
            return list(self.num_clusters)
        shares = (min(max(number // 40, 2), 100), min(max(number // 13, 3), 300))
        return [min(share, number) for share in shares]

    def get_extra_state(self) -> list[dict[str, Any]]:
        """The clusterings: a resumed run goes on with them."""
        return [{**vars(p.clustering), "concentration": p.concentration} for p in self.prototypes]

    def set_extra_state(self, state: list[dict[str, Any]]) -> None:
        """Take over the clusterings of another run."""
        device = next(self.parameters()).device
        self.prototypes = [
            Prototypes(
                Clustering(
                    entry["assignment"].to(device), entry["centroids"].to(device), entry["inertia"]
                ),
                entry["concentration"].to(device),
            )
            for entry in state
        ]
        self._due = not self.prototypes


def _assigned(prototypes: Prototypes, rows: Tensor) -> Prototypes:
    """The same clusters, with each row ``[B, d]`` in that of the nearest centroid."""
    former = prototypes.clustering
    distance, assignment = torch.cdist(rows, former.centroids.to(rows)).min(1)
    inertia = float(distance.square().sum(dtype=torch.float64))
    return Prototypes(Clustering(assignment, former.centroids, inertia), prototypes.concentration)
