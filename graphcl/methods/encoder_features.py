"""The features as an encoder of nodes gets them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.nn import GCNEncoder, compress_features
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds


class EncoderFeatures:
    """Rows that sum to 1 where that is wanted, sparse where that is faster.

    Those of a whole graph are remembered; mini-batches, seen once, are normalised by the least
    entry of the graph of :meth:`setup`.

    Args:
        normalize: Subtract the least entry of the graph's features and divide rows by their sum.
    """

    def __init__(self, *, normalize: bool) -> None:
        self.normalize = normalize
        self._prepared = Prepared[Tensor]()
        self._lowest: Tensor | None = None

    def setup(self, data: Data) -> None:
        """Forget another graph; keep the least entry of this one."""
        self._prepared = Prepared()
        self._lowest = data.x.min() if self.normalize else None

    def of(self, data: Data) -> Tensor:
        """The features of a graph or a batch, ``[N, F]``."""
        if num_seeds(data) is not None:
            return self._prepare(data.x, self._lowest)
        return self._prepared.get((data.x,), lambda: self._prepare(data.x, None))

    def of_rows(self, data: Data) -> Callable[[Tensor], Tensor] | None:
        """How to prepare some rows of a graph by themselves; None: they stay as they are."""
        return partial(normalize_rows, lowest=data.x.min()) if self.normalize else None

    def encode(self, encoder: nn.Module, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, ``[N, d]``."""
        rows: Tensor = encoder(self.of(data), data.edge_index, data.get("edge_weight"))
        return rows

    def encode_in_blocks(self, encoder: GCNEncoder, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        return encoder.encode_in_blocks(
            data.x,
            data.edge_index,
            data.get("edge_weight"),
            batch_size=batch_size,
            prepare=self.of_rows(data),
        )

    def _prepare(self, x: Tensor, lowest: Tensor | None) -> Tensor:
        if self.normalize:
            x = normalize_rows(x, lowest=x.min() if lowest is None else lowest)
        return compress_features(x)


def normalize_rows(x: Tensor, *, lowest: Tensor) -> Tensor:
    """PyG's ``NormalizeFeatures`` for some rows of a graph, given its least entry."""
    shifted = x - lowest
    return shifted.div_(shifted.sum(dim=-1, keepdim=True).clamp_(min=1.0))
