"""PamC-GNN: two views of a graph, neighbours against meta-nodes."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import normalize
from torch_geometric.data import Data

from graphcl.arguments import check_number, check_whole
from graphcl.clustering import kmeans
from graphcl.contrast import Influence
from graphcl.losses import PamCLoss
from graphcl.methods.checks import check_flag, check_share
from graphcl.methods.corruption import Corruption
from graphcl.methods.method import Method
from graphcl.negatives import RunningSums
from graphcl.nn import GCNEncoder, compress_features
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds
from graphcl.training import TrainingSettings

LARGE = 50_000
BLOCK = 10_000


class PamCGNN(Method):
    """A graph encoder trained by PamC's loss on two views, for rows that k-means clusters.

    Each step drops edges and feature columns twice over and encodes both views by two graph
    convolutions, F -> h -> d, SELU between. Each node in one view is then contrasted with itself
    and its graph neighbours in the other, W_ij, against meta-nodes. With cosines s the loss
    (:class:`graphcl.losses.PamCLoss`) is ::

        mean over i of  log D_i - log sum over j of W_ij e^(s_ij / t)

    where D_i approximates the sum of e^(s_ij / t) over all nodes j by the means of ``meta_nodes``
    clusters (:class:`graphcl.negatives.MetaNodes`), which k-means finds anew every ``refresh``
    epochs among the rows of the uncorrupted graph. The embedding is the encoder's output on that
    graph.

    The temperature decides whether long training helps. Near 2, where PamC's authors have it
    (their tau is one over it), clusters no longer decay with the epochs, so the last epoch can be
    taken without looking at labels; there the first order is also close to the exact denominator.
    Lower temperatures split groups further: some graphs gain from it, others lose
    (docs/clustering.md has the figures). There many meta-nodes make the first order more exact: on
    Cora at 0.5 its mean error is .011 with 300 of them, .029 with 50.

    In mini-batches the seeds are contrasted with the meta-nodes of the whole graph, and their
    positives are themselves and the neighbours that were sampled. Rows of nodes that are no seeds
    are as they were last seen (:class:`graphcl.negatives.RunningSums`, O(N d) memory).

    Source: ours, of Kulatilleke et al., arXiv 2209.14067 (meta-nodes), and Zhu et al.,
    arXiv 2006.04131 (two corrupted views).

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        hidden_width: Width of the layer before, ``h``.
        temperature: Divisor of the cosine, above 0.
        order: Of the approximation, as of :class:`graphcl.losses.PamCLoss`, but not "official",
            which has no two views.
        meta_nodes: Number of clusters that stand for the negatives; at most one for two nodes is
            used.
        refresh: Epochs between two clusterings.
        hops: Powers of the normalised adjacency whose sum weights the positives.
        drop_edges: Probability of losing an edge (both directions together), in each view.
        mask_features: Probability of zeroing a feature column, in each view.
        normalize_features: Scale the rows of the features to unit length.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> graph = Data(x=torch.eye(4), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = PamCGNN(4, width=2, hidden_width=4, meta_nodes=2)
        >>> method.before_epoch(0, graph)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([4, 2]))
    """

    cost = (
        "meta-nodes instead of pairs, K of them: O(E d + N K d) time, O(N d) memory; k-means "
        "every 20 epochs"
    )
    monitor: str | None = None  # the loss says nothing about the clusters' quality
    meta: Tensor
    memory: RunningSums | None

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 256,
        hidden_width: int = 256,
        temperature: float = 2.0,
        order: str = "first",
        meta_nodes: int = 300,
        refresh: int = 20,
        hops: int = 1,
        drop_edges: float = 0.3,
        mask_features: float = 0.2,
        normalize_features: bool = True,
    ) -> None:
        if order == "official":
            raise ValueError("order must not be 'official', which has no two views")
        super().__init__(
            num_features,
            width=check_whole("width", width, least=1),
            hidden_width=check_whole("hidden_width", hidden_width, least=1),
            temperature=check_number("temperature", temperature),
            order=order,
            meta_nodes=check_whole("meta_nodes", meta_nodes, least=1),
            refresh=check_whole("refresh", refresh, least=1),
            hops=check_whole("hops", hops, least=1),
            drop_edges=check_share("drop_edges", drop_edges),
            mask_features=check_share("mask_features", mask_features),
            normalize_features=check_flag("normalize_features", normalize_features),
        )
        self.objective = PamCLoss(temperature, order=order)  # type: ignore[arg-type]
        self.encoder = GCNEncoder(
            num_features, [hidden_width, width], activation="selu", last_activation=False
        )
        self.meta_nodes, self.refresh, self.hops = meta_nodes, refresh, hops
        self.normalize_features = normalize_features
        self.memory = None
        self._start: Tensor | None = None
        self.register_buffer("meta", torch.empty(0, dtype=torch.int64))
        self._corrupt = Corruption(drop_edges, mask_features, undirected=True)
        self._influence = Prepared[Influence]()
        self._features = Prepared[Tensor]()

    def setup(self, data: Data) -> None:
        """Forget what belonged to another graph."""
        self.check_width(data)
        self._influence, self._features = Prepared(), Prepared()
        self.memory = self._start = None

    def before_epoch(self, epoch: int, data: Data) -> None:
        """Cluster the rows into meta-nodes, every ``refresh`` epochs."""
        if epoch % self.refresh and len(self.meta) == len(data.x):
            return
        large = len(data.x) > LARGE
        rows = normalize(self.embed(data, batch_size=BLOCK if large else None))
        # Half as many meta-nodes as nodes at most: among single nodes there would be no mean.
        number = max(1, min(self.meta_nodes, len(rows) // 2))
        seed = int(torch.randint(2**31, ()))
        distinct = len(rows) if large else len(rows.unique(dim=0))
        found = kmeans(
            rows,
            min(number, distinct),
            seed=seed,
            restarts=1,
            library="mini-batch" if large else "scikit-learn",
        ).assignment
        self.meta = found.to(rows.device)
        if self.memory is None:
            self._start = rows  # in case mini-batches follow
        else:
            self._fill(self.memory, rows)

    def loss(self, data: Data) -> Tensor:
        """The contrast of two fresh views of the graph, or of a batch's seeds, a scalar."""
        if len(self.meta) == 0:
            raise ValueError("PamCGNN.loss needs its meta-nodes: call before_epoch(0, graph) first")
        seeds = num_seeds(data)
        features = self._prepare(data) if seeds is not None else self._whole(data)
        first, second = (self._corrupt(data).encode(self.encoder, features) for _ in range(2))
        if seeds is None:
            influence = self._reach(data, len(first))
            value: Tensor = self.objective(first, self.meta, influence, other=second)
            return value
        hops = data.get("num_sampled_nodes") or [seeds]
        nodes = data.n_id[: sum(hops[:2])]  # the seeds, and the neighbours of theirs
        memory = self._memory(first)
        near = memory.rows[nodes[seeds:]].to(first)
        value = self.objective(
            torch.cat([first, near]),
            self.meta[nodes],
            self._reach(data, len(nodes)),
            other=torch.cat([second, near]),
            rest=memory.rest(nodes),
            anchors=seeds,
        )
        memory.update(nodes[:seeds], first)
        return value

    def encode(self, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, ``[N, d]``."""
        rows: Tensor = self.encoder(self._whole(data), data.edge_index, data.get("edge_weight"))
        return rows

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        return self.encoder.encode_in_blocks(
            data.x,
            data.edge_index,
            data.get("edge_weight"),
            batch_size=batch_size,
            prepare=partial(normalize, dim=1) if self.normalize_features else None,
        )

    def _whole(self, data: Data) -> Tensor:
        return self._features.get((data.x,), lambda: self._prepare(data))

    def _prepare(self, data: Data) -> Tensor:
        self.check_width(data)
        x = data.x.to(self.encoder.layers[0].bias)
        return compress_features(normalize(x) if self.normalize_features else x)

    def _reach(self, data: Data, size: int) -> Influence:
        """The influence of the first nodes on each other, along the edges."""
        edges = data.edge_index

        def find() -> Influence:
            own = edges[:, (edges < size).all(0)]
            return Influence(own.flip(0), size, hops=self.hops)

        return self._influence.get((edges, size), find)

    def _memory(self, rows: Tensor) -> RunningSums:
        """The rows of the whole graph as they were last seen; full batches need none."""
        if self.memory is None:
            self.memory = self._empty_memory(len(self.meta), rows.size(1)).to(rows.device)
            self.memory.assign(self.meta)
            if self._start is not None:
                self._fill(self.memory, self._start)
                self._start = None
        return self.memory

    def _empty_memory(self, num_nodes: int, width: int) -> RunningSums:
        return RunningSums(num_nodes, width, products=self.objective.order != "first")

    def _fill(self, memory: RunningSums, rows: Tensor) -> None:
        memory.assign(self.meta)
        memory.update(torch.arange(len(rows), device=rows.device), rows)

    def _load_from_state_dict(self, state_dict, prefix, *arguments):  # type: ignore[no-untyped-def]
        """Meta-nodes and the rows of mini-batches are as long as their graph."""
        meta = state_dict.get(f"{prefix}meta")
        if meta is not None:
            self.meta = torch.empty_like(meta, device=self.meta.device)
        rows = state_dict.get(f"{prefix}memory.rows")
        if rows is not None and self.memory is None:
            self.memory = self._empty_memory(*rows.shape).to(self.meta.device)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


DEFAULT_TRAINING = TrainingSettings(epochs=200, learning_rate=1e-3, weight_decay=1e-5)
