"""Protocols: which rows train a probe, which choose its strength, which are scored.

The ids are those of `methods/node_level_results.md`, table 1, P-HET of `methods/meow.md` with the
number of labels a class, and P-TU of `methods/baselines.md`, for whole graphs. Numbers are
comparable only inside one protocol, so every number is kept together with its id and the hash of
its split.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData

from graphcl.arguments import check_seed, unknown_name
from graphcl.evaluation.checks import Graphs, labels_of, nodes_of
from graphcl.evaluation.graph_classification import check_folds


@dataclass(frozen=True)
class Protocol:
    """How embeddings are scored.

    Attributes:
        id: the name that stands beside every number.
        task: `"probe"` (a classifier on frozen rows), `"restarted-probe"` (the same from many
            starts, whose spread is kept), `"cross-validation"` (of a classifier of graphs, the
            spread over folds is kept), `"scaffold-probe"` (a classifier of molecules) or
            `"clustering"`.
        description: one sentence for tables and help texts.
        own_clusters: whether it scores the clusters that a method finds by itself, and follows
            them while the method trains (:class:`graphcl.evaluation.BestEpoch`).
    """

    id: str
    task: Literal["probe", "restarted-probe", "cross-validation", "scaffold-probe", "clustering"]
    description: str
    own_clusters: bool = False


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        protocol.id: protocol
        for protocol in (
            Protocol(
                "P-PUB",
                "probe",
                "the one split that comes with the data set (Planetoid: 20 labels a class, 500 "
                "validation, 1000 test; MAGNN's DBLP and IMDB: 400, 400, all others); "
                "logistic regression on unit rows, C chosen on validation",
            ),
            Protocol(
                "P-RND2",
                "probe",
                "random 10/10/80 split, not stratified, fixed by the seed; "
                "logistic regression on unit rows, C chosen on validation",
            ),
            *(
                Protocol(
                    f"P-HET{size}",
                    "restarted-probe",
                    f"HeCo's split of {size} labels a class, 1000 validation, 1000 test; softmax "
                    "layer on the rows as they are, Adam at the published rate of the data set, "
                    "mean of 50 restarts, of each the best of 200 steps: by validation Macro-F1 "
                    "for Macro-F1, by validation Micro-F1 for Micro-F1 and AUC (one against rest)",
                )
                for size in (20, 40, 60)
            ),
            *(
                Protocol(
                    identifier,
                    "cross-validation",
                    f"whole graphs, 10 stratified folds shuffled by the seed, {words} on the rows "
                    "as they are, C of 10^-3 to 10^3 by 5 folds of the training folds; mean of the "
                    "10 test folds",
                )
                for identifier, words in (
                    ("P-TU", "support vector machine with Gaussian kernel"),
                    ("P-TU-LINEAR", "linear support vector machine"),
                    ("P-TU-LOGISTIC", "logistic regression"),
                )
            ),
            Protocol(
                "P-SCAFFOLD",
                "scaffold-probe",
                "molecules, OGB's scaffold split; logistic regression on columns of mean 0 and "
                "variance 1, C of 10^-3 to 10^3 by the validation rows' area under the ROC curve",
            ),
            Protocol(
                "P-CLU",
                "clustering",
                "k-means on unit rows (of the target type), k = number of classes, the best of 10 "
                "starts; labels are only used to score",
            ),
            Protocol(
                "P-OWNCLU",
                "clustering",
                "the clusters of the method itself, at the end of its training, for which it is "
                "told the number of classes, as is the custom; k-means as in P-CLU for a method "
                "without clusters of its own; labels are only used to score. Best epoch: the "
                "highest ACC and the highest NMI on the way, each at an epoch chosen by the "
                "labels (own clusters after every epoch, else k-means of one start after every "
                "tenth), which no user gets",
                own_clusters=True,
            ),
            Protocol(
                "P-HETCLU",
                "clustering",
                "k-means as HeCo's line of work scores it: on the rows of the target type as they "
                "are, k = number of classes, the mean over 10 fits of one k-means++ start each; "
                "labels are only used to score",
            ),
        )
    }
)


# The classifiers of `graph_classification` by protocol.
CROSS_VALIDATED: Mapping[str, str] = MappingProxyType(
    {"P-TU": "svc", "P-TU-LINEAR": "linear_svc", "P-TU-LOGISTIC": "logistic"}
)
# The masks of a fixed split end in this.
_MASKS = {"P-PUB": "", "P-SCAFFOLD": "", "P-HET20": "_20", "P-HET40": "_40", "P-HET60": "_60"}


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers for training, validation and test; disjoint.

    Attributes:
        train: rows whose labels fit the probe, `[n]` int64.
        validation: rows whose labels choose its strength, `[n]` int64.
        test: rows whose labels are read once, `[n]` int64.
        protocol: id of the protocol that made the split.

    Raises:
        TypeError: a part is not a vector of int64 indices (a boolean mask, say).
        ValueError: a row is in two parts, or twice in one.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    protocol: str

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            part = getattr(self, name)
            if part.dtype != torch.int64 or part.dim() != 1:
                raise TypeError(
                    f"{name} must be a vector of int64 row numbers, got {part.dtype} "
                    f"{list(part.shape)}"
                )
        rows = torch.cat([self.train, self.validation, self.test])
        if rows.unique().numel() < rows.numel():
            raise ValueError("train, validation and test must be disjoint: a row occurs twice")

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that change with any index of any part."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part.numpy().astype("<i8").tobytes())
        return digest.hexdigest()[:12]


def get_protocol(protocol: str) -> Protocol:
    """Look a protocol up by its id.

    Raises:
        ValueError: no such id; the message names the nearest and all known ones.

    Example:
        >>> get_protocol("P-CLU").task
        'clustering'
    """
    if protocol in PROTOCOLS:
        return PROTOCOLS[protocol]
    raise ValueError(unknown_name("protocol", protocol, PROTOCOLS))


def make_split(protocol: str, data: Graphs, seed: int, *, target: str | None = None) -> Split:
    """The split of a protocol for one data set and seed.

    P-PUB reads `train_mask`, `val_mask` and `test_mask` and ignores the seed; so do P-HET20 to
    P-HET60 with `train_mask_20` and so on. P-RND2 permutes the labelled rows by the seed, whatever
    their class (as the papers do): a tenth trains, a tenth validates, the rest is tested, each part
    with at least one row. P-SCAFFOLD reads the masks of each graph of a list. P-CLU, P-OWNCLU and
    P-HETCLU train on nothing, and the folds of P-TU, P-TU-LINEAR and P-TU-LOGISTIC test each row
    once: there all labelled rows are test rows. Rows with a negative label are unlabelled and in no
    part.

    Args:
        protocol: an id of `PROTOCOLS`.
        data: one graph with node labels, or a list of graphs with one label each.
        seed: seed of the random split.
        target: the node type that is split, of a heterogeneous graph; default: the only type with
            labels.

    Returns:
        The split, with index tensors on the CPU.

    Raises:
        ValueError: an unknown protocol or target, missing labels, missing or overlapping masks,
            fewer than three labelled rows for P-RND2, or a class too small for the folds of P-TU.

    Example:
        >>> data = Data(x=torch.ones(20, 1), y=torch.arange(20) % 2)
        >>> split = make_split("P-RND2", data, seed=0)
        >>> len(split.train), len(split.validation), len(split.test)
        (2, 2, 16)
    """
    kind = get_protocol(protocol)
    seed = check_seed(seed)
    labels = labels_of(data, target)
    labelled = torch.nonzero(labels >= 0).flatten()
    if kind.id in _MASKS:
        train, validation, test = _fixed_parts(kind.id, data, labels, target)
    elif kind.id == "P-RND2":
        train, validation, test = _random_parts(labelled, seed)
    else:
        if kind.id in CROSS_VALIDATED:
            _check_graphs(kind.id, data)
            check_folds(labels[labelled].numpy())
        none = labelled[:0]
        train, validation, test = none, none, labelled
    return Split(train=train, validation=validation, test=test, protocol=kind.id)


def _random_parts(rows: Tensor, seed: int) -> tuple[Tensor, ...]:
    if len(rows) < 3:
        raise ValueError(
            f"P-RND2 needs at least 3 labelled rows (train, validation, test), got {len(rows)}"
        )
    generator = torch.Generator().manual_seed(seed)
    rows = rows[torch.randperm(len(rows), generator=generator)]
    tenth = max(1, len(rows) // 10)
    parts = rows.split([tenth, tenth, len(rows) - 2 * tenth])
    return tuple(part.sort().values for part in parts)


def _check_graphs(protocol: str, data: Graphs) -> None:
    if isinstance(data, Data | HeteroData):
        raise ValueError(f"{protocol} is for a list of graphs, got a single graph; use P-RND2")


def _masks_of_graphs(data: Graphs, names: Sequence[str]) -> Data:
    """The masks of a list of graphs, one entry each, as if the graphs were nodes."""
    _check_graphs("P-SCAFFOLD", data)
    found = Data(num_nodes=len(data))
    for name in names:
        masks = [graph.get(name) for graph in data]
        if any(not isinstance(mask, Tensor) or mask.numel() != 1 for mask in masks):
            raise ValueError(
                f"P-SCAFFOLD needs {name} with one entry in every graph, as OGB's molecules have "
                "it; use P-TU"
            )
        found[name] = torch.cat([mask.reshape(1) for mask in masks])
    return found


def _fixed_parts(
    protocol: str, data: Graphs, labels: Tensor, target: str | None
) -> tuple[Tensor, ...]:
    names = [f"{part}_mask{_MASKS[protocol]}" for part in ("train", "val", "test")]
    if protocol == "P-SCAFFOLD":
        data = _masks_of_graphs(data, names)
    if not isinstance(data, Data | HeteroData):
        raise ValueError(
            f"{protocol} needs one graph with {', '.join(names)}, got a list of graphs"
        )
    nodes = nodes_of(data, target)
    missing = [name for name in names if not isinstance(nodes.get(name), Tensor)]
    if missing:
        split = "public split" if protocol == "P-PUB" else "splits of HeCo"
        raise ValueError(
            f"{protocol} needs the {split}, but the data set has no {', '.join(missing)}; "
            "use P-RND2"
        )
    masks = [nodes[name] for name in names]
    for name, mask in zip(names, masks, strict=True):
        if mask.dtype != torch.bool or mask.shape != labels.shape:
            raise ValueError(
                f"{protocol} needs {name} as one bool per node, shape [{len(labels)}]; "
                f"got {mask.dtype} {list(mask.shape)}"
            )
        if not mask.any():
            raise ValueError(f"{protocol}: {name} selects no node")
        if (labels[mask.cpu()] < 0).any():
            raise ValueError(f"{protocol}: {name} selects unlabelled nodes (negative label)")
    if sum(mask.int() for mask in masks).max() > 1:
        raise ValueError(f"{protocol}: {', '.join(names)} overlap")
    return tuple(torch.nonzero(mask.cpu()).flatten() for mask in masks)
