"""Molecules of the Open Graph Benchmark, read from its raw files without its package.

The package `ogb` asks the network for its newest version when it is imported, asks the user a
question on standard input when `RELEASE_v1.txt` is missing, and stores what torch >= 2.6 refuses
to load. The raw files are plain tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch_geometric.data import Data

from graphcl.datasets.arrays import read_table, whole

ATOM_CATEGORIES = (119, 5, 12, 12, 10, 6, 6, 2, 2)
"""Number of values of each atom feature: atomic number, chirality, degree, formal charge, number
of hydrogens, number of radical electrons, hybridisation, aromatic, in a ring."""

BOND_CATEGORIES = (5, 6, 2)
"""Number of values of each bond feature: type, stereochemistry, conjugated."""

_PARTS = {"train_mask": "train", "val_mask": "valid", "test_mask": "test"}


def read_molecules(folder: Path, *, task: str) -> list[Data]:
    """Read a set of Hu et al., "Open Graph Benchmark", NeurIPS 2020.

    Atom and bond features are categories; each becomes a one-hot block, so that every encoder can
    use them (OGB's own encoder sums an embedding of each, which is a linear map of these blocks).

    Args:
        folder: the set's folder, with `raw/` and `split/scaffold/`.
        task: `"classification"` (labels int64) or `"regression"` (float32).

    Returns:
        A `Data` for each molecule: `x` `[n, 174]`, `edge_index` `[2, m]` (both directions of a
        bond follow each other), `edge_attr` `[m, 13]`, `y` `[1]`, and the scaffold split as
        `train_mask`, `val_mask` and `test_mask`, `[1]` bool each.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file cannot be read or contradicts another.
    """
    raw = folder / "raw"
    atoms_each = _integers(raw / "num-node-list.csv.gz", columns=1)[:, 0]
    bonds_each = _integers(raw / "num-edge-list.csv.gz", columns=1)[:, 0]
    atoms = _one_hot(raw / "node-feat.csv.gz", ATOM_CATEGORIES)
    bonds = _one_hot(raw / "edge-feat.csv.gz", BOND_CATEGORIES)
    ends = _integers(raw / "edge.csv.gz", columns=2)
    labels = _labels(raw / "graph-label.csv.gz", task)
    number = len(atoms_each)
    for name, found, wanted in (
        ("num-edge-list.csv.gz", len(bonds_each), number),
        ("graph-label.csv.gz", len(labels), number),
        ("node-feat.csv.gz", len(atoms), int(atoms_each.sum())),
        ("edge-feat.csv.gz", len(bonds), int(bonds_each.sum())),
        ("edge.csv.gz", len(ends), int(bonds_each.sum())),
    ):
        if found != wanted:
            raise ValueError(f"{name} has {found} rows, but the other files speak of {wanted}")
    masks = _split(folder / "split" / "scaffold", number)
    both_ways = torch.stack([ends, ends.flip(1)], dim=1).view(-1, 2)

    pieces = zip(
        _cut(atoms, atoms_each),
        _cut(both_ways, 2 * bonds_each),
        _cut(bonds.repeat_interleave(2, dim=0), 2 * bonds_each),
        strict=True,
    )
    return [
        Data(
            x=x.clone(),
            edge_index=edges.T.contiguous(),
            edge_attr=edge_attr.clone(),
            y=labels[i : i + 1].clone(),
            **{key: mask[i : i + 1].clone() for key, mask in masks.items()},
        )
        for i, (x, edges, edge_attr) in enumerate(pieces)
    ]


def _integers(path: Path, *, columns: int) -> Tensor:
    return whole(read_table(path, columns=columns, delimiter=","), path)


def _one_hot(path: Path, categories: Sequence[int]) -> Tensor:
    """The codes of a table as blocks of zeros and a one, `[rows, sum(categories)]`."""
    codes = _integers(path, columns=len(categories))
    sizes = torch.tensor(categories)
    wrong = ((codes < 0) | (codes >= sizes)).nonzero()
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(
            f"{path.name} has {int(codes[row, column])} in row {row}, column {column}; "
            f"its categories are 0 to {categories[column] - 1}"
        )
    blocks = torch.zeros(len(codes), sum(categories))
    return blocks.scatter_(1, codes + sizes.cumsum(0) - sizes, 1.0)


def _labels(path: Path, task: str) -> Tensor:
    values: NDArray[np.float64] = read_table(path, columns=1, delimiter=",")[:, 0]
    if not np.isfinite(values).all():
        raise ValueError(f"{path.name} has labels that are not finite")
    return torch.from_numpy(values).float() if task == "regression" else whole(values, path)


def _split(folder: Path, number: int) -> dict[str, Tensor]:
    masks = {}
    for key, name in _PARTS.items():
        path = folder / f"{name}.csv.gz"
        ids = _integers(path, columns=1)[:, 0]
        if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < number:
            raise ValueError(f"{path.name} names graphs that are not there: 0 to {number - 1} are")
        masks[key] = torch.zeros(number, dtype=torch.bool).index_fill_(0, ids, True)
    if int(torch.stack(list(masks.values())).sum(0).max()) > 1:
        raise ValueError("train.csv.gz, valid.csv.gz and test.csv.gz overlap")
    return masks


def _cut(rows: Tensor, sizes: Tensor) -> tuple[Tensor, ...]:
    return rows.split(sizes.tolist())
