"""MEOW's model: from a heterogeneous graph to a coarse and a fine-grained row of each target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.metapaths import MetaPath
from graphcl.methods.metapath_inputs import Chain, MaskedInputs, PlainInputs
from graphcl.nn import ContextSum, FastDropout, MetaPathGCN, SemanticAttention, TypeProjection


class MetaPathEncoder(nn.Module):
    """The views of the target nodes, all through one graph convolutional network.

    With ``h = ELU(drop(X W + b))`` for each node type, the context means m of path p and
    ``f_p = ELU(h + sum_q drop(W_pq m_pq))``:

    - fine-grained: ``GCN(f_p, A_p)``, and the same with masked features and edges, 2P views, each
      row divided by its norm, fused by attention;
    - coarse: ``GCN(h, mean of the A_p)``.

    Args:
        num_features: Width of the features of each type; None: none.
        num_nodes: Number of nodes of each type.
        target: The node type of the rows.
        metapaths: The P paths.
        width: Width of all rows, ``d``.
        dropout: Rate, from 0 to below 1.
        layer_norm: ``"matrix"`` or ``"rows"`` (:class:`graphcl.nn.MetaPathGCN`).
    """

    def __init__(
        self,
        num_features: Mapping[str, int | None],
        num_nodes: Mapping[str, int],
        *,
        target: str,
        metapaths: tuple[MetaPath, ...],
        width: int,
        dropout: float,
        layer_norm: Literal["matrix", "rows"],
    ) -> None:
        super().__init__()
        self.inner = [path.inner for path in metapaths]
        kinds = dict.fromkeys([target, *(kind for inner in self.inner for kind in inner)])
        self.places = {kind: place for place, kind in enumerate(kinds)}
        self.projections = nn.ModuleList(  # names of types may hold dots: no ModuleDict
            TypeProjection(num_features[kind], num_nodes[kind], width) for kind in kinds
        )
        self.contexts = nn.ModuleList(
            ContextSum(len(inner), width, dropout=dropout) for inner in self.inner
        )
        self.gcn = MetaPathGCN(width, dropout=dropout, layer_norm=layer_norm)
        self.fusion = SemanticAttention(width, dropout=dropout)
        self.dropout = FastDropout(dropout)

    def forward(self, plain: PlainInputs, masked: MaskedInputs) -> tuple[Tensor, Tensor]:
        """The rows of both views.

        Returns:
            The coarse and the fine-grained rows, each ``[N, d]``.
        """
        with torch.autocast(self.gcn.first.device.type, enabled=False):
            own, inputs = self._inputs(plain, masked)
            views, coarse = self.gcn.with_coarse(
                [fine for fine, _ in inputs], own, plain.adjacencies
            )
            return coarse, self._fuse(views, inputs, masked)

    def fine(self, plain: PlainInputs, masked: MaskedInputs) -> Tensor:
        """The fine-grained rows alone, ``[N, d]``."""
        with torch.autocast(self.gcn.first.device.type, enabled=False):
            _, inputs = self._inputs(plain, masked)
            views = [
                self.gcn(fine, adjacency)
                for (fine, _), adjacency in zip(inputs, plain.adjacencies, strict=True)
            ]
            return self._fuse(views, inputs, masked)

    def _inputs(
        self, plain: PlainInputs, masked: MaskedInputs
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Rows of the targets; with the contexts of each path, from plain and masked features."""
        rows = {
            kind: self._activate(self.projections[place](plain.features[kind]))
            for kind, place in self.places.items()
        }
        own = next(iter(rows.values()))
        changed = self._activate(self.projections[0](masked.features, masked.kept))
        means: dict[int, Tensor] = {}  # paths that begin alike share chains
        inputs = []
        for inner, chains, add in zip(self.inner, plain.contexts, self.contexts, strict=True):
            for kind, chain in zip(inner, chains, strict=True):
                if id(chain) not in means:
                    means[id(chain)] = _apply(chain, rows[kind])
            fine, other = add([own, changed], [means[id(chain)] for chain in chains])
            inputs.append((fine, other))
        return own, inputs

    def _activate(self, rows: Tensor) -> Tensor:
        return functional.elu(self.dropout(rows))

    def _fuse(
        self, views: list[Tensor], inputs: list[tuple[Tensor, Tensor]], masked: MaskedInputs
    ) -> Tensor:
        views = views + [
            self.gcn(other, adjacency)
            for (_, other), adjacency in zip(inputs, masked.adjacencies, strict=True)
        ]
        return self.fusion([functional.normalize(view, dim=1) for view in views])


def _apply(chain: Chain, rows: Tensor) -> Tensor:
    for matrix in reversed(chain):
        rows = matrix @ rows
    return rows
