"""InfoGraph: every node against all graphs, its own is the positive."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch_geometric.data import Batch, Data

from graphcl.contrast import Pairs
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.graph_encoding import TU_TRAINING, GraphEncoding, batch_of
from graphcl.methods.node_graph import JENSEN_SHANNON, check_node_graph
from graphcl.methods.published import PublishedSettings
from graphcl.nn import ShortcutProjector, reset_linear, sum_readout
from graphcl.training import TrainingSettings

DEFAULT_TRAINING = TU_TRAINING
SETTINGS = (
    *(
        PublishedSettings(
            name,
            "the authors' code (5 layers of 32, batch 128, 20 epochs), sunfanyunn/InfoGraph; it "
            "has no learning rate: .01, as the codes that came after it",
        )
        for name in ("MUTAG", "PROTEINS", "NCI1", "IMDB-BINARY", "IMDB-MULTI")
    ),
    PublishedSettings(
        "PTC_MR",
        "PyGCL's example (2 layers of 32, lr .01, 100 epochs)",
        {"layers": 2},
        TrainingSettings(epochs=100, learning_rate=0.01, batch_size=128),
    ),
)


class InfoGraph(GraphEncoding):
    """Make nodes and their graph tell of each other (InfoGraph, unsupervised).

    A GIN embeds the nodes; a graph's row is their sum. Both go through heads of their own. With
    s_ig the product of node i with graph g of the batch, the loss (the Jensen-Shannon estimator,
    :class:`graphcl.losses.JensenShannonLoss`) is ::

        mean over i and other graphs g of softplus(s_ig)
        + mean over i and its own graph g of softplus(-s_ig) - 2 log 2

    The embedding is the sum before the head. There are no augmentations. Edge features are not
    used.

    What differs from the authors' code: batches are drawn anew each epoch, and a last batch of one
    graph joins another. Theirs evaluates after every epoch; take the last.

    Source: Sun et al., ICLR 2020, https://arxiv.org/abs/1908.01000, equation 4, and the authors'
    code, sunfanyunn/InfoGraph.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of each layer, ``d``.
        layers: Number of layers, ``L``; the embedding is ``L d`` wide.
        temperature: Divisor of the cosine, for losses that have one; that of the authors has none.
        loss: A loss that takes pairs, by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`): ``jensen-shannon``, ``info-nce``,
            ``triplet``.
        negatives: A negative strategy that needs to know nothing of the graphs, likewise; None: all
            negatives alike.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range; a loss without pairs, or one that contrasts a
            view with itself; a strategy that needs clusters, neighbours or a second encoder.

    Example:
        >>> import torch
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=edges) for _ in range(5)]
        >>> method = InfoGraph(3, width=4, layers=2)
        >>> method.loss(graphs).shape, method.embed(graphs).shape
        (torch.Size([]), torch.Size([5, 8]))
    """

    cost = (
        "the encoder, and all pairs of the batch's N nodes and B graphs: O(N B d) time, O(N "
        "d) memory"
    )

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 32,
        layers: int = 5,
        temperature: float = 0.2,
        loss: Choice = JENSEN_SHANNON,
        negatives: Choice | None = None,
    ) -> None:
        super().__init__(
            num_features,
            width=width,
            layers=layers,
            temperature=temperature,
            loss=loss,
            negatives=negatives,
        )
        check_node_graph(self.objective, loss)
        self.node_head = ShortcutProjector(self.encoder.out_width)
        self.graph_head = ShortcutProjector(self.encoder.out_width)
        reset_linear(self)

    def loss(self, data: Batch | Sequence[Data]) -> Tensor:
        """The contrast of nodes with graphs, a scalar."""
        batch = batch_of(data)
        rows = self.encoder(batch.x, batch.edge_index)
        graphs = self.graph_head(sum_readout(rows, batch))
        pairs = Pairs.membership(batch.batch, batch.num_graphs)
        value: Tensor = self.objective(self.node_head(rows), graphs, pairs=pairs)
        return value
