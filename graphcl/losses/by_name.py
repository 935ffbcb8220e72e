"""Losses of two views by name: what methods, suites and the command line choose from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from graphcl.arguments import unknown_name
from graphcl.contrast import Pairs
from graphcl.losses.attraction_repulsion import AttractionRepulsionLoss
from graphcl.losses.auc import AUCLoss
from graphcl.losses.barlow_twins import BarlowTwinsLoss
from graphcl.losses.canonical_correlation import CanonicalCorrelationLoss
from graphcl.losses.group_ordering import GroupOrderingLoss
from graphcl.losses.info_nce import InfoNCELoss
from graphcl.losses.jensen_shannon import JensenShannonLoss
from graphcl.losses.max_margin import MaxMarginLoss
from graphcl.losses.neighbour_sparsity import NeighbourSparsityLoss
from graphcl.losses.positive_weights import MisesFisherWeights
from graphcl.losses.simple import SimpleContrastiveLoss
from graphcl.losses.triplet import TripletMarginLoss
from graphcl.losses.vicreg import VICRegLoss
from graphcl.negatives import NegativeStrategy


class TwoViewLoss(nn.Module):
    """Any loss, called alike: two views of the same items, a relation, a context.

    Args:
        loss: The loss.
        call: How it is called with (loss, view 1, view 2, pairs, context).
        takes_pairs: Whether it uses a relation; one is refused otherwise.
    """

    def __init__(self, loss: nn.Module, call: Callable[..., Tensor], *, takes_pairs: bool) -> None:
        super().__init__()
        self.loss = loss
        self._call = call
        self.takes_pairs = takes_pairs

    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        *,
        pairs: Pairs | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``.
            pairs: Which items belong together, where the loss uses a relation.
            context: What the negative strategy needs.

        Raises:
            ValueError: ``pairs`` for a loss that uses none.
        """
        if pairs is not None and not self.takes_pairs:
            raise ValueError(f"{type(self.loss).__name__} uses no pairs: item i belongs to item i")
        return self._call(self.loss, z1, z2, pairs, context)


@dataclass(frozen=True)
class LossEntry:
    """A loss by name.

    Attributes:
        name: As typed.
        cls: The class.
        summary: One line.
        cost: Time and memory in the number of items N and the width d.
        source: The paper.
        presets: Arguments of the class that make it this loss.
        call: How it is called with (loss, view 1, view 2, pairs, context).
        takes_pairs: Whether it uses a relation.
    """

    name: str
    cls: type[nn.Module]
    summary: str
    cost: str
    source: str
    presets: Mapping[str, Any]
    call: Callable[..., Tensor]
    takes_pairs: bool

    @property
    def takes_negatives(self) -> bool:
        """Whether a negative strategy can be given."""
        return "negatives" in inspect.signature(self.cls).parameters

    def parameter_names(self) -> list[str]:
        """Arguments of the class, beside what makes it this loss and the strategy."""
        fixed = {*self.presets, "negatives", "positive_weights", "reduction"}
        return [name for name in inspect.signature(self.cls).parameters if name not in fixed]


def loss_names() -> list[str]:
    """The names that :func:`make_loss` knows.

    Example:
        >>> loss_names()[:4]
        ['info-nce', 'nt-xent', 'dcl', 'dclw']
    """
    return list(_ENTRIES)


def get_loss(name: str) -> LossEntry:
    """The entry of a loss; ``ValueError`` with the nearest name where there is none.

    Example:
        >>> get_loss("barlow-twins").cost
        'O(N d^2) time, O(N d) memory'
    """
    entry = _ENTRIES.get(str(name).lower())
    if entry is None:
        raise ValueError(unknown_name("loss", name, _ENTRIES))
    return entry


def make_loss(
    name: str, *, negatives: NegativeStrategy | None = None, **parameters: Any
) -> TwoViewLoss:
    """Build a loss of two views by name.

    Args:
        name: One of :func:`loss_names`; case does not matter.
        negatives: What each negative weighs, where the loss has negatives to weigh.
        **parameters: Arguments of its class.

    Raises:
        TypeError: A parameter of the wrong type.
        ValueError: An unknown name or parameter, a value out of range, a strategy for a loss that
            takes none.

    Example:
        >>> import torch
        >>> loss = make_loss("vicreg", variance=10.0)
        >>> loss(torch.eye(3), torch.eye(3)).isfinite()
        tensor(True)
    """
    entry = get_loss(name)
    allowed = entry.parameter_names()
    for given in parameters:
        if given not in allowed:
            raise ValueError(unknown_name(f"parameter of the loss {entry.name}", given, allowed))
    options = {**entry.presets, **parameters}
    if negatives is not None:
        if not entry.takes_negatives:
            raise ValueError(
                f"the loss {entry.name} weighs no negatives: leave negatives out, or give null to "
                "a method that has some of its own, as progcl"
            )
        options["negatives"] = negatives
    return TwoViewLoss(entry.cls(**options), entry.call, takes_pairs=entry.takes_pairs)


