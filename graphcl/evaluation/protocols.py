"""Protocols: which rows train a probe, which choose its strength, which are scored.

The ids are those of `methods/node_level_results.md`, table 1. Numbers are comparable only inside
one protocol, so every number is kept together with its id and the hash of its split.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_seed, unknown_name
from graphcl.evaluation.checks import Graphs, labels_of


@dataclass(frozen=True)
class Protocol:
    """How embeddings are scored.

    Attributes:
        id: the name that stands beside every number.
        task: `"probe"` (a classifier on frozen rows) or `"clustering"`.
        description: one sentence for tables and help texts.
    """

    id: str
    task: Literal["probe", "clustering"]
    description: str


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        protocol.id: protocol
        for protocol in (
            Protocol(
                "P-PUB",
                "probe",
                "Planetoid's public split (20 labels a class, 500 validation, 1000 test); "
                "logistic regression on unit rows, C chosen on validation",
            ),
            Protocol(
                "P-RND2",
                "probe",
                "random 10/10/80 split, not stratified, fixed by the seed; "
                "logistic regression on unit rows, C chosen on validation",
            ),
            Protocol(
                "P-CLU",
                "clustering",
                "k-means on unit rows, k = number of classes, 10 restarts; "
                "labels are only used to score",
            ),
        )
    }
)


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


def make_split(protocol: str, data: Graphs, seed: int) -> Split:
    """The split of a protocol for one data set and seed.

    P-PUB reads `train_mask`, `val_mask` and `test_mask` and ignores the seed. P-RND2 permutes the
    labelled rows by the seed, whatever their class (as the papers do): a tenth trains, a tenth
    validates, the rest is tested, each part with at least one row. P-CLU trains on nothing: all
    labelled rows are test rows. Rows with a negative label are unlabelled and in no part.

    Args:
        protocol: an id of `PROTOCOLS`.
        data: one graph with node labels, or a list of graphs with one label each.
        seed: seed of the random split.

    Returns:
        The split, with index tensors on the CPU.

    Raises:
        ValueError: an unknown protocol, missing labels, missing or overlapping masks, or fewer
            than three labelled rows for P-RND2.

    Example:
        >>> data = Data(x=torch.ones(20, 1), y=torch.arange(20) % 2)
        >>> split = make_split("P-RND2", data, seed=0)
        >>> len(split.train), len(split.validation), len(split.test)
        (2, 2, 16)
    """
    kind = get_protocol(protocol)
    seed = check_seed(seed)
    labels = labels_of(data)
    labelled = torch.nonzero(labels >= 0).flatten()
    if kind.id == "P-PUB":
        train, validation, test = _public_masks(data, labels)
    elif kind.id == "P-RND2":
        train, validation, test = _random_parts(labelled, seed)
    else:
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


def _public_masks(data: Graphs, labels: Tensor) -> tuple[Tensor, ...]:
    names = ("train_mask", "val_mask", "test_mask")
    if not isinstance(data, Data):
        raise ValueError(f"P-PUB needs one graph with {', '.join(names)}, got a list of graphs")
    missing = [name for name in names if not isinstance(data.get(name), Tensor)]
    if missing:
        raise ValueError(
            f"P-PUB needs the public split, but the data set has no {', '.join(missing)}; "
            "use P-RND2"
        )
    masks = [data[name] for name in names]
    for name, mask in zip(names, masks, strict=True):
        if mask.dtype != torch.bool or mask.shape != labels.shape:
            raise ValueError(
                f"P-PUB needs {name} as one bool per node, shape [{len(labels)}]; "
                f"got {mask.dtype} {list(mask.shape)}"
            )
        if not mask.any():
            raise ValueError(f"P-PUB: {name} selects no node")
        if (labels[mask.cpu()] < 0).any():
            raise ValueError(f"P-PUB: {name} selects unlabelled nodes (negative label)")
    if sum(mask.int() for mask in masks).max() > 1:
        raise ValueError(f"P-PUB: {', '.join(names)} overlap")
    return tuple(torch.nonzero(mask.cpu()).flatten() for mask in masks)
