"""The engine: pairs, rows and tiles. Every loss and every negative strategy stands on it."""

from graphcl.contrast.directions import Direction, Positives, directions
from graphcl.contrast.gather import (
    gather_rows,
    largest_over_ranks,
    num_ranks,
    sum_over_ranks,
)
from graphcl.contrast.influence import Influence
from graphcl.contrast.pair_products import PairIndex, pair_products
from graphcl.contrast.pairs import Pairs, check_index, within_hops
from graphcl.contrast.products import Block, PairWeights, TileFunction
from graphcl.contrast.queue import MemoryQueue
from graphcl.contrast.rows import Rows
from graphcl.contrast.same_label import SameLabel
from graphcl.contrast.similarity import MASKED, accumulation_dtype, normalize_rows, unit_rows
from graphcl.contrast.tiles import Mask

__all__ = [
    "MASKED",
    "Block",
    "Direction",
    "Influence",
    "Mask",
    "MemoryQueue",
    "PairIndex",
    "PairWeights",
    "Pairs",
    "Positives",
    "Rows",
    "SameLabel",
    "TileFunction",
    "accumulation_dtype",
    "check_index",
    "directions",
    "gather_rows",
    "largest_over_ranks",
    "normalize_rows",
    "num_ranks",
    "pair_products",
    "sum_over_ranks",
    "unit_rows",
    "within_hops",
]
