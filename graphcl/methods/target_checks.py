"""What the controls for heterogeneous graphs ask of the target type."""

from __future__ import annotations

from graphcl.methods.heterogeneous import HeterogeneousMethod


def check_features(name: str, method: HeterogeneousMethod) -> None:
    """Raise ``ValueError`` where the target type has no features."""
    if method.num_features[method.target] is None:
        raise ValueError(
            f"{name} is made of features, but nodes of type {method.target!r} have none; "
            "random-encoder needs none"
        )


def check_some_metapaths(name: str, method: HeterogeneousMethod) -> None:
    """Raise ``ValueError`` where there is no meta-path."""
    if not method.metapaths:
        raise ValueError(f"{name} needs at least one meta-path, got none")
