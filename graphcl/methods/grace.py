"""GRACE: two corrupted views of a graph, every node against all others."""

from __future__ import annotations

from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.methods.checks import Rates
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.node_contrast import NodeContrast, seed_nodes
from graphcl.nn import GCNEncoder, Projector


class Grace(NodeContrast):
    """Deep graph contrastive representation learning (GRACE).

    Each step drops edges and feature columns twice over. A graph convolutional encoder F -> 2d -> d
    and a projector embed both views, u and v; InfoNCE then pulls the two rows of a node together
    and pushes it from all other nodes of both views. With cosines s the loss
    (:class:`graphcl.losses.InfoNCELoss` with ``intra_view=True``) is the mean over i of ::

        - s(u_i, v_i) / t + log(sum over j of e^(s(u_i, v_j) / t) + sum over j != i of
                                e^(s(u_i, u_j) / t))

    and of the same with u and v exchanged. The embedding is the encoder's output on the uncorrupted
    graph. Parameters are initialised from torch's global generator, which
    :func:`graphcl.methods.create_method` seeds.

    Source: Zhu et al., https://arxiv.org/abs/2006.04131, equations 1 and 2, and the authors' code,
    CRIPAC-DIG/GRACE.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        projection_width: Width inside the projector; None: ``d``.
        activation: After both layers, one of :data:`graphcl.nn.ACTIVATIONS`.
        temperature: Divisor of the cosine, above 0.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        undirected: True: both directions of an edge fall together. The authors' code drops them
            independently, hence False; so does any batch of sampled neighbours, as most of its
            edges are there in one direction only.
        normalize_features: Subtract the least entry of the graph's features and divide rows by
            their sum, or by 1 if that is more, as the authors do.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`). ``temperature`` is that of the loss.
        negatives: A negative strategy, likewise; None: all negatives alike.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = Grace(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 128,
        projection_width: int | None = None,
        activation: str = "relu",
        temperature: float = 0.5,
        drop_edges: Rates = (0.2, 0.4),
        mask_features: Rates = (0.3, 0.4),
        undirected: bool = False,
        normalize_features: bool = True,
        loss: Choice = "nt-xent",
        negatives: Choice | None = None,
    ) -> None:
        hidden = check_whole("width", width, least=1)
        if projection_width is not None:
            hidden = check_whole("projection_width", projection_width, least=1)
        super().__init__(
            num_features,
            width=width,
            projection_width=hidden,
            activation=activation,
            temperature=temperature,
            drop_edges=drop_edges,
            mask_features=mask_features,
            undirected=undirected,
            normalize_features=normalize_features,
            loss=loss,
            negatives=negatives,
        )
        self.encoder = GCNEncoder(num_features, [2 * width, width], activation=activation)
        self.projector = Projector(width, hidden=hidden)
        self.biased: nn.ModuleList | None = None
        if self.objective.needs == "difficulty":
            second = GCNEncoder(num_features, [2 * width, width], activation=activation)
            self.biased = nn.ModuleList([second, Projector(width, hidden=hidden)])

    def loss(self, data: Data) -> Tensor:
        """The contrast of two fresh views of the graph, a scalar.

        In a mini-batch the seeds are contrasted with each other.
        """
        self.check_width(data)
        features = self.features.of(data)
        pairs = self.pairs_of(data)
        views = [corrupt(data) for corrupt in self.corruptions]
        first, second = (self.projector(view.encode(self.encoder, features)) for view in views)
        biased = None
        if self.biased is not None:
            encoder, projector = self.biased
            biased = tuple(projector(view.encode(encoder, features)) for view in views)
        value: Tensor = self.objective(
            first, second, pairs=pairs, biased=biased, nodes=seed_nodes(data)
        )
        return value
