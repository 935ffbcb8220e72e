"""Losses: thin objectives over the engine of :mod:`graphcl.contrast`."""

from graphcl.losses.debias import debiased_log_sum
from graphcl.losses.info_nce import InfoNCELoss

__all__ = ["InfoNCELoss", "debiased_log_sum"]
