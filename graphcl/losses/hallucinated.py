"""HaLP: hallucinated positives between a key and its neighbouring prototypes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import unit_rows
from graphcl.losses.checks import check_rows, check_views

_GUARD = 1e-8  # of the authors' code
_LEAST_ANGLE = 1e-6


@dataclass(frozen=True)
class Hallucinated:
    """Positives made for each key.

    Attributes:
        rows: Unit rows, ``[N, G, d]``, detached.
        kept: Whether the nearest prototype is still that of the key, ``[N, G]``.
        reach: Fraction of the way to the target at which that would change, ``[N, G]``.
    """

    rows: Tensor
    kept: Tensor
    reach: Tensor


def hallucinate(keys: Tensor, prototypes: Tensor, targets: Tensor, steps: Tensor) -> Hallucinated:
    """Move keys along the sphere towards prototypes, but stay nearest to their own.

    Source: Shah et al., CVPR 2023, arXiv 2304.00387, equations 3 to 6.

    Args:
        keys: ``[N, d]``.
        prototypes: ``[P, d]``.
        targets: Prototype that each new row moves towards, ``[N, G]``.
        steps: From 0 (as far as the border) to 1 (not at all), ``[N, G]``.

    Example:
        >>> key, prototypes = torch.tensor([[1.0, 0.0]]), torch.eye(2)
        >>> made = hallucinate(key, prototypes, torch.tensor([[1]]), torch.tensor([[0.5]]))
        >>> made.rows, made.kept  # half the way to the border at 45 degrees
        (tensor([[[0.9239, 0.3827]]]), tensor([[True]]))
    """
    with torch.no_grad():
        keys, prototypes = unit_rows(keys), unit_rows(prototypes)
        similarity = keys @ prototypes.T
        nearest = similarity.argmax(1)
        own, target = prototypes[nearest], prototypes[targets]
        cosine = similarity.gather(1, targets)
        angle = cosine.clamp(-1, 1).arccos()
        gap = similarity.gather(1, nearest.unsqueeze(1)) - cosine
        ratio = (1 - (target * own.unsqueeze(1)).sum(2)) / (gap + _GUARD)
        reach = torch.atan(angle.sin() / (ratio + angle.cos() + _GUARD)) / (angle + _GUARD)
        step = ((1 - steps) * reach).unsqueeze(2)
        wide = angle.unsqueeze(2)
        rows = ((1 - step) * wide).sin() * keys.unsqueeze(1) + (step * wide).sin() * target
        rows = rows / (wide.sin() + _GUARD)
        shape = rows.shape
        rows = unit_rows(rows.reshape(-1, shape[-1])).view(shape)
        kept = (rows @ prototypes.T).argmax(2) == nearest.unsqueeze(1)
        return Hallucinated(rows, kept & (angle > _LEAST_ANGLE), reach)


class HallucinatedPositivesLoss(nn.Module):
    """Pull queries towards hard positives made in the latent space (HaLP).

    ``- factor * mean over kept positives g of cos(q, g) / temperature``. It only attracts: add it
    to a contrastive loss, alone it collapses. Each key gets ``num_positives`` new rows towards
    prototypes drawn from its next nearest ones.

    Source: Shah et al., CVPR 2023, arXiv 2304.00387. Published: 20 prototypes by spherical k-means
    of the latest 256 keys, 100 positives, factor 1 or 2, started from a trained encoder.

    Args:
        temperature: Divisor of the cosine, above 0.
        factor: At least 0.
        num_positives: New rows for each key.
        largest_step: Steps are uniform from 0 to this, in (0, 1]; 0 would be the border itself.

    Random numbers come from torch's global generator.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> loss_fn = HallucinatedPositivesLoss(temperature=1.0, num_positives=4)
        >>> rows = torch.eye(3)
        >>> bool(loss_fn(rows, rows, prototypes=torch.eye(3)) < 0)
        True
    """

    def __init__(
        self,
        temperature: float = 0.07,
        *,
        factor: float = 1.0,
        num_positives: int = 100,
        largest_step: float = 0.8,
    ) -> None:
        super().__init__()
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        if check_number("factor", factor) < 0:
            raise ValueError(f"factor must be at least 0, got {factor}")
        if not 0 < check_number("largest_step", largest_step) <= 1:
            raise ValueError(f"largest_step must be above 0 and at most 1, got {largest_step}")
        self.temperature = temperature
        self.factor = factor
        self.num_positives = check_whole("num_positives", num_positives, least=1)
        self.largest_step = largest_step

    def forward(
        self,
        queries: Tensor,
        keys: Tensor,
        *,
        prototypes: Tensor,
        made: Hallucinated | None = None,
    ) -> Tensor:
        """The loss, a scalar; 0 where no positive is kept, or with a single prototype.

        Args:
            queries: ``[N, d]``.
            keys: The teacher's rows of the same items, ``[N, d]``; detached.
            prototypes: ``[P, d]``; detached.
            made: Positives made before; None: drawn here.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that do not fit; NaN or infinite rows.
        """
        check_views(queries=queries, keys=keys)
        check_rows("prototypes", prototypes, queries.size(1))
        with torch.autocast(queries.device.type, enabled=False):
            if made is None:
                if len(prototypes) == 1:
                    return (unit_rows(queries) * 0).sum()
                made = self._draw(keys, prototypes)
            cosine = torch.einsum("nd,ngd->ng", unit_rows(queries), made.rows)
            mean = (cosine * made.kept).sum() / (made.kept.sum() + _GUARD)
            return -self.factor * mean / self.temperature

    def _draw(self, keys: Tensor, prototypes: Tensor) -> Hallucinated:
        similarity = unit_rows(keys.detach()) @ unit_rows(prototypes.detach()).T
        order = similarity.argsort(1, descending=True)[:, 1:]  # the nearest is the key's own
        shape = (len(keys), self.num_positives)
        rank = torch.randint(order.size(1), shape, device=keys.device)
        steps = torch.rand(shape, device=keys.device, dtype=similarity.dtype) * self.largest_step
        return hallucinate(keys, prototypes, order.gather(1, rank), steps)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"{self.temperature}, factor={self.factor}, num_positives={self.num_positives}"
