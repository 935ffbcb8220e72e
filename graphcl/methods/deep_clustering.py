"""Deep clustering with a contrast: what PamC and SCGC share."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.clustering import (
    assignment_divergence,
    kmeans,
    student_t_assignment,
    target_distribution,
)
from graphcl.contrast import Influence
from graphcl.methods.checks import check_flag
from graphcl.methods.method import Method
from graphcl.nn import (
    Autoencoder,
    GCNEncoder,
    compress_features,
    pretrain_autoencoder,
    row_blocks,
)
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds

ENCODERS = ("mlp", "gcn")
LARGE = 50_000
BLOCK = 10_000


class DeepClustering(Method):
    """Embed nodes and cluster them at once: a contrast along the graph, and sharper assignments.

    ``setup`` trains an autoencoder on the features (MLP encoder only), keeps its encoder, and
    starts the centroids by k-means on the codes. Each step minimises ``contrast_weight`` times the
    contrast plus ``clustering_weight`` times the divergence of the Student-t assignment from its
    target distribution, which is that of the present assignment. The clusters are those that
    :meth:`assignment` returns; the embedding is the code. In a mini-batch the seeds are anchors,
    contrasted with the batch's nodes; their positives are among the neighbours that were sampled.

    Args:
        num_features: Width of the features, ``F``.
        num_clusters: Number of clusters, ``K``.
        encoder: "mlp" (as published: the graph is in the loss only, so that new nodes need no
            edges) or "gcn" (two graph convolutions, F -> 2d -> d, not pre-trained).
        width: Width of the code, ``d``.
        hidden: Widths of the MLP's layers before the code.
        hops: Powers R of the normalised adjacency in the influence weights.
        cumulative: Sum over the powers 1..R; False: the R-th alone.
        temperature: Divisor of the cosine, above 0 (one over the authors' tau).
        contrast_weight: The authors' alpha, at least 0.
        clustering_weight: The authors' beta, at least 0.
        pretrain_epochs: Epochs of the autoencoder, at least 0.
        pretrain_steps: Most steps of 256 rows in these epochs, at least 1.
        restarts: Of k-means.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.
    """

    monitor: str | None = None  # the loss says nothing about the clusters' quality
    clusters = True

    def __init__(
        self,
        num_features: int,
        *,
        num_clusters: int = 10,
        encoder: str = "mlp",
        width: int = 10,
        hidden: Sequence[int] = (500, 500, 2000),
        hops: int = 1,
        cumulative: bool = True,
        temperature: float = 2.0,
        contrast_weight: float = 1.0,
        clustering_weight: float = 1.0,
        pretrain_epochs: int = 30,
        pretrain_steps: int = 3000,
        restarts: int = 20,
        **configuration: object,
    ) -> None:
        if encoder not in ENCODERS:
            raise ValueError(unknown_name("encoder", encoder, ENCODERS))
        for name, weight in (
            ("contrast_weight", contrast_weight),
            ("clustering_weight", clustering_weight),
        ):
            if check_number(name, weight) < 0:
                raise ValueError(f"{name} must be at least 0, got {weight}")
        hidden = tuple(check_whole("hidden", each, least=1) for each in hidden)
        super().__init__(
            num_features,
            num_clusters=check_whole("num_clusters", num_clusters, least=1),
            encoder=encoder,
            width=check_whole("width", width, least=1),
            hidden=hidden,
            hops=check_whole("hops", hops, least=1),
            cumulative=check_flag("cumulative", cumulative),
            temperature=check_number("temperature", temperature),
            contrast_weight=contrast_weight,
            clustering_weight=clustering_weight,
            pretrain_epochs=check_whole("pretrain_epochs", pretrain_epochs, least=0),
            pretrain_steps=check_whole("pretrain_steps", pretrain_steps, least=1),
            restarts=check_whole("restarts", restarts, least=1),
            **configuration,
        )
        self.contrast_weight, self.clustering_weight = contrast_weight, clustering_weight
        self.hops, self.cumulative = hops, cumulative
        self.pretrain_epochs, self.pretrain_steps = pretrain_epochs, pretrain_steps
        self.restarts = restarts
        self.encoder: nn.Module
        if encoder == "mlp":
            self.encoder = Autoencoder(num_features, width, hidden=hidden).encoder
        else:
            self.encoder = GCNEncoder(num_features, [2 * width, width])
        self.centroids = nn.Parameter(torch.randn(num_clusters, width))
        self._influence = Prepared[Influence]()
        self._features = Prepared[Tensor]()

    def setup(self, data: Data) -> None:
        """Pre-train the encoder, start the centroids by k-means."""
        self.check_width(data)
        self._influence, self._features = Prepared(), Prepared()
        seed = int(torch.randint(2**31, ()))
        if isinstance(self.encoder, nn.Sequential):
            widths = [layer.out_features for layer in self.encoder if isinstance(layer, nn.Linear)]
            model = Autoencoder(self.num_features, widths[-1], hidden=widths[:-1])
            model.encoder = self.encoder
            x = data.x.to(self.centroids)
            pretrain_autoencoder(
                model.to(x.device),
                x,
                epochs=self.pretrain_epochs,
                steps=self.pretrain_steps,
                seed=seed,
            )
        large = len(data.x) > LARGE
        code = self.embed(data, batch_size=BLOCK if large else None)
        with warnings.catch_warnings():  # fewer distinct rows than clusters: the rest is repeated
            warnings.filterwarnings("ignore", message="k-means found", category=UserWarning)
            found = kmeans(
                code,
                len(self.centroids),
                seed=seed,
                restarts=self.restarts,
                library="mini-batch" if large else "scikit-learn",
            )
        times = -(-len(self.centroids) // len(found.centroids))
        with torch.no_grad():
            self.centroids.copy_(found.centroids.repeat(times, 1)[: len(self.centroids)])
        self.remember(code, found.assignment)

    def remember(self, code: Tensor, clusters: Tensor) -> None:
        """Take notice of what the training starts from: codes ``[N, d]``, clusters ``[N]``."""

    def loss(self, data: Data) -> Tensor:
        """Contrast and divergence from the target, a scalar.

        The target and the clusters of the contrast are those of the present assignment, constant.
        """
        seeds = num_seeds(data)
        z = self.rows(data)
        q = student_t_assignment(z, self.centroids)
        sharp = target_distribution(q.detach()[:seeds])
        total = self.clustering_weight * assignment_divergence(sharp, q[:seeds])
        if self.contrast_weight > 0:
            clusters, influence = q.detach().argmax(1), self._reach(data, len(z))
            if seeds is None:
                contrast = self.contrast(z, clusters, influence)
            else:
                nodes = data.get("n_id")
                nodes = None if nodes is None else nodes[: len(z)]
                contrast = self.contrast(z, clusters, influence, anchors=seeds, nodes=nodes)
            total = total + self.contrast_weight * contrast
        return total

    @abstractmethod
    def contrast(
        self,
        z: Tensor,
        clusters: Tensor,
        influence: Influence,
        *,
        anchors: int | None = None,
        nodes: Tensor | None = None,
    ) -> Tensor:
        """What pulls and pushes rows, a scalar.

        Args:
            z: Codes, ``[N, d]``.
            clusters: Present cluster of each node, ``[N]``.
            influence: Of the nodes on each other.
            anchors: Of a mini-batch: the first so many rows are its seeds, which are contrasted;
                the others are their neighbours.
            nodes: Which nodes of the whole graph the rows of a mini-batch are, ``[N]``, where it
                says that.
        """

    def assignment(self, data: Data, *, batch_size: int | None = None) -> Tensor:
        """The cluster of each node, ``[N]``: the most likely one, by the code and the centroids.

        Args:
            data: A graph with N nodes, also one that was not trained on.
            batch_size: Rows to compute at a time; None: all at once.
        """
        code = self.embed(data, batch_size=batch_size)
        q = student_t_assignment(code, self.centroids.detach())
        return q.argmax(1)

    def encode(self, data: Data) -> Tensor:
        """The code, ``[N, d]``."""
        return self.rows(data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, a block of rows at a time (in each layer)."""
        if isinstance(self.encoder, GCNEncoder):
            return self.encoder.encode_in_blocks(
                data.x, data.edge_index, data.get("edge_weight"), batch_size=batch_size
            )
        blocks = row_blocks(data.x.size(0), batch_size)
        return torch.cat([self.encoder(data.x[block].to(self.centroids)) for block in blocks])

    def rows(self, data: Data) -> Tensor:
        """The code with its gradient, ``[N, d]``; of a batch its seeds and their neighbours."""
        code: Tensor
        hops = data.get("num_sampled_nodes")
        if hops is not None and len(hops) > 1:
            hops = [hops[0] + hops[1], *hops[2:]]
        if isinstance(self.encoder, GCNEncoder):
            x = self._features.get((data.x,), lambda: compress_features(data.x))
            code = self.encoder(x, data.edge_index, data.get("edge_weight"), hop_sizes=hops)
            return code
        x = data.x if hops is None else data.x[: hops[0]]
        code = self.encoder(x.to(self.centroids))
        return code

    def _reach(self, data: Data, size: int) -> Influence:
        """The influence of the first nodes on each other, along the edges."""
        edges = data.edge_index

        def find() -> Influence:
            own = edges[:, (edges < size).all(0)]
            return Influence(own.flip(0), size, hops=self.hops, cumulative=self.cumulative)

        return self._influence.get((edges, size), find)
