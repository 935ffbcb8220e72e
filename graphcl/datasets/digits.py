"""Two embedded data sets made of scikit-learn's handwritten digits: no file, no network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.data import Data

_BRIGHTEST = 16.0  # intensities of scikit-learn's digits are the integers 0 to 16
_SIDE = 8


def digits(*, neighbours: int = 10) -> Data:
    """One graph over all 1797 digits: left halves are features, right halves give the edges.

    Features and edges are independent evidence of the label, so a method must use both: k-means
    finds about 0.62 of the labels in the features alone, about 0.76 after two propagation steps.

    Args:
        neighbours: number of nearest neighbours (Euclidean, between right halves) that each node
            is joined to, from 1 to 1796. The graph is then made undirected; equal distances are
            decided by the smaller node index, so that it is the same on every machine.

    Returns:
        `Data` with `x` `[1797, 32]` in [0, 1], `edge_index` `[2, E]` (both directions, sorted, no
        self-loops, no duplicates) and `y` `[1797]`, the digit.

    Raises:
        ValueError: if `neighbours` is out of range.

    Example:
        >>> digits()
        Data(x=[1797, 32], edge_index=[2, 24440], y=[1797])
    """
    images, labels = _images()
    count = len(images)
    if not 1 <= neighbours < count:
        raise ValueError(f"neighbours must be from 1 to {count - 1}, got {neighbours}")
    left = images[:, :, : _SIDE // 2].reshape(count, -1)
    right = images[:, :, _SIDE // 2 :].reshape(count, -1)

    # Whole numbers up to 8192: exact in float64, and int16 makes the stable sort a radix sort.
    squares = (right**2).sum(axis=1)
    distances = (squares[:, None] + squares[None, :] - 2 * right @ right.T).astype(np.int16)
    np.fill_diagonal(distances, np.iinfo(np.int16).max)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :neighbours]

    adjacent = np.zeros((count, count), dtype=bool)
    np.put_along_axis(adjacent, nearest, True, axis=1)
    adjacent |= adjacent.T
    return Data(
        x=torch.from_numpy((left / _BRIGHTEST).astype(np.float32)),
        edge_index=torch.from_numpy(np.stack(adjacent.nonzero())),
        y=torch.from_numpy(labels),
    )


def digit_graphs(*, threshold: int = 4) -> list[Data]:
    """One graph an image: bright pixels are nodes, joined to their bright neighbours.

    Args:
        threshold: smallest intensity, from 1 to 16, of a pixel that becomes a node. At most 9, or
            some image would have no node at all.

    Returns:
        1797 `Data`, each with `x` `[n, 1]` (intensity in (0, 1]), `pos` `[n, 2]` (row and column,
        0 to 7), `edge_index` `[2, e]` (the 8 neighbours, both directions, sorted) and `y` `[1]`.

    Raises:
        ValueError: if `threshold` leaves an image without a node or keeps dark pixels.

    Example:
        >>> graphs = digit_graphs()
        >>> len(graphs), graphs[0]
        (1797, Data(x=[30, 1], edge_index=[2, 138], y=[1], pos=[30, 2]))
    """
    images, labels = _images()
    faintest_image = int(images.max(axis=(1, 2)).min())
    if not 1 <= threshold <= faintest_image:
        raise ValueError(f"threshold must be from 1 to {faintest_image}, got {threshold}")

    bright = images >= threshold
    image, row, column = bright.nonzero()
    sizes = bright.sum(axis=(1, 2))
    first_node = np.cumsum(sizes) - sizes

    # Number the nodes on a grid with a dark frame, so that all 8 shifts stay inside the array.
    node = np.full((len(images), _SIDE + 2, _SIDE + 2), -1, dtype=np.int64)
    node[image, row + 1, column + 1] = np.arange(len(image)) - first_node[image]
    # In this order the neighbours of a node come in the order of their numbers.
    shifts = [(down, right) for down in (0, 1, 2) for right in (0, 1, 2) if (down, right) != (1, 1)]
    targets = np.stack([node[image, row + down, column + right] for down, right in shifts], axis=1)
    source, slot = (targets >= 0).nonzero()  # sorted by source, then by target
    edges = np.stack([source - first_node[image[source]], targets[source, slot]])
    edge_counts = np.bincount(image[source], minlength=len(images))

    features = (images[bright] / _BRIGHTEST).astype(np.float32)[:, None]
    positions = np.stack([row, column], axis=1).astype(np.float32)
    node_ends, edge_ends = np.cumsum(sizes), np.cumsum(edge_counts)
    return [
        Data(
            x=torch.from_numpy(features[start:end].copy()),
            edge_index=torch.from_numpy(edges[:, first:last].copy()),
            y=torch.from_numpy(label),
            pos=torch.from_numpy(positions[start:end].copy()),
        )
        for start, end, first, last, label in zip(
            node_ends - sizes,
            node_ends,
            edge_ends - edge_counts,
            edge_ends,
            labels[:, None].copy(),
            strict=True,
        )
    ]


def _images() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The images `[1797, 8, 8]` (whole numbers 0 to 16) and their labels `[1797]`."""
    from sklearn.datasets import load_digits  # scikit-learn takes a second to import

    bunch = load_digits()
    return bunch.images, bunch.target.astype(np.int64)
