"""PamC as its authors wrote it: positives by edges, negatives from cluster to cluster."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from graphcl.clustering import cluster_sums
from graphcl.contrast import largest_over_ranks, normalize_rows, sum_over_ranks

_TINY = math.log(1e-10)  # added to the sums by the authors


@dataclass(frozen=True, eq=False)
class OfficialTerms:
    """The parts of the authors' loss.

    Attributes:
        log_positive: Of each node, ``[N]``.
        log_negative: Of each cluster that has members, ``[K]``.
    """

    log_positive: Tensor
    log_negative: Tensor


def official_terms(
    z: Tensor, assignment: Tensor, log_positive: Tensor, temperature: float
) -> OfficialTerms:
    """``log(sum_j W_ij exp(s_ij / t))`` and ``log(1 + sum over l != k of exp(cos(C_k, C_l) / t))``.

    ``C_k`` is the sum of the rows of cluster k as they are, over all ranks. Clusters count alike,
    whatever their size; empty ones are left out.

    Source: ``NcontrastCCSP`` of gayanku/PAMC, train.py.

    Args:
        z: Embeddings, ``[N, d]``.
        assignment: Cluster of each node, ``[N]``, or shares ``[N, K]``, of which the largest
            decides.
        log_positive: Log of each node's sum over its edges, ``[N]``.
        temperature: Divisor of the cosine.
    """
    hard = assignment.detach().argmax(1) if assignment.dim() == 2 else assignment
    size = largest_over_ranks(int(hard.max()) + 1, z.device)
    sums = cluster_sums(z, hard.to(z.device), size)
    flat = sum_over_ranks(torch.cat([sums.count.unsqueeze(1), sums.total], 1))
    members, total = flat[:, 0], flat[:, 1:]
    centres = normalize_rows(total[members.detach() > 0])
    cosine = centres @ centres.T
    itself = torch.eye(len(centres), dtype=torch.bool, device=z.device)
    log_negative = (cosine.masked_fill(itself, 0) / temperature).logsumexp(1)
    tiny = z.new_tensor(_TINY)
    return OfficialTerms(torch.logaddexp(log_positive, tiny), torch.logaddexp(log_negative, tiny))
