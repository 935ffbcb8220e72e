"""Negative strategies by name: what methods, suites and the command line choose from."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from graphcl.arguments import unknown_name
from graphcl.negatives.clusters import ClusterNegatives
from graphcl.negatives.difficulty import DifficultyNegatives
from graphcl.negatives.given import SparseWeights
from graphcl.negatives.hard import HardNegatives
from graphcl.negatives.hardest import HardestNegatives
from graphcl.negatives.learned import LearnedNegatives
from graphcl.negatives.meta_nodes import MetaNodes
from graphcl.negatives.mixed import MixedNegatives
from graphcl.negatives.probable import ProbableNegatives
from graphcl.negatives.strategy import AllNegatives, NegativeStrategy


@dataclass(frozen=True)
class StrategyEntry:
    """A negative strategy by name.

    Attributes:
        name: As typed.
        cls: The class.
        summary: What it fixes, one line.
        source: The paper.
    """

    name: str
    cls: type[NegativeStrategy]
    summary: str
    source: str

    @property
    def needs(self) -> frozenset[str]:
        """Keys of the context that it needs."""
        return self.cls.needs

    def parameter_names(self) -> list[str]:
        """Arguments of the class."""
        return list(inspect.signature(self.cls).parameters)


def strategy_names() -> list[str]:
    """The names that :func:`make_negatives` knows.

    Example:
        >>> strategy_names()[:4]
        ['all', 'hard', 'hardest', 'probable']
    """
    return list(_ENTRIES)


def get_strategy(name: str) -> StrategyEntry:
    """The entry of a strategy; ``ValueError`` with the nearest name where there is none.

    Example:
        >>> get_strategy("clusters").needs
        frozenset({'clusters'})
    """
    entry = _ENTRIES.get(str(name).lower())
    if entry is None:
        raise ValueError(unknown_name("negative strategy", name, _ENTRIES))
    return entry


def make_negatives(name: str, **parameters: Any) -> NegativeStrategy:
    """Build a negative strategy by name.

    Args:
        name: One of :func:`strategy_names`; case does not matter.
        **parameters: Arguments of its class.

    Raises:
        TypeError: A parameter of the wrong type.
        ValueError: An unknown name or parameter, a value out of range.

    Example:
        >>> make_negatives("hard", beta=2.0)
        HardNegatives(beta=2.0, detach=False)
    """
    entry = get_strategy(name)
    allowed = entry.parameter_names()
    for given in parameters:
        if given not in allowed:
            raise ValueError(unknown_name(f"parameter of {entry.name} negatives", given, allowed))
    return entry.cls(**parameters)


_ENTRIES: Mapping[str, StrategyEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            StrategyEntry("all", AllNegatives, "nothing: all negatives alike", "arXiv 1807.03748"),
            StrategyEntry(
                "hard",
                HardNegatives,
                "easy negatives drown hard ones (HCL)",
                "Robinson et al., arXiv 2010.04592",
            ),
            StrategyEntry(
                "hardest",
                HardestNegatives,
                "easy negatives count at all",
                "Wang and Liu, arXiv 2012.09740",
            ),
            StrategyEntry(
                "probable",
                ProbableNegatives,
                "on graphs the hardest negatives are mostly false (ProGCL)",
                "Xia et al., arXiv 2110.02027",
            ),
            StrategyEntry(
                "mixed",
                MixedNegatives,
                "too few hard negatives (MoCHi)",
                "Kalantidis et al., arXiv 2010.01028",
            ),
            StrategyEntry("clusters", ClusterNegatives, "negatives of the own cluster", "own"),
            StrategyEntry(
                "meta-nodes",
                MetaNodes,
                "too many negatives: clusters stand for their members (PamC)",
                "Kulatilleke et al., arXiv 2209.14067",
            ),
            StrategyEntry(
                "sparse", SparseWeights, "what is known of single pairs, or of distances", "own"
            ),
            StrategyEntry(
                "difficulty",
                DifficultyNegatives,
                "negatives that are hard because of a bias (WCL)",
                "Jang and Wang, CVPR 2023",
            ),
            StrategyEntry(
                "learned",
                LearnedNegatives,
                "nobody knows which negatives are false (AdaMEOW)",
                "Yu et al., arXiv 2212.13847",
            ),
        )
    }
)