def _with_context(loss: nn.Module, z1: Tensor, z2: Tensor, pairs: Any, context: Any) -> Any:
    return loss(z1, z2, pairs=pairs, context=context)


def _with_pairs(loss: nn.Module, z1: Tensor, z2: Tensor, pairs: Any, context: Any) -> Any:
    return loss(z1, z2, pairs=pairs)


def _rows_alone(loss: nn.Module, z1: Tensor, z2: Tensor, pairs: Any, context: Any) -> Any:
    return loss(z1, z2)


def _views(loss: nn.Module, z1: Tensor, z2: Tensor, pairs: Any, context: Any) -> Any:
    return loss([z1, z2])


def _entry(
    name: str,
    cls: type[nn.Module],
    summary: str,
    source: str,
    *,
    cost: str = "O(N^2 d) time, O(N d) memory",
    call: Callable[..., Any] = _rows_alone,
    **presets: Any,
) -> LossEntry:
    takes_pairs = call in (_with_context, _with_pairs)
    return LossEntry(name, cls, summary, cost, source, presets, call, takes_pairs)


_LINEAR = "O(N d^2) time, O(N d) memory"
_EXCLUDED: Mapping[str, Any] = {"intra_view": True, "positive_in_denominator": "excluded"}
_ENTRIES: Mapping[str, LossEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _entry(
                "info-nce",
                InfoNCELoss,
                "each item against all of the other view",
                "van den Oord et al., arXiv 1807.03748",
                call=_with_context,
            ),
            _entry(
                "nt-xent",
                InfoNCELoss,
                "each item against all of both views (SimCLR, GRACE)",
                "Chen et al., arXiv 2002.05709",
                call=_with_context,
                intra_view=True,
            ),
            _entry(
                "dcl",
                InfoNCELoss,
                "nt-xent without the positive in the denominator",
                "Yeh et al., arXiv 2110.06848",
                call=_with_context,
                **_EXCLUDED,
            ),
            _entry(
                "dclw",
                InfoNCELoss,
                "dcl with heavier far positives",
                "Yeh et al., arXiv 2110.06848",
                call=_with_context,
                positive_weights=MisesFisherWeights(),  # has no state: all may share it
                **_EXCLUDED,
            ),
            _entry(
                "simple",
                SimpleContrastiveLoss,
                "cosines as they are",
                "Wang and Liu, arXiv 2012.09740",
                call=_with_context,
            ),
            _entry(
                "jensen-shannon",
                JensenShannonLoss,
                "softplus scores, positives and negatives by themselves",
                "Hjelm et al., arXiv 1808.06670",
                call=_with_pairs,
            ),
            _entry(
                "neighbour-sparsity",
                NeighbourSparsityLoss,
                "neighbours alike, all others below a threshold (NS4GC)",
                "Liu et al., arXiv 2408.03765",
                call=_with_pairs,
            ),
            _entry(
                "triplet",
                TripletMarginLoss,
                "every negative farther than the positive, by a margin",
                "Schroff et al., arXiv 1503.03832",
                call=_with_pairs,
            ),
            _entry(
                "attraction-repulsion",
                AttractionRepulsionLoss,
                "far positives pull, near negatives push (CACR)",
                "Zheng et al., arXiv 2105.03746",
                call=_views,
            ),
            _entry(
                "group-ordering",
                GroupOrderingLoss,
                "positives before the nearest others (GroCo)",
                "Shvetsova et al., arXiv 2301.02009",
                call=_views,
            ),
            _entry(
                "max-margin",
                MaxMarginLoss,
                "support vectors as negatives (MMCL)",
                "Shah et al., arXiv 2112.11450",
                cost="O(N^3) time, O(N^2) memory",
            ),
            _entry(
                "auc",
                AUCLoss,
                "squares around two centres (AUC-CL)",
                "Sharma et al., ICLR 2024",
                cost=_LINEAR,
            ),
            _entry(
                "barlow-twins",
                BarlowTwinsLoss,
                "features correlate one by one",
                "Zbontar et al., arXiv 2103.03230",
                cost=_LINEAR,
            ),
            _entry(
                "vicreg",
                VICRegLoss,
                "invariance, variance, covariance",
                "Bardes et al., arXiv 2105.04906",
                cost=_LINEAR,
            ),
            _entry(
                "canonical-correlation",
                CanonicalCorrelationLoss,
                "features agree, and are uncorrelated (CCA-SSG)",
                "Zhang et al., arXiv 2106.12484",
                cost=_LINEAR,
            ),
        )
    }
)
