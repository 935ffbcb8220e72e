"""Negative strategies: what each negative weighs."""

from graphcl.negatives.hard import HardNegatives
from graphcl.negatives.strategy import AllNegatives, NegativeStrategy

__all__ = ["AllNegatives", "HardNegatives", "NegativeStrategy"]
