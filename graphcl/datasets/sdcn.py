"""The node clustering sets of SDCN, one NumPy archive each."""

from __future__ import annotations

from pathlib import Path

import scipy.sparse as sp
import torch
from torch_geometric.data import Data
from torch_geometric.utils import to_undirected

from graphcl.datasets.arrays import dense, read_archive


def read_sdcn(folder: Path, *, file: str, graph: str) -> Data:
    """Read a set of Bo et al., "Structural deep clustering network", WWW 2020 (SDCN).

    Lists of nearest neighbours are directed; an edge is there if either node lists the other, as
    in SDCN. Self-loops are left to the encoder. Features are not normalised.

    Args:
        folder: where the archive is.
        file: name of the archive, with `y`, `graph` and features: either `x` or a SciPy CSR matrix
            in `x_data`, `x_indices`, `x_indptr` and `x_shape`. It may have none.
        graph: which graph of the archive: `edges`, or `knn3`, say, for 3 nearest neighbours.

    Returns:
        `Data` with `edge_index` (both directions, no duplicates), `y` `[N]`, and `x` `[N, F]`
        float32, or `num_nodes` if there are no features.

    Raises:
        FileNotFoundError: if the archive is missing.
        ValueError: if it cannot be read or lacks an array.
    """
    arrays = read_archive(folder / file)
    lacking = [name for name in ("y", graph) if name not in arrays]
    if lacking:
        raise ValueError(f"{file} lacks {', '.join(lacking)}; it has {', '.join(arrays)}")
    labels = torch.from_numpy(arrays["y"]).long()
    data = Data(
        # int16 in the files: too small for what is computed from it
        edge_index=to_undirected(torch.from_numpy(arrays[graph]).long(), num_nodes=len(labels)),
        y=labels,
    )
    if "x" in arrays:
        data.x = torch.from_numpy(arrays["x"]).float()
    elif "x_data" in arrays:
        parts = (arrays["x_data"], arrays["x_indices"], arrays["x_indptr"])
        data.x = dense(sp.csr_matrix(parts, shape=tuple(arrays["x_shape"])))
    else:
        data.num_nodes = len(labels)
    return data
