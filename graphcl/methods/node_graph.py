"""Nodes against a summary of their graph, with shuffled features as negatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import Pairs
from graphcl.losses import TripletMarginLoss
from graphcl.methods.checks import check_flag
from graphcl.methods.contrast_choice import Choice, ContrastChoice
from graphcl.methods.encoder_features import EncoderFeatures
from graphcl.methods.method import Method
from graphcl.nn import BilinearScore, summary_readout
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds

# The estimator on plain products: binary cross-entropy in another scale.
JENSEN_SHANNON: Mapping[str, Any] = {"name": "jensen-shannon", "normalize": False}


def check_node_graph(objective: ContrastChoice, loss: Choice) -> None:
    """Refuse what cannot contrast nodes with graphs."""
    if not objective.loss.takes_pairs:
        raise ValueError(
            f"loss must use pairs, to know which nodes are in which graph; {loss!r} does not"
        )
    if getattr(objective.loss.loss, "intra_view", False):
        raise ValueError(
            f"loss must not contrast a view with itself, as nodes are contrasted with graphs; "
            f"{loss!r} does"
        )
    if objective.needs is not None:
        raise ValueError(
            f"negatives: {objective.needs} needs two rows of the same kind, but here "
            "nodes are contrasted with graphs"
        )


@dataclass(frozen=True)
class NodeInputs:
    """What an encoder gets beside the edges.

    Attributes:
        features: ``[N, F]``.
        order: Which node each node has become, ``[N]``; None: they are where they were.
        seeds: Number of seeds of a batch; None: a whole graph.
    """

    features: Tensor
    order: Tensor | None
    seeds: int | None

    def encode(
        self,
        encoder: nn.Module,
        edge_index: Tensor,
        edge_weight: Tensor | None,
        *,
        hop_sizes: list[int] | None = None,
    ) -> Tensor:
        """Rows of the nodes (in their new order), or of the seeds of a batch."""
        index = edge_index if self.order is None else self.order[edge_index]
        rows: Tensor = encoder(self.features, index, edge_weight, hop_sizes=hop_sizes)
        return rows[: self.seeds]


class SummaryContrast(Method):
    """Tell nodes from nodes with the features of others, by their graph's summary (no method).

    The form that DGI and MVGRL share. A summary is the logistic function of the rows' mean; a
    bilinear form scores rows with it. Rows of the graph are its positives, and its negatives are
    rows of the same graph with the features of the nodes shuffled.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        normalize_features: As in :class:`Grace`.
        temperature: Divisor of the cosine, for losses that have one.
        loss: A loss that takes pairs, by name, or a mapping with ``name`` and its parameters.
        negatives: A negative strategy that needs to know nothing of the nodes, likewise; None: all
            negatives alike.
        **configuration: What else determines the method.

    Raises:
        ValueError: An argument outside its range; a loss without pairs, of one positive, or that
            contrasts a view with itself; a strategy that needs clusters, neighbours or a second
            encoder.
    """

    def __init__(
        self,
        num_features: int,
        *,
        width: int,
        normalize_features: bool,
        temperature: float,
        loss: Choice,
        negatives: Choice | None,
        **configuration: object,
    ) -> None:
        super().__init__(
            num_features,
            width=check_whole("width", width, least=1),
            normalize_features=check_flag("normalize_features", normalize_features),
            temperature=check_number("temperature", temperature),
            loss=loss,
            negatives=negatives,
            **configuration,
        )
        self.objective = ContrastChoice(loss, negatives, temperature=temperature)
        check_node_graph(self.objective, loss)
        if isinstance(self.objective.loss.loss, TripletMarginLoss):
            raise ValueError(
                "loss: triplet takes one positive, but a summary has as many as there are nodes"
            )
        self.features = EncoderFeatures(normalize=normalize_features)
        self.score = BilinearScore(width)
        self._pairs = Prepared[Pairs]()

    def setup(self, data: Data) -> None:
        """Keep the least entry of the features, which mini-batches need to be normalised alike."""
        self.check_width(data)
        self.features.setup(data)

    def inputs(self, data: Data) -> tuple[NodeInputs, NodeInputs]:
        """The nodes of a graph or a batch, and the same with their features shuffled.

        Of a whole graph the nodes are shuffled instead of the features, which may be sparse: the
        rows are the same in another order.
        """
        self.check_width(data)
        features, seeds = self.features.of(data), num_seeds(data)
        order = torch.randperm(len(data.x)).to(data.x.device)
        if seeds is None:
            return NodeInputs(features, None, None), NodeInputs(features, order, None)
        shuffled = Data(x=data.x[order], batch_size=seeds)
        return (
            NodeInputs(features, None, seeds),
            NodeInputs(self.features.of(shuffled), None, seeds),
        )

    def contrast(self, summarised: Tensor, rows: Tensor, shuffled: Tensor) -> Tensor:
        """The loss of one summary, a scalar.

        Args:
            summarised: Rows of the graph that the summary is of, ``[N, d]``.
            rows: Its positives, ``[N, d]``.
            shuffled: Its negatives, ``[N, d]``.
        """
        anchor = self.score.weigh(summary_readout(summarised))
        candidates = torch.cat([rows, shuffled])
        if not getattr(self.objective.loss.loss, "normalize", True):
            # Of dot products, scores: one column more brings the form's bias in.
            anchor = torch.cat([anchor, self.score.bias[None]], dim=1)
            candidates = torch.cat([candidates, torch.ones_like(candidates[:, :1])], dim=1)
        device, count = rows.device, len(rows)
        pairs = self._pairs.get((count, device), lambda: _first_half(count, device))
        value: Tensor = self.objective(anchor, candidates, pairs=pairs)
        return value


def _first_half(count: int, device: torch.device) -> Pairs:
    """One summary, whose positives come before its negatives."""
    nodes = torch.arange(count, device=device)
    index = torch.stack([torch.zeros_like(nodes), nodes])
    return Pairs(1, 2 * count, index, same_items=False)
