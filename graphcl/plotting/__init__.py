"""Pictures for reports and notebooks. Matplotlib is imported only when something is drawn."""

from graphcl.plotting.bars import Bar, BarPanel, plot_bars
from graphcl.plotting.colours import PALETTE
from graphcl.plotting.control import plot_control_curves, plot_controlled_graph
from graphcl.plotting.metapath_summaries import plot_metapath_summaries
from graphcl.plotting.pairs import plot_pair_histogram, plot_weights_by_similarity

__all__ = [
    "PALETTE",
    "Bar",
    "BarPanel",
    "plot_bars",
    "plot_control_curves",
    "plot_controlled_graph",
    "plot_metapath_summaries",
    "plot_pair_histogram",
    "plot_weights_by_similarity",
]
