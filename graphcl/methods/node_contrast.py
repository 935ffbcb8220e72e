"""Two corrupted views of a graph, encoded, every node against the others."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch_geometric.data import Data

from graphcl.contrast import Pairs
from graphcl.methods.checks import Rates, check_flag, check_rates
from graphcl.methods.contrast_choice import Choice, ContrastChoice
from graphcl.methods.corruption import Corruption
from graphcl.methods.encoder_features import EncoderFeatures
from graphcl.methods.method import Method
from graphcl.nn import GCNEncoder
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds


class NodeContrast(Method):
    """Drop edges and feature columns twice over, and contrast the nodes (not used by itself).

    The form that GRACE and NS4GC share. A subclass makes ``encoder`` and says by ``loss`` what of
    the views it contrasts. The embedding is the encoder's output on the uncorrupted graph.

    Args:
        num_features: Width of the features, ``F``.
        temperature: Of the loss, above 0.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        undirected: As in :class:`Grace`.
        normalize_features: As in :class:`Grace`.
        loss: As in :class:`Grace`.
        negatives: As in :class:`Grace`.
        **configuration: The subclass's other arguments.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.
    """

    cost = "all pairs: O(N^2 d) time, O(N d) memory beside a tile of 1 MB"
    monitor: str | None = None  # the authors train for a fixed number of epochs
    encoder: GCNEncoder

    def __init__(
        self,
        num_features: int,
        *,
        temperature: float,
        drop_edges: Rates,
        mask_features: Rates,
        undirected: bool,
        normalize_features: bool,
        loss: Choice,
        negatives: Choice | None,
        **configuration: object,
    ) -> None:
        edge_rates = check_rates("drop_edges", drop_edges)
        feature_rates = check_rates("mask_features", mask_features)
        super().__init__(
            num_features,
            temperature=temperature,
            drop_edges=edge_rates,
            mask_features=feature_rates,
            undirected=check_flag("undirected", undirected),
            normalize_features=check_flag("normalize_features", normalize_features),
            loss=loss,
            negatives=negatives,
            **configuration,
        )
        self.objective = ContrastChoice(loss, negatives, temperature=temperature)
        self.features = EncoderFeatures(normalize=normalize_features)
        self.edge_rates, self.feature_rates = edge_rates, feature_rates
        self.corruptions: Sequence[Corruption] = [
            Corruption(drop, mask, undirected=undirected)
            for drop, mask in zip(edge_rates, feature_rates, strict=True)
        ]
        self._positives = Prepared[Pairs | None]()

    def setup(self, data: Data) -> None:
        """Keep what the whole graph says of features and negatives."""
        self.check_width(data)
        self._positives = Prepared()
        self.features.setup(data)
        self.objective.setup(data)

    def before_epoch(self, epoch: int, data: Data) -> None:
        """Find what the negatives need to know of the present embeddings."""
        self.objective.before_epoch(epoch, data, self.embed)

    def encode(self, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, ``[N, d]``."""
        return self.features.encode(self.encoder, data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        return self.features.encode_in_blocks(self.encoder, data, batch_size)

    def positives(self, data: Data) -> Pairs | None:
        """Which nodes (or seeds of a batch) belong together; None: each with itself."""
        return None

    def pairs_of(self, data: Data) -> Pairs | None:
        """The same, remembered for a whole graph; a batch is seen once."""
        if num_seeds(data) is not None:
            return self.positives(data)
        return self._positives.get((data.x, data.edge_index), lambda: self.positives(data))


def seed_nodes(data: Data) -> Tensor | None:
    """Which nodes of the whole graph a batch contrasts; None: it is the whole graph."""
    seeds, nodes = num_seeds(data), data.get("n_id")
    return None if seeds is None or nodes is None else nodes[:seeds]
