"""Heterogeneous graphs in the layout of HeCo's repository, which PyG has no loader for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.datasets.arrays import read_matrix, read_table, read_vector, whole

LABELS_A_CLASS = (20, 40, 60)
"""The splits of the format: so many training nodes in each class."""

_PARTS = ("train", "val", "test")


def read_heco(
    folder: Path,
    *,
    target: str,
    num_nodes: Mapping[str, int],
    relations: Mapping[str, Sequence[str]],
    features: Mapping[str, str] | None = None,
) -> HeteroData:
    """Read a set of Wang et al., "Self-supervised heterogeneous graph neural network with
    co-contrastive learning", KDD 2021 (HeCo), as its repository stores it.

    Labels become 0, 1, ... whatever numbers and number type the file has. Ids that a split repeats
    count once. The meta-path matrices of the format (`pap.npz`) are not read: they are products of
    the relations.

    Args:
        folder: where `labels.npy`, `{train,val,test}_{20,40,60}.npy` and the files below are.
        target: the node type that has the labels.
        num_nodes: number of nodes of each type; some have no edge, so it cannot be counted.
        relations: name of a relation, whose file is `<name>.txt`, to the node types of its two
            columns.
        features: node type to the file of its features.

    Returns:
        `HeteroData`. Each node type has `x` `[N, F]` float32, or `num_nodes`; the target type
        also `y` `[N]` and masks `[N]`, `train_mask_20` to `test_mask_60`. A relation is there in
        both directions: `("paper", "to", "author")` and `("author", "rev_to", "paper")`.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file cannot be read, or contradicts the arguments or another file.
    """
    features = features or {}
    data = HeteroData()
    for kind, number in num_nodes.items():
        if kind in features:
            data[kind].x = read_matrix(folder / features[kind])
            _check_rows(folder / features[kind], data[kind].x.size(0), number, kind)
        else:
            data[kind].num_nodes = number

    labels = whole(read_vector(folder / "labels.npy"), folder / "labels.npy")
    _check_rows(folder / "labels.npy", len(labels), num_nodes[target], target)
    data[target].y = labels.unique(return_inverse=True)[1]
    for size in LABELS_A_CLASS:
        for part, mask in zip(_PARTS, _masks(folder, size, len(labels)), strict=True):
            data[target][f"{part}_mask_{size}"] = mask

    for name, (source, end) in relations.items():
        path = folder / f"{name}.txt"
        pairs = whole(read_table(path, columns=2), path).T.contiguous()
        for row, kind in zip(pairs, (source, end), strict=True):
            _check_ids(path, row, num_nodes[kind], kind)
        data[source, "to", end].edge_index = pairs
        data[end, "rev_to", source].edge_index = pairs.flip(0)
    return data


def _masks(folder: Path, size: int, num_nodes: int) -> list[Tensor]:
    masks = []
    for part in _PARTS:
        path = folder / f"{part}_{size}.npy"
        ids = whole(read_vector(path), path)
        _check_ids(path, ids, num_nodes, "target")
        masks.append(torch.zeros(num_nodes, dtype=torch.bool).index_fill_(0, ids, True))
    if int(torch.stack(masks).sum(0).max()) > 1:
        raise ValueError(f"train_{size}.npy, val_{size}.npy and test_{size}.npy overlap")
    return masks


def _check_rows(path: Path, found: int, wanted: int, kind: str) -> None:
    if found != wanted:
        raise ValueError(f"{path.name} has {found} rows, but there are {wanted} {kind} nodes")


def _check_ids(path: Path, ids: Tensor, number: int, kind: str) -> None:
    wrong = ids[(ids < 0) | (ids >= number)]
    if len(wrong):
        raise ValueError(
            f"{path.name} names node {int(wrong[0])}; {kind} nodes are 0 to {number - 1}"
        )
