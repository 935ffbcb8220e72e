"""Mini-batches: sampled neighbourhoods or random parts of a large graph, lists of graphs."""

from graphcl.sampling.batches import Batches
from graphcl.sampling.draws import draw_neighbours
from graphcl.sampling.graphs import GraphBatches
from graphcl.sampling.loaders import neighbour_batches
from graphcl.sampling.neighbours import NeighbourBatches
from graphcl.sampling.parts import NodeBatches
from graphcl.sampling.seeds import num_seeds

__all__ = [
    "Batches",
    "GraphBatches",
    "NeighbourBatches",
    "NodeBatches",
    "draw_neighbours",
    "neighbour_batches",
    "num_seeds",
]
