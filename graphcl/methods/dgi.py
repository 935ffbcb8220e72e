"""DGI: nodes against a summary of their graph."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.node_graph import JENSEN_SHANNON, SummaryContrast
from graphcl.methods.published import PublishedSettings
from graphcl.nn import GCNEncoder
from graphcl.training import TrainingSettings


class DGI(SummaryContrast):
    """Deep graph infomax (DGI).

    A graph convolution with PReLU embeds the nodes, h_i, and the same graph with the features of
    the nodes shuffled, h~_i. With the summary c = logistic(mean of h_i) and scores
    s(h) = h' W c + b, the loss is ::

        mean over i of softplus(-s(h_i)) + mean over i of softplus(s(h~_i)) - 2 log 2

    which is twice the authors' cross-entropy, less a constant (equation 1 of the paper). The cost
    is O(N d^2) beside the encoder. The embedding is the encoder's output.

    In a mini-batch the summary is that of the seeds, and features are shuffled among its nodes.

    Source: Velickovic et al., ICLR 2019, https://arxiv.org/abs/1809.10341, and the authors' code,
    PetarV-/DGI.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding and of the hidden layers, ``d``.
        layers: Number of layers, at least 1.
        normalize_features: As in :class:`Grace`.
        temperature: Divisor of the cosine, for losses that have one; that of the authors has none.
        loss: A loss that takes pairs, by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`): ``jensen-shannon``, ``info-nce``, ``simple``.
            The summary is the anchor, the nodes are its positives and negatives.
        negatives: A negative strategy that needs to know nothing of the nodes, likewise; None: all
            negatives alike.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range; a loss without pairs, of one positive, or that
            contrasts a view with itself; a strategy that needs clusters, neighbours or a second
            encoder.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = DGI(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    cost = "every node against one summary: O(E d + N d^2) time, O(N d) memory"

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 512,
        layers: int = 1,
        normalize_features: bool = True,
        temperature: float = 0.5,
        loss: Choice = JENSEN_SHANNON,
        negatives: Choice | None = None,
    ) -> None:
        super().__init__(
            num_features,
            width=width,
            layers=check_whole("layers", layers, least=1),
            normalize_features=normalize_features,
            temperature=temperature,
            loss=loss,
            negatives=negatives,
        )
        self.encoder = GCNEncoder(
            num_features, [width] * layers, activation="prelu", shared_activation=False
        )

    def loss(self, data: Data) -> Tensor:
        """The contrast of the nodes, or of a batch's seeds, with their summary, a scalar."""
        rows, shuffled = (
            nodes.encode(
                self.encoder,
                data.edge_index,
                data.get("edge_weight"),
                hop_sizes=data.get("num_sampled_nodes"),
            )
            for nodes in self.inputs(data)
        )
        return self.contrast(rows, rows, shuffled)

    def encode(self, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, ``[N, d]``."""
        return self.features.encode(self.encoder, data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        return self.features.encode_in_blocks(self.encoder, data, batch_size)


DEFAULT_TRAINING = TrainingSettings(epochs=10_000, learning_rate=1e-3, patience=20)
_PYAGC = "PyAGC's configuration (1 layer of 512, 300 epochs, patience 50), arXiv 2602.08519"
SETTINGS = (
    PublishedSettings("Cora", "the authors' script, PetarV-/DGI execute.py"),
    PublishedSettings(
        "CiteSeer", "the authors' script, PetarV-/DGI execute.py, which is that of Cora"
    ),
    PublishedSettings("PubMed", "width 256, as the paper has it (section 4.2)", {"width": 256}),
    PublishedSettings(
        "Photo", _PYAGC, {}, TrainingSettings(epochs=300, learning_rate=1e-3, patience=50)
    ),
)
