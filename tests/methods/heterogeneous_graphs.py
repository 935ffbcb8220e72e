"""A made-up heterogeneous graph with all that goes wrong in real ones."""

import torch
from torch_geometric.data import HeteroData

from graphcl.metapaths import add_reverse_relations

TARGET = "paper"
METAPATHS = [
    "paper-author-paper",  # length 2
    "paper-venue-[near]-venue-paper",  # length 3; venues have no features
    "paper-author-institute-author-paper",  # length 4
    "paper-author-institute-[near]-institute-author-paper",  # length 5
]
EMPTY = (("paper", "retracts", "paper"),)
ISOLATED = 11


def make_heterogeneous(num_papers=14, seed=0, features=True, **sizes):
    """Four types; venues without features, an isolated paper, a relation without edges."""
    generator = torch.Generator().manual_seed(seed)
    sizes = {"paper": num_papers, "author": 9, "venue": 4, "institute": 3} | sizes
    data = HeteroData()
    for kind, width in (("paper", 6), ("author", 5), ("institute", 2), ("venue", None)):
        if width is None or not features:
            data[kind].num_nodes = sizes[kind]
        else:
            data[kind].x = torch.rand(sizes[kind], width, generator=generator)
    for source, relation, end, number in (
        ("paper", "by", "author", 30),
        ("paper", "in", "venue", 14),
        ("author", "at", "institute", 9),
        ("institute", "near", "institute", 3),
        ("venue", "near", "venue", 4),
    ):
        edges = torch.stack(
            [torch.randint(sizes[t], (number,), generator=generator) for t in (source, end)]
        )
        if source == "paper":
            edges = edges[:, edges[0] != ISOLATED]
        data[source, relation, end].edge_index = edges
    data["paper", "retracts", "paper"].edge_index = torch.empty(2, 0, dtype=torch.int64)
    data["paper"].y = torch.arange(sizes["paper"]) % 3
    return add_reverse_relations(data)


def permuted(data, order):
    """The same graph with the papers in another order."""
    result = data.clone()
    place = order.argsort()
    if "x" in data["paper"]:
        result["paper"].x = data["paper"].x[order]
    for edge_type in data.edge_types:
        edges = data[edge_type].edge_index.clone()
        for row, kind in ((0, edge_type[0]), (1, edge_type[2])):
            if kind == "paper":
                edges[row] = place[edges[row]]
        result[edge_type].edge_index = edges
    return result
