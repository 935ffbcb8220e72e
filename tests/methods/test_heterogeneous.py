"""The base class of methods of heterogeneous graphs."""

import pytest
import torch

from graphcl.metapaths import MetaPath
from graphcl.methods import HeterogeneousMethod
from tests.methods.heterogeneous_graphs import make_heterogeneous

PATH = (("paper", "by", "author"), ("author", "rev_by", "paper"))
WIDTHS = {"paper": 6, "author": 5, "venue": None}
COUNTS = {"paper": 14, "author": 9, "venue": 4}


class Papers(HeterogeneousMethod):
    trained = False

    def encode(self, data):
        return data["paper"].x


def make(**changes):
    given = {"target": "paper", "metapaths": [PATH]} | changes
    return Papers(given.pop("widths", WIDTHS), given.pop("counts", COUNTS), **given)


def test_only_types_of_the_metapaths_are_needed():
    method = make()
    assert method.needed_types == {"paper", "author"}
    data = make_heterogeneous()
    data["institute"].x = torch.rand(3, 17)
    assert torch.equal(method.embed(data), data["paper"].x)


def test_metapaths_in_all_forms():
    expected = (MetaPath(PATH),)
    for path in (PATH, [list(step) for step in PATH], MetaPath(PATH)):
        assert make(metapaths=[path]).metapaths == expected
    assert make().configuration["metapaths"] == (PATH,)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"widths": 5}, TypeError, "num_features must give a width for each type, got 5"),
        ({"counts": 5}, TypeError, "num_nodes must give a number for each type, got 5"),
        ({"counts": {"paper": 3}}, ValueError, "must name the same types, got paper and paper, au"),
        ({"widths": WIDTHS | {"paper": 0}}, ValueError, r"num_features\['paper'\] must be at leas"),
        ({"target": "venues"}, ValueError, "unknown target type 'venues'; did you mean 'venue'"),
        ({"metapaths": ["paper-author-paper"]}, TypeError, r"MetaPath.parse\(text, data\) makes"),
        ({"metapaths": [PATH[:1]]}, ValueError, "must begin and end at the target type 'paper'"),
        ({"metapaths": [PATH, PATH]}, ValueError, "is given twice"),
        (
            {"metapaths": [(("paper", "in", "pub"), ("pub", "has", "paper"))]},
            ValueError,
            "unknown node type 'pub'",
        ),
    ],
)
def test_bad_arguments_are_named(changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)


def test_graphs_of_another_kind_are_refused():
    method, data = make(), make_heterogeneous()
    wrong = data.clone()
    wrong["paper"].x = wrong["paper"].x[:, :3]
    with pytest.raises(ValueError, match=r"data\['paper'\].x has 3 columns; Papers .* 6 columns"):
        method.embed(wrong)
    wrong = data.clone()
    del wrong["author"].x
    wrong["author"].num_nodes = 9
    with pytest.raises(ValueError, match=r"data\['author'\].x is missing; Papers was built for 5"):
        method.embed(wrong)
    wrong = data.clone()
    del wrong["author", "rev_by", "paper"]
    with pytest.raises(ValueError, match=r"built for edges of type \('author', 'rev_by', 'paper'"):
        method.embed(wrong)
    wrong = data.node_type_subgraph(["paper", "venue"])
    with pytest.raises(ValueError, match="built for nodes of type 'author', the graph has paper, "):
        method.embed(wrong)
    broken = data.clone()
    broken["paper", "by", "author"].edge_index[1, 0] = 99
    with pytest.raises(ValueError, match="edge_index"):
        method.embed(broken)


def test_blocks_are_refused():
    with pytest.raises(ValueError, match=r"Papers\.embed has no batch_size for a single graph"):
        make().embed(make_heterogeneous(), batch_size=4)
