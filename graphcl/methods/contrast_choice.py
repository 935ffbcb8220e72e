"""Which loss and which negatives a method of two views contrasts with, chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_whole, unknown_name
from graphcl.clustering import kmeans
from graphcl.contrast import Pairs, unit_rows
from graphcl.losses import BiasedTripletLoss, TwoViewLoss, get_loss, make_loss
from graphcl.methods.checks import check_temperature
from graphcl.negatives import get_strategy, hop_weights, make_negatives

Choice = str | Mapping[str, Any]
Graphs: TypeAlias = Data | Sequence[Data]
Embed = Callable[[Any], Tensor]

_OF_THE_CONTEXT: Mapping[str, Mapping[str, Any]] = {
    "clusters": {"num_clusters": 20, "every": 10},
    "meta-nodes": {"num_clusters": 50, "every": 20},
    "sparse": {"hops": (0.0,)},
    "difficulty": {"class_prior": 0.1},
}
"""For strategies that need a context: how a method makes it, with defaults."""


class ContrastChoice(nn.Module):
    """A loss of two views with its negatives, and what these must know of a graph.

    - ``clusters``: k-means (``num_clusters``, 20) of the embeddings, anew ``every`` 10 epochs;
    - ``meta-nodes``: likewise, 50 clusters anew every 20 epochs;
    - ``sparse``: weights by distance, ``hops`` = (0,): neighbours are no negatives;
    - ``difficulty``: a second encoder, trained beside the first by the biased triplet loss
      (``class_prior`` 0.1).

    Args:
        loss: A name of :func:`graphcl.losses.loss_names`, or a mapping with ``name`` and the
            loss's parameters.
        negatives: A name of :func:`graphcl.negatives.strategy_names`, or a mapping likewise; None:
            as the loss has them.
        temperature: Above 0; of the loss, where it has one that is not given.

    Raises:
        TypeError: Neither a name nor a mapping; a parameter of the wrong type.
        ValueError: An unknown name or parameter, a value out of range, a strategy for a loss that
            takes none.

    Example:
        >>> choice = ContrastChoice("nt-xent", {"name": "hard", "beta": 2.0}, temperature=0.4)
        >>> choice(torch.eye(3), torch.eye(3)).isfinite()
        tensor(True)
    """

    def __init__(
        self, loss: Choice = "nt-xent", negatives: Choice | None = None, *, temperature: float
    ) -> None:
        super().__init__()
        check_temperature(temperature)  # also where the loss has none
        name, parameters = split_choice("loss", loss)
        if "temperature" in get_loss(name).parameter_names():
            parameters.setdefault("temperature", temperature)
        strategy, self.context_options = None, {}
        self.needs: str | None = None
        if negatives is not None:
            chosen, options = split_choice("negatives", negatives)
            entry = get_strategy(chosen)
            own = _OF_THE_CONTEXT.get(entry.name, {})
            self.context_options = {**own, **{k: options.pop(k) for k in own if k in options}}
            known = [*entry.parameter_names(), *own]
            for given in options:
                if given not in known:
                    raise ValueError(unknown_name(f"parameter of {chosen} negatives", given, known))
            strategy = make_negatives(entry.name, **options)
            self.needs = entry.name if own else None
            if "clusters" in entry.needs:
                self.needs = "clusters"
        for key in {"num_clusters", "every"} & self.context_options.keys():
            check_whole(key, self.context_options[key], least=1)
        self.loss: TwoViewLoss = make_loss(name, negatives=strategy, **parameters)
        self.bias = BiasedTripletLoss(self.context_options.get("class_prior", 0.0))
        self.clusters = torch.zeros(0, dtype=torch.int64)
        self._weights: Tensor | None = None

    def setup(self, data: Graphs) -> None:
        """Prepare what depends on the graph, or on the list of graphs, alone."""
        if self.needs == "sparse":
            if not isinstance(data, Data):
                raise ValueError(
                    "negatives: sparse weighs nodes by their distance, but here graphs are "
                    "contrasted; hard or clusters weigh graphs as well"
                )
            hops = self.context_options["hops"]
            self._weights = hop_weights(data.edge_index, data.x.size(0), hops)
        if self.needs == "clusters":
            first = data if isinstance(data, Data) else data[0]
            count = len(data.x) if isinstance(data, Data) else len(data)
            device = first.x.device
            self.clusters = torch.zeros(count, dtype=torch.int64, device=device)

    def get_extra_state(self) -> Tensor:
        """The clusters: a resumed run goes on with them, whatever the number of nodes."""
        return self.clusters

    def set_extra_state(self, state: Tensor) -> None:
        """Take over the clusters of another run."""
        self.clusters = state.to(self.clusters.device)

    def before_epoch(self, epoch: int, data: Graphs, embed: Embed) -> None:
        """Find the clusters of an epoch."""
        if self.needs == "clusters" and epoch % self.context_options["every"] == 0:
            rows = unit_rows(embed(data))
            count = min(self.context_options["num_clusters"], len(rows))
            self.clusters = kmeans(rows, count, seed=epoch, restarts=1).assignment.to(rows.device)

    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        *,
        pairs: Pairs | None = None,
        biased: tuple[Tensor, Tensor] | None = None,
        nodes: Tensor | None = None,
    ) -> Tensor:
        """The loss of two views, a scalar.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``.
            pairs: Which items belong together, where the loss uses a relation.
            biased: The second encoder's rows of both views, for ``difficulty``.
            nodes: Which nodes of the graph (graphs of the list) the rows are, in a mini-batch;
                None: all.
        """
        context: dict[str, Any] = {}
        if self.needs == "clusters":
            context["clusters"] = self.clusters if nodes is None else self.clusters[nodes]
        elif self.needs == "sparse":
            weights = self._weights
            if weights is not None and nodes is not None:
                weights = weights.index_select(0, nodes).index_select(1, nodes)
            context["weights"] = weights
        elif self.needs == "difficulty":
            assert biased is not None
            context["biased"] = biased
            value: Tensor = self.loss(z1, z2, pairs=pairs, context=context)
            return value + self.bias(*biased)
        result: Tensor = self.loss(z1, z2, pairs=pairs, context=context)
        return result


def split_choice(argument: str, choice: Choice) -> tuple[str, dict[str, Any]]:
    """The name and the parameters of a choice; ``TypeError`` naming ``argument`` for none."""
    if isinstance(choice, str):
        return choice, {}
    if isinstance(choice, Mapping) and isinstance(choice.get("name"), str):
        return choice["name"], {key: value for key, value in choice.items() if key != "name"}
    raise TypeError(
        f"{argument} must be a name, or a mapping with 'name' and parameters, got {choice!r}"
    )
