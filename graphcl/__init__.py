"""graphcl: graph contrastive learning on PyTorch and PyTorch Geometric."""

__version__ = "0.1.0"
