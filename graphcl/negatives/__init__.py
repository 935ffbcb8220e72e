"""Negative strategies: what each negative weighs, and synthetic negatives."""

from graphcl.negatives.beta_mixture import BetaMixture, fit_beta_mixture
from graphcl.negatives.by_name import (
    StrategyEntry,
    get_strategy,
    make_negatives,
    strategy_names,
)
from graphcl.negatives.clusters import ClusterNegatives
from graphcl.negatives.difficulty import DifficultyNegatives
from graphcl.negatives.given import SparseWeights, hop_weights
from graphcl.negatives.hard import HardNegatives
from graphcl.negatives.hardest import HardestNegatives
from graphcl.negatives.learned import LearnedNegatives, WeightStatistics
from graphcl.negatives.meta_nodes import MetaNodes
from graphcl.negatives.mixed import MixedNegatives, Mixing, mix_negatives
from graphcl.negatives.probable import ProbableNegatives
from graphcl.negatives.running_sums import RunningSums
from graphcl.negatives.strategy import AllNegatives, NegativeStrategy
from graphcl.negatives.weights import negative_weights

__all__ = [
    "AllNegatives",
    "BetaMixture",
    "ClusterNegatives",
    "DifficultyNegatives",
    "HardNegatives",
    "HardestNegatives",
    "LearnedNegatives",
    "MetaNodes",
    "MixedNegatives",
    "Mixing",
    "NegativeStrategy",
    "ProbableNegatives",
    "RunningSums",
    "SparseWeights",
    "StrategyEntry",
    "WeightStatistics",
    "fit_beta_mixture",
    "get_strategy",
    "hop_weights",
    "make_negatives",
    "mix_negatives",
    "negative_weights",
    "strategy_names",
]
