"""Seeds and generators, above all in the workers of a DataLoader."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader

from graphcl.augmentations import (
    AddEdges,
    Compose,
    ControllableDropEdges,
    DropEdges,
    DropNodes,
    MaskFeatures,
    OneOf,
    RandomWalkSubgraph,
)

Make = Callable[..., Any]


class Copies(Dataset):  # type: ignore[type-arg]
    """Eight times the same graph, so that any difference is the transform's."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform
        pairs = torch.combinations(torch.arange(9)).t()
        self.graph = Data(x=torch.ones(9, 30), edge_index=torch.cat([pairs, pairs.flip(0)], dim=1))

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Data:
        return self.transform(self.graph)


def fingerprint(graph: Data) -> tuple[Any, ...]:
    ids = graph.n_id.tolist() if "n_id" in graph else []
    return (*ids, *graph.x[0].tolist(), *graph.edge_index.flatten().tolist())


def epochs(
    transform: Any, *, workers: int, loader_seed: int = 0, **options: Any
) -> list[tuple[Any, ...]]:
    """The views of two epochs, in order."""
    generator = torch.Generator().manual_seed(loader_seed)
    loader = DataLoader(Copies(transform), num_workers=workers, generator=generator, **options)
    return [
        fingerprint(graph) for _ in range(2) for batch in loader for graph in batch.to_data_list()
    ]


MAKERS: dict[str, Make] = {
    "DropEdges": lambda **options: DropEdges(0.5, **options),
    "one direction": lambda **options: DropEdges(0.5, undirected=False, **options),
    "ControllableDropEdges": lambda **options: ControllableDropEdges(0.3, **options),
    "MaskFeatures": lambda **options: MaskFeatures(0.5, **options),
    "single entries": lambda **options: MaskFeatures(0.5, mode="entries", **options),
}
KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "seed": lambda: {"seed": 7},
    "generator": lambda: {"generator": torch.Generator().manual_seed(7)},
    "global": dict,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("maker", MAKERS)
def test_two_workers_and_two_epochs_all_differ_and_can_be_repeated(maker: str, kind: str) -> None:
    make, options = MAKERS[maker], KINDS[kind]
    first = epochs(make(**options()), workers=2)
    assert len(set(first)) == 16
    assert epochs(make(**options()), workers=2) == first
    assert not set(epochs(make(**options()), workers=2, loader_seed=1)) & set(first)


def test_transforms_that_change_the_nodes_or_add_edges_in_workers() -> None:
    def make() -> Compose:
        walk = RandomWalkSubgraph(8, seed=1)
        return Compose([walk, AddEdges(0.1, self_loops=True, seed=2), DropNodes(0.3, seed=3)])

    first = epochs(make(), workers=2)
    assert len(set(first)) == 16
    assert epochs(make(), workers=2) == first


def test_persistent_workers_go_on() -> None:
    assert len(set(epochs(DropEdges(0.5, seed=1), workers=2, persistent_workers=True))) == 16


@pytest.mark.parametrize("kind", KINDS)
def test_transforms_can_be_pickled_for_workers_that_are_spawned(kind: str) -> None:
    transform, graph = DropEdges(0.5, **KINDS[kind]()), Copies(None).graph
    transform(graph)
    copied = pickle.loads(pickle.dumps(transform))
    state = torch.get_rng_state()
    view = transform(graph)
    torch.set_rng_state(state)
    assert fingerprint(copied(graph)) == fingerprint(view)


def test_a_plain_generator_would_repeat_itself() -> None:
    # What the transforms guard against; if torch ever changes this, they may become simpler.
    generator = torch.Generator().manual_seed(0)

    def plain(graph: Data) -> Data:
        return Data(x=torch.rand(1, 30, generator=generator), edge_index=graph.edge_index)

    assert len(set(epochs(plain, workers=2))) == 4


def test_choices_and_compositions_in_workers() -> None:
    def make() -> Compose:
        drop, mask = DropEdges(0.5, seed=2), MaskFeatures(0.5, seed=3)
        return Compose([OneOf([drop, mask], seed=1), MaskFeatures(0.2, seed=4)])

    first = epochs(make(), workers=2)
    assert len(set(first)) == 16
    assert epochs(make(), workers=2) == first


@pytest.mark.parametrize("maker", MAKERS)
def test_seeds_in_a_plain_loop(maker: str) -> None:
    make, graph = MAKERS[maker], Copies(None).graph
    one, other = make(seed=5), make(seed=5)
    state = torch.get_rng_state()
    views = [fingerprint(one(graph)) for _ in range(5)]
    assert len(set(views)) == 5
    assert [fingerprint(other(graph)) for _ in range(5)] == views
    assert torch.equal(torch.get_rng_state(), state)  # the global generator was left alone
    generator = torch.Generator().manual_seed(5)
    assert [fingerprint(make(generator=generator)(graph)) for _ in range(5)] == views


def test_bad_seeds() -> None:
    with pytest.raises(ValueError, match="either seed or generator"):
        DropEdges(0.5, seed=1, generator=torch.Generator())
    with pytest.raises(TypeError, match=r"seed must be an integer or None, got 1\.5"):
        DropEdges(0.5, seed=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"seed must be from 0 to 2\*\*63 - 1, got -1"):
        MaskFeatures(0.5, seed=-1)
    with pytest.raises(TypeError, match=r"generator must be a torch.Generator or None, got 3"):
        MaskFeatures(0.5, generator=3)  # type: ignore[arg-type]
