"""MVGRL: nodes of a graph against a summary of its diffusion, and the other way round."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import Data

from graphcl.methods.contrast_choice import Choice
from graphcl.methods.diffused import Diffused
from graphcl.methods.node_graph import JENSEN_SHANNON, SummaryContrast
from graphcl.methods.published import PublishedSettings
from graphcl.nn import GCNEncoder
from graphcl.training import TrainingSettings


class MVGRL(SummaryContrast):
    """Contrastive multi-view representation learning on graphs (MVGRL), at node level.

    View 1 is the graph, view 2 its personalised PageRank, S = alpha (I - (1 - alpha) T)^-1 with
    T = D^-1/2 (A + I) D^-1/2, of which each node keeps the ``top_k`` largest entries. A graph
    convolution with PReLU of its own embeds each view: rows h^v_i, and h~^v_i with the features of
    the nodes shuffled. As in :class:`DGI`, the first are told from the second by scores
    s(h, c) = h' W c + b, but with the summary c of the other view; the loss is the mean over views
    v and their others w of ::

        mean over i of softplus(-s(h^v_i, c^w)) + mean over i of softplus(s(h~^v_i, c^w)) - 2 log 2

    which is twice the authors' cross-entropy, less a constant. The embedding is the sum of both
    encoders' rows. The cost is O(N d^2) beside the encoders, whose second has ``top_k`` N edges.

    What differs from the authors' code: it takes four windows of 2000 consecutive nodes for a step,
    ours the whole graph; it adds self-loops twice in view 1; and it keeps all N^2 entries of S. In
    a mini-batch S is that of the whole graph, cut to the batch's nodes, and the seeds are
    contrasted with their summary.

    Source: Hassani and Khasahmadi, ICML 2020, https://arxiv.org/abs/2006.05582, and the authors'
    code, kavehhassani/mvgrl.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        alpha: Probability of return, above 0 and at most 1.
        top_k: Entries of S that each node receives messages over; None: those above a threshold.
        threshold: Least entry of S that is kept; None: the largest ``top_k``.
        epsilon: How much an entry of S may fall short
            (:class:`graphcl.augmentations.PPRDiffusion`); less takes longer. None: 1e-3 with
            ``top_k``, at most a tenth of ``threshold``.
        scale_columns: Divide what a node sends by its largest entry in S, as the authors do on
            CiteSeer.
        normalize_features: As in :class:`Grace`; off by default. The authors' loader does it on
            Cora, CiteSeer and PubMed.
        temperature: Divisor of the cosine, for losses that have one; that of the authors has none.
        loss: As in :class:`DGI`.
        negatives: As in :class:`DGI`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range; a loss without pairs, of one positive, or that
            contrasts a view with itself; a strategy that needs clusters, neighbours or a second
            encoder; both or none of ``top_k`` and ``threshold``.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = MVGRL(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    cost = (
        "every node against two summaries: O(E d + top_k N d + N d^2) time, O(N d) memory; "
        "the diffusion once"
    )

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 512,
        alpha: float = 0.2,
        top_k: int | None = 64,
        threshold: float | None = None,
        epsilon: float | None = None,
        scale_columns: bool = False,
        normalize_features: bool = False,
        temperature: float = 0.5,
        loss: Choice = JENSEN_SHANNON,
        negatives: Choice | None = None,
    ) -> None:
        diffused = Diffused(
            alpha=alpha,
            top_k=top_k,
            threshold=threshold,
            epsilon=epsilon,
            scale_columns=scale_columns,
        )
        super().__init__(
            num_features,
            width=width,
            alpha=alpha,
            top_k=top_k,
            threshold=threshold,
            epsilon=epsilon,
            scale_columns=scale_columns,
            normalize_features=normalize_features,
            temperature=temperature,
            loss=loss,
            negatives=negatives,
        )
        self.diffused = diffused
        self.encoder = GCNEncoder(num_features, [width], activation="prelu")
        self.diffusion_encoder = GCNEncoder(
            num_features, [width], activation="prelu", normalize=False
        )

    def setup(self, data: Data) -> None:
        """Diffuse the graph."""
        super().setup(data)
        self.diffused.setup(data)

    def loss(self, data: Data) -> Tensor:
        """The contrast of each view's nodes with the other's summary, a scalar."""
        both = self.inputs(data)
        index, weight = self.diffused.of(data)
        first, first_shuffled = (
            nodes.encode(
                self.encoder,
                data.edge_index,
                data.get("edge_weight"),
                hop_sizes=data.get("num_sampled_nodes"),
            )
            for nodes in both
        )
        second, second_shuffled = (
            nodes.encode(self.diffusion_encoder, index, weight) for nodes in both
        )
        one = self.contrast(first, second, second_shuffled)
        return (one + self.contrast(second, first, first_shuffled)) / 2

    def encode(self, data: Data) -> Tensor:
        """The sum of both encoders' rows on the whole graph, ``[N, d]``."""
        features = self.features.of(data)
        rows: Tensor = self.encoder(features, data.edge_index, data.get("edge_weight"))
        return rows + self.diffusion_encoder(features, *self.diffused.of(data))

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, a block of rows at a time."""
        views = (
            (self.encoder, (data.edge_index, data.get("edge_weight"))),
            (self.diffusion_encoder, self.diffused.of(data)),
        )
        first, second = (
            encoder.encode_in_blocks(
                data.x, *edges, batch_size=batch_size, prepare=self.features.of_rows(data)
            )
            for encoder, edges in views
        )
        return first + second


DEFAULT_TRAINING = TrainingSettings(epochs=3000, learning_rate=1e-3, patience=20)
_AUTHORS = "the authors' script, kavehhassani/mvgrl node/train.py"
_LOADER = "rows normalised by its loader (DGL's of 2020)"
_LARGEST = f"{_AUTHORS}, {_LOADER}; of its N^2 diffusion the 64 largest entries of a node"
SETTINGS = (
    PublishedSettings("Cora", _LARGEST, {"normalize_features": True}),
    PublishedSettings(
        "CiteSeer",
        f"{_AUTHORS} and node/dataset.py, whose rule gives the threshold",
        {
            "normalize_features": True,
            "scale_columns": True,
            "top_k": None,
            "threshold": 1e-2,
        },
    ),
    PublishedSettings("PubMed", _LARGEST, {"normalize_features": True}),
)
