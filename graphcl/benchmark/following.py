"""Watch the clusters of a method while it trains, without changing what it learns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from graphcl.datasets import DataCard
    from graphcl.methods import Method

EPOCHS_BETWEEN_K_MEANS = 10
ROWS_WORTH_THREADS = 20_000


class Following:
    """The best epoch of a training by the labels (:class:`graphcl.evaluation.BestEpoch`).

    A method's own clusters are scored after every epoch. Without clusters of its own its rows are
    clustered by k-means, one start, after every tenth. Random generators and the modules' modes are
    put back, so the training is the one that nobody follows.

    Args:
        method: What is trained.
        data: What it is trained on.
        card: Of the data.
        seed: Of k-means.

    Attributes:
        best: What was seen.
        seconds: What the following took, to be taken off the training's time.
    """

    def __init__(self, method: Method, data: Any, card: DataCard, seed: int) -> None:
        from graphcl.evaluation import BestEpoch

        self.method, self.data, self.seed = method, data, seed
        self.best = BestEpoch(data, target=card.target)
        self.seconds = 0.0

    def after_epoch(self, epoch: int) -> None:
        """Score the clusters after an epoch (from 0), if it is one to be scored."""
        if not self.method.clusters and (epoch + 1) % EPOCHS_BETWEEN_K_MEANS:
            return
        start = time.perf_counter()
        with _same_random_numbers():
            self.best.see(epoch + 1, self._clusters())
        self.seconds += time.perf_counter() - start

    def _clusters(self) -> Tensor:
        from graphcl.evaluation import cluster_embeddings

        if self.method.clusters:
            return self.method.assignment(self.data).cpu()
        rows = self.method.embed(self.data).cpu()
        with few_threads(len(rows)):
            return cluster_embeddings(rows, self.best.num_classes, seed=self.seed, restarts=1)


@contextmanager
def few_threads(rows: int) -> Iterator[None]:
    """One thread where there is little work: more would only wait for each other."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # On a busy machine they wait ten times as long.
    with threadpool_limits(limits=1 if rows < ROWS_WORTH_THREADS else None):
        yield


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    from graphcl.checkpoint import random_state, set_random_state

    state = random_state()
    try:
        yield
    finally:
        set_random_state(state)
