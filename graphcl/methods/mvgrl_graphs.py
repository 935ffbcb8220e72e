"""MVGRL for graphs: nodes of each graph against all graphs of the other view."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch, Data
from torch_geometric.nn import global_add_pool

from graphcl.arguments import check_whole
from graphcl.contrast import Pairs
from graphcl.methods.contrast_choice import Choice, ContrastChoice
from graphcl.methods.diffused import Diffused, Edges
from graphcl.methods.graph_encoding import batch_of, graphs_of
from graphcl.methods.method import Method
from graphcl.methods.node_graph import JENSEN_SHANNON, check_node_graph
from graphcl.methods.published import PublishedSettings
from graphcl.nn import GCNEncoder, ShortcutProjector, reset_linear
from graphcl.training import TrainingSettings


class MVGRLGraphs(Method):
    """Contrastive multi-view representation learning on graphs (MVGRL), at graph level.

    View 1 is each graph, view 2 its personalised PageRank, as in :class:`MVGRL`. Each view has a
    stack of graph convolutions with PReLU; a graph's row is the sum of its nodes' rows, layer by
    layer, side by side. A head for nodes and one for graphs serve both views. With s_ig the product
    of node i of one view with graph g of the other, the loss (the Jensen-Shannon estimator,
    :class:`graphcl.losses.JensenShannonLoss`) is, both ways added ::

        mean over i and other graphs g of softplus(s_ig)
        + mean over i and its own graph g of softplus(-s_ig) - 2 log 2

    The embedding is the sum of both views' graph rows after the head. Edge weights and features are
    not used.

    What differs from the authors' code: the convolutions learn (theirs stand in a plain list, which
    the optimiser does not see: only the heads do); heads begin with Xavier weights and biases of
    zero; where nodes have labels, these alone are the features (theirs adds the degree); batches
    are drawn anew each epoch, a last batch of one graph joins another, no padding takes part, and a
    node keeps the ``top_k`` largest entries of the diffusion.

    Source: Hassani and Khasahmadi, ICML 2020, https://arxiv.org/abs/2006.05582, and the authors'
    code, kavehhassani/mvgrl.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of each layer and of the embedding, ``d``.
        layers: Number of layers, at least 1.
        alpha: Probability of return, above 0 and at most 1.
        top_k: Entries of the diffusion that each node receives messages over.
        epsilon: As in :class:`MVGRL`.
        temperature: Divisor of the cosine, for losses that have one; that of the authors has none.
        loss: A loss that takes pairs, by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`), as in :class:`InfoGraph`.
        negatives: A negative strategy that needs to know nothing of the graphs, likewise; None: all
            negatives alike.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range; a loss without pairs, or one that contrasts a
            view with itself; a strategy that needs clusters, neighbours or a second encoder.

    Example:
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=edges) for _ in range(5)]
        >>> method = MVGRLGraphs(3, width=4)
        >>> method.loss(graphs).shape, method.embed(graphs).shape
        (torch.Size([]), torch.Size([5, 4]))
    """

    cost = (
        "the encoders, and all pairs of the batch's N nodes and B graphs: O(N B d) time, O(N "
        "d) memory; the diffusion once"
    )
    levels = frozenset({"graph"})

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 512,
        layers: int = 2,
        alpha: float = 0.2,
        top_k: int = 64,
        epsilon: float = 1e-3,
        temperature: float = 0.5,
        loss: Choice = JENSEN_SHANNON,
        negatives: Choice | None = None,
    ) -> None:
        diffused = Diffused(alpha=alpha, top_k=top_k, epsilon=epsilon)
        super().__init__(
            num_features,
            width=check_whole("width", width, least=1),
            layers=check_whole("layers", layers, least=1),
            alpha=alpha,
            top_k=top_k,
            epsilon=epsilon,
            temperature=temperature,
            loss=loss,
            negatives=negatives,
        )
        self.objective = ContrastChoice(loss, negatives, temperature=temperature)
        check_node_graph(self.objective, loss)
        self.diffused = diffused
        self.encoder = _Stack(num_features, width, layers, normalize=True)
        self.diffusion_encoder = _Stack(num_features, width, layers, normalize=False)
        self.node_head = ShortcutProjector(width, activation="prelu")
        self.graph_head = ShortcutProjector(layers * width, out_width=width, activation="prelu")
        reset_linear(self.node_head)
        reset_linear(self.graph_head)

    def setup(self, data: Batch | Sequence[Data]) -> None:
        """Refuse graphs of another width before any work."""
        self.check_width(graphs_of(data)[0])

    def prepare(self, data: Batch | Sequence[Data]) -> list[Data]:
        """The graphs with their diffusions, without what is not used."""
        bare = [Data(x=graph.x, edge_index=graph.edge_index) for graph in graphs_of(data)]
        batch = Batch.from_data_list(bare)
        index, weight = self.diffused.of(batch)
        owner = batch.batch[index[0]]
        counts = torch.bincount(owner, minlength=len(bare)).tolist()
        starts = batch.ptr[:-1].tolist()
        parts = zip(index.split(counts, dim=1), weight.split(counts), starts, strict=True)
        for graph, (edges, weights, start) in zip(bare, parts, strict=True):
            graph.diffusion_index, graph.diffusion_weight = edges - start, weights
        return bare

    def loss(self, data: Batch | Sequence[Data]) -> Tensor:
        """The contrast of each view's nodes with the other's graphs, a scalar."""
        batch = batch_of(data)
        (nodes1, graphs1), (nodes2, graphs2) = self._views(batch)
        pairs = Pairs.membership(batch.batch, batch.num_graphs)
        first = self.objective(self.node_head(nodes1), graphs2, pairs=pairs)
        second: Tensor = self.objective(self.node_head(nodes2), graphs1, pairs=pairs)
        return first + second

    def encode(self, data: Batch) -> Tensor:
        """The sum of both views' graph rows, ``[B, d]``."""
        (_, first), (_, second) = self._views(data)
        return first + second

    def _views(self, batch: Batch) -> list[tuple[Tensor, Tensor]]:
        """Rows of the nodes, ``[N, d]``, and of the graphs, ``[B, d]``, in both views."""
        diffusion: Edges = (
            (batch.diffusion_index, batch.diffusion_weight)
            if "diffusion_index" in batch
            else self.diffused.of(batch)
        )
        found = []
        for encoder, edges in (
            (self.encoder, (batch.edge_index, None)),
            (self.diffusion_encoder, diffusion),
        ):
            layers = encoder(batch.x, *edges)
            sums = [global_add_pool(rows, batch.batch, size=batch.num_graphs) for rows in layers]
            found.append((layers[-1], self.graph_head(torch.cat(sums, dim=1))))
        return found


class _Stack(nn.Module):
    """Graph convolutions with a PReLU each; gives the rows of every layer."""

    def __init__(self, num_features: int, width: int, layers: int, *, normalize: bool) -> None:
        super().__init__()
        sizes = [num_features] + [width] * (layers - 1)
        self.layers = nn.ModuleList(
            GCNEncoder(size, [width], activation="prelu", normalize=normalize) for size in sizes
        )

    def forward(
        self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None
    ) -> list[Tensor]:
        found = []
        for layer in self.layers:
            x = layer(x, edge_index, edge_weight)
            found.append(x)
        return found


DEFAULT_TRAINING = TrainingSettings(epochs=40, learning_rate=1e-3, patience=20, batch_size=128)
SETTINGS = tuple(
    PublishedSettings(
        name,
        "the authors' script, kavehhassani/mvgrl graph/train.py; of its grid, searched by test "
        "accuracy, 2 layers, batch 128 and 40 epochs for all",
        training=DEFAULT_TRAINING,
    )
    for name in ("MUTAG", "PTC_MR", "IMDB-BINARY", "IMDB-MULTI")
)
