"""Mini-batches of a large graph: sampled neighbourhoods, random parts."""

from graphcl.sampling.batches import Batches
from graphcl.sampling.draws import draw_neighbours
from graphcl.sampling.loaders import neighbour_batches
from graphcl.sampling.neighbours import NeighbourBatches
from graphcl.sampling.parts import NodeBatches
from graphcl.sampling.seeds import num_seeds

__all__ = [
    "Batches",
    "NeighbourBatches",
    "NodeBatches",
    "draw_neighbours",
    "neighbour_batches",
    "num_seeds",
]
