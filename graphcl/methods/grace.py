"""GRACE: two corrupted views of a graph, every node against all others."""

from __future__ import annotations

from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import Pairs
from graphcl.methods.checks import Rates, check_flag, check_rates
from graphcl.methods.contrast_choice import Choice, ContrastChoice
from graphcl.methods.corruption import Corruption
from graphcl.methods.encoder_features import EncoderFeatures
from graphcl.methods.method import Method
from graphcl.nn import GCNEncoder, Projector
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds


class Grace(Method):
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
            their sum, as the authors do.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`). ``temperature`` is that of the loss.
        negatives: A negative strategy, likewise; None: all negatives alike.

    Raises:
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = Grace(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    cost = "all pairs: O(N^2 d) time, O(N d) memory beside a tile of 1 MB"
    monitor: str | None = None  # the authors train for a fixed number of epochs

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
        width = check_whole("width", width, least=1)
        hidden = width
        if projection_width is not None:
            hidden = check_whole("projection_width", projection_width, least=1)
        temperature = check_number("temperature", temperature)
        edge_rates = check_rates("drop_edges", drop_edges)
        feature_rates = check_rates("mask_features", mask_features)
        super().__init__(
            num_features,
            width=width,
            projection_width=hidden,
            activation=activation,
            temperature=temperature,
            drop_edges=edge_rates,
            mask_features=feature_rates,
            undirected=check_flag("undirected", undirected),
            normalize_features=check_flag("normalize_features", normalize_features),
            loss=loss,
            negatives=negatives,
        )
        self.objective = ContrastChoice(loss, negatives, temperature=temperature)
        self.encoder = GCNEncoder(num_features, [2 * width, width], activation=activation)
        self.projector = Projector(width, hidden=hidden)
        self.biased: nn.ModuleList | None = None
        if self.objective.needs == "difficulty":
            second = GCNEncoder(num_features, [2 * width, width], activation=activation)
            self.biased = nn.ModuleList([second, Projector(width, hidden=hidden)])
        self.features = EncoderFeatures(normalize=normalize_features)
        self.edge_rates, self.feature_rates = edge_rates, feature_rates
        self.corruptions = [
            Corruption(drop, mask, undirected=undirected)
            for drop, mask in zip(edge_rates, feature_rates, strict=True)
        ]
        self._positives = Prepared[Pairs | None]()

    def setup(self, data: Data) -> None:
        """Keep what the whole graph says of the features."""
        self.check_width(data)
        self._positives = Prepared()
        self.features.setup(data)
        self.objective.setup(data)

    def before_epoch(self, epoch: int, data: Data) -> None:
        """Find what the negatives need to know of the present embeddings."""
        self.objective.before_epoch(epoch, data, self.embed)

    def loss(self, data: Data) -> Tensor:
        """The contrast of two fresh views of the graph, a scalar.

        In a mini-batch the seeds are contrasted with each other.
        """
        self.check_width(data)
        features = self.features.of(data)
        if num_seeds(data) is not None:  # seen once: there is nothing to remember
            pairs = self.positives(data)
        else:
            pairs = self._positives.get((data.x, data.edge_index), lambda: self.positives(data))
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

    def encode(self, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, ``[N, d]``."""
        return self.features.encode(self.encoder, data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        return self.features.encode_in_blocks(self.encoder, data, batch_size)

    def positives(self, data: Data) -> Pairs | None:
        """Which nodes (or seeds of a batch) belong together; None: each with itself."""
        return None


def seed_nodes(data: Data) -> Tensor | None:
    """Which nodes of the whole graph a batch contrasts; None: it is the whole graph."""
    seeds, nodes = num_seeds(data), data.get("n_id")
    return None if seeds is None or nodes is None else nodes[:seeds]
