"""Train a method: optimiser, stopping, checkpoints, devices.

A method is anything with the hooks of :class:`graphcl.methods.Method`; nothing else of it is used.
"""

from graphcl.training.devices import PRECISIONS, Precision, make_fabric
from graphcl.training.fit import fit
from graphcl.training.settings import History, TrainingSettings

__all__ = ["PRECISIONS", "History", "Precision", "TrainingSettings", "fit", "make_fabric"]
