"""Pictures for reports and notebooks. Matplotlib is imported only when something is drawn."""

from graphcl.plotting.approximation import plot_approximation_error
from graphcl.plotting.bars import Bar, BarPanel, plot_bars
from graphcl.plotting.colours import PALETTE
from graphcl.plotting.confusion import plot_confusion
from graphcl.plotting.control import plot_control_curves, plot_controlled_graph
from graphcl.plotting.embedding_map import plot_embedding_map
from graphcl.plotting.metapath_summaries import plot_metapath_summaries
from graphcl.plotting.pairs import plot_pair_histogram, plot_weights_by_similarity
from graphcl.plotting.training_curves import plot_training_curves

__all__ = [
    "PALETTE",
    "Bar",
    "BarPanel",
    "plot_approximation_error",
    "plot_bars",
    "plot_confusion",
    "plot_control_curves",
    "plot_controlled_graph",
    "plot_embedding_map",
    "plot_metapath_summaries",
    "plot_pair_histogram",
    "plot_training_curves",
    "plot_weights_by_similarity",
]
