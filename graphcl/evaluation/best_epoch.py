"""The best epoch of a training, chosen with the labels: what much of the literature reports."""

from collections.abc import Mapping

from torch import Tensor

from graphcl.evaluation.checks import Graphs, labels_of
from graphcl.evaluation.clustering_scores import clustering_metrics

BEST_EPOCH = "_best_epoch"
"""What ends the name of a figure at the epoch that the labels chose: no user gets it."""
_MEASURES = ("acc", "nmi")


class BestEpoch:
    """The highest ACC and NMI that clusters had while a method trained, each at its own epoch.

    The labels choose the epoch, so these figures say what a training passed through and not what
    it ends with. They stand beside those of the last epoch as `acc_best_epoch` and
    `nmi_best_epoch`, with the number of epochs after which they were reached.

    Args:
        data: one graph with node labels, or a list of graphs with one label each.
        target: the labelled node type, of a heterogeneous graph; default: the only one.

    Attributes:
        num_classes: number of classes among the labels.

    Raises:
        ValueError: the data have no labels.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> best = BestEpoch(Data(y=torch.tensor([0, 0, 1, 1])))
        >>> best.see(1, torch.tensor([0, 1, 1, 1]))
        >>> best.see(2, torch.tensor([0, 1, 0, 1]))
        >>> best.metrics["acc_best_epoch"], best.metrics["acc_best_epoch_at"]
        (0.75, 1.0)
    """

    def __init__(self, data: Graphs, *, target: str | None = None) -> None:
        self._labels = labels_of(data, target)
        self.num_classes = int(self._labels[self._labels >= 0].unique().numel())
        self._best: dict[str, tuple[float, int]] = {}

    def see(self, epochs: int, assignment: Tensor) -> None:
        """Score the clusters after so many epochs.

        Args:
            epochs: epochs that were run, at least 0.
            assignment: cluster of each row, `[N]`, any integers.

        Raises:
            TypeError: the assignment is not an integer tensor.
            ValueError: it has another number of rows than there are labels.
        """
        self.compare(epochs, clustering_metrics(assignment, labels=self._labels))

    def compare(self, epochs: int, scores: Mapping[str, float]) -> None:
        """The same for scores that are known: `acc` and `nmi`."""
        for name in _MEASURES:
            if name not in self._best or scores[name] > self._best[name][0]:
                self._best[name] = (scores[name], epochs)

    @property
    def metrics(self) -> dict[str, float]:
        """`acc_best_epoch`, `acc_best_epoch_at`, the same of `nmi`; empty if nothing was seen."""
        found: dict[str, float] = {}
        for name, (score, epochs) in self._best.items():
            found[name + BEST_EPOCH] = score
            found[f"{name}{BEST_EPOCH}_at"] = float(epochs)
        return found
