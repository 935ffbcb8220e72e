"""Meta-paths: what they know of themselves, how they are written, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Data, HeteroData

from graphcl.metapaths import MetaPath
from tests.metapaths.made_up import PATHS, made_up


def test_a_path_knows_its_types() -> None:
    path = MetaPath.parse(PATHS[4], made_up())
    assert (path.start, path.end, len(path)) == ("item", "item", 4)
    assert path.node_types == ("item", "maker", "place", "maker", "item")
    assert path.inner == ("maker", "place", "maker")
    assert path.prefix(2).node_types == ("item", "maker", "place")
    assert str(path) == "item-maker-place-maker-item"
    assert path == MetaPath(path.edge_types)
    assert len({path, MetaPath(path.edge_types)}) == 1


@pytest.mark.parametrize("written", PATHS.values())
def test_all_forms_are_read_alike(written: str) -> None:
    data = made_up()
    path = MetaPath.parse(written, data)
    assert MetaPath.parse(path, data) == path
    assert MetaPath.parse(path.edge_types, data) == path
    from_yaml: Any = [list(step) for step in path.edge_types]
    assert MetaPath.parse(from_yaml, data) == path
    assert MetaPath.parse(path.node_types, data) == path
    full = path.start + "".join(f"-[{step[1]}]-{step[2]}" for step in path.edge_types)
    assert MetaPath.parse(full, data) == path
    assert MetaPath.parse(path.name(data), data) == path


def test_relations_are_named_where_they_are_open() -> None:
    data = made_up()
    data["item", "liked_by", "maker"].edge_index = torch.tensor([[0], [0]])
    with pytest.raises(
        ValueError,
        match=r"several relations lead from 'item' to 'maker'; write one of "
        r"item-\[by\]-maker, item-\[liked_by\]-maker",
    ):
        MetaPath.parse("item-maker-item", data)
    path = MetaPath.parse("item-[liked_by]-maker-item", data)
    assert path.edge_types[0] == ("item", "liked_by", "maker")
    assert path.name(data) == "item-[liked_by]-maker-item"
    assert str(path) == "item-maker-item"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("item-tagg-item", r"unknown node type 'tagg'; did you mean 'tag'\? Known: item"),
        ("item", "'item' needs at least two node types"),
        ("", "unknown node type ''"),
        ("tag-maker", r"no relation leads from 'tag' to 'maker'\. The graph has item-\[has\]-tag"),
        ("item-[had]-tag", r"no relation 'had' leads from 'item' to 'tag', only item-\[has\]-tag"),
        ((("item", "had", "tag"),), "no relation 'had' leads from 'item' to 'tag', only"),
        ((("item", "has", "tag"), ("item", "by", "maker")), "step 1 .* ends at 'tag', but step 2"),
    ],
)
def test_paths_that_do_not_exist_are_refused(written: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MetaPath.parse(written, made_up())


def test_a_missing_reverse_is_explained() -> None:
    data = made_up()
    del data["tag", "rev_has", "item"]
    with pytest.raises(
        ValueError, match=r"only back: item-\[has\]-tag; .*add_reverse_relations\(data\) adds"
    ):
        MetaPath.parse("item-tag-item", data)


def test_types_with_hyphens_are_written_as_sequences() -> None:
    data = HeteroData()
    data["co-author"].num_nodes = 2
    data["paper"].num_nodes = 1
    data["co-author", "of", "paper"].edge_index = torch.tensor([[0, 1], [0, 0]])
    assert MetaPath.parse(("co-author", "paper"), data).start == "co-author"
    with pytest.raises(ValueError, match=r"Write types with a hyphen \(co-author\) as a sequence"):
        MetaPath.parse("co-author-paper", data)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "a meta-path must be a text"),
        ((), "a meta-path must be a text"),
        ((("item", "has"),), r"an edge type must be \(source type, relation, target type\)"),
        (("item", ("item", "has", "tag")), "an edge type must be"),
    ],
)
def test_what_is_no_path_is_refused(given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        MetaPath.parse(given, made_up())


def test_homogeneous_graphs_are_refused() -> None:
    with pytest.raises(TypeError, match="data must be a HeteroData, got Data"):
        MetaPath.parse("item-tag-item", Data())


def test_a_path_without_steps_or_a_position_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="needs at least one edge type"):
        MetaPath(())
    with pytest.raises(TypeError, match="must be a sequence of triples, got 'item'"):
        MetaPath("item")  # type: ignore[arg-type]
    for position in (0, 3):
        with pytest.raises(ValueError, match=f"position must be from 1 to 2 .*, got {position}"):
            MetaPath.parse("item-tag-item", made_up()).prefix(position)
