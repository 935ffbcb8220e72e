"""The prototypical loss: each item near the centre of its cluster, in several clusterings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.clustering import Clustering
from graphcl.contrast import accumulation_dtype, unit_rows
from graphcl.losses.checks import check_choice, check_rows


class PrototypicalLoss(nn.Module):
    """Classify each item into its cluster by the similarity to the clusters' centres.

    With prototypes c (centroids as unit rows) and concentrations phi of M clusterings a_m::

        mean over m and i of  - z_i . c_{m,a_m(i)} / phi_{m,a_m(i)}
                              + log sum over k of exp(z_i . c_{m,k} / phi_{m,k})

    Clusterings and concentrations are constants: gradients flow through z only. MEOW clusters one
    view and hands in the other. The authors' value is larger by the mean of log(N / K_m), with the
    same gradient. O(N d sum of K_m) time, O(N max K_m) memory.

    Source: Li et al., ICLR 2021, arXiv 2005.04966 (PCL); Yu et al., TKDE 2024, arXiv 2212.13847
    (MEOW).

    Args:
        temperature: Of every prototype where no concentrations are given, above 0.
        normalize: Divide rows by their norms; False takes them as they are.
        reduction: "mean", "sum" or "none" (``[N]``) over the items.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> from graphcl.clustering import kmeans
        >>> z = torch.eye(4)[torch.tensor([0, 0, 1, 2])]
        >>> clusterings = [kmeans(z, 2), kmeans(z, 3)]
        >>> PrototypicalLoss(0.5)(z, clusterings).isfinite()
        tensor(True)
    """

    def __init__(
        self,
        temperature: float = 0.5,
        *,
        normalize: bool = True,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None:
        super().__init__()
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        check_choice("reduction", reduction, ("mean", "sum", "none"))
        self.temperature = temperature
        self.normalize = normalize
        self.reduction = reduction

    def forward(
        self,
        z: Tensor,
        clusterings: Sequence[Clustering],
        concentrations: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """The loss.

        Args:
            z: Items, nodes or graphs, ``[N, d]``. Half precision accumulates in float32.
            clusterings: At least one, of the same items.
            concentrations: Of each clustering, ``[K_m]``, above 0, such as
                :func:`graphcl.clustering.concentrations`; None: the temperature.

        Returns:
            A scalar, or ``[N]`` with ``reduction="none"``.

        Raises:
            TypeError: ``z`` is no floating point tensor.
            ValueError: Shapes that do not fit; NaN or infinite values; no clustering.
        """
        check_rows("z", z)
        _check(z, clusterings, concentrations)
        with torch.autocast(z.device.type, enabled=False):
            rows = unit_rows(z) if self.normalize else z.to(accumulation_dtype(z.dtype))
            total = rows.new_zeros(len(rows))
            for number, clustering in enumerate(clusterings):
                centroids = clustering.centroids.detach().to(rows)
                prototypes = unit_rows(centroids)
                phi = centroids.new_full((len(centroids), 1), self.temperature)
                if concentrations is not None:
                    phi = concentrations[number].detach().to(rows).unsqueeze(1)
                logits = rows @ (prototypes / phi).T
                target = clustering.assignment.to(rows.device)
                total = total + nn.functional.cross_entropy(logits, target, reduction="none")
            losses = total / len(clusterings)
        if self.reduction == "none":
            return losses
        return losses.mean() if self.reduction == "mean" else losses.sum()

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"temperature={self.temperature}, normalize={self.normalize}"


def _check(
    z: Tensor, clusterings: Sequence[Clustering], concentrations: Sequence[Tensor] | None
) -> None:
    if not clusterings:
        raise ValueError("clusterings must hold at least one")
    if concentrations is not None and len(concentrations) != len(clusterings):
        raise ValueError(
            f"concentrations must be one tensor a clustering, {len(clusterings)}, got "
            f"{len(concentrations)}"
        )
    for number, clustering in enumerate(clusterings):
        if len(clustering.assignment) != len(z) or clustering.centroids.size(1) != z.size(1):
            raise ValueError(
                f"clusterings[{number}] must be of the {len(z)} items and have centroids of width "
                f"{z.size(1)}, got {len(clustering.assignment)} items and width "
                f"{clustering.centroids.size(1)}"
            )
        if concentrations is None:
            continue
        phi = concentrations[number]
        if phi.shape != clustering.centroids.shape[:1]:
            raise ValueError(
                f"concentrations[{number}] must have shape [{len(clustering.centroids)}], got "
                f"{list(phi.shape)}"
            )
        if not bool((phi.isfinite() & (phi > 0)).all()):
            raise ValueError(f"concentrations[{number}] must be finite and above 0")
