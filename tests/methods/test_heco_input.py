"""Which relations HeCo's schema view takes, its settings, and arguments that it refuses."""

import pytest
import torch
from torch_geometric.data import HeteroData

from graphcl.datasets import load
from graphcl.methods import HeCo, create_method, get_method, settings_source
from tests.methods.heterogeneous_graphs import METAPATHS, TARGET, make_heterogeneous

AUTHOR = ("author", "rev_by", "paper")
VENUE = ("venue", "rev_in", "paper")


def small(data, **parameters):
    chosen = {"target": TARGET, "metapaths": METAPATHS[:2], "width": 8} | parameters
    return create_method("heco", data, seed=0, **chosen)[0]


def test_relations_are_those_from_other_types_and_numbers_their_mean_degree():
    data = make_heterogeneous()
    neighbours = small(data).neighbours
    ends = data[AUTHOR].edge_index[1]
    assert neighbours == {AUTHOR: round(len(ends) / len(ends.unique())), VENUE: 1}
    assert small(data, neighbours=4).neighbours == {AUTHOR: 4, VENUE: 4}
    # also where no meta-path passes through the type
    assert VENUE in small(data, metapaths=METAPATHS[:1]).neighbours


def test_a_mapping_chooses_relations():
    data = make_heterogeneous()
    assert small(data, neighbours={"venue": 2}).neighbours == {VENUE: 2}
    assert small(data, neighbours={AUTHOR: 3}).neighbours == {AUTHOR: 3}
    again = small(data, neighbours={"author": 3})
    assert HeCo(**again.configuration).neighbours == {AUTHOR: 3}


def test_each_of_several_relations_of_one_type_has_its_own_attention():
    data = make_heterogeneous()
    data["author", "reads", "paper"].edge_index = torch.tensor([[0, 1], [2, 3]])
    method = small(
        data,
        metapaths=[[("paper", "by", "author"), AUTHOR]],
        neighbours={"author": 2},
    )
    assert list(method.neighbours) == [AUTHOR, ("author", "reads", "paper")]
    assert len(method.schema) == 2
    assert method.loss(data).isfinite()


def test_edges_between_targets_count_only_if_they_are_named():
    data = make_heterogeneous()
    data["paper", "cites", "paper"].edge_index = torch.tensor([[0, 1], [2, 3]])
    step = ("paper", "cites", "paper")
    assert step not in small(data).neighbours
    method = small(data, neighbours={step: 2, "author": 1})
    assert method.loss(data).isfinite()
    assert method.kinds == ["paper", "author"]


def test_parallel_edges_are_one():
    data = make_heterogeneous()
    twice = data.clone()
    for step in (AUTHOR, ("paper", "by", "author")):
        twice[step].edge_index = data[step].edge_index.repeat(1, 2)
    losses = []
    for graph in (data, twice):
        method = small(graph, neighbours=3).eval()
        torch.manual_seed(0)
        losses.append(method.loss(graph).detach())
    torch.testing.assert_close(*losses)


def test_no_relation_and_unknown_names_are_refused():
    data = HeteroData()
    data["paper"].x = torch.ones(3, 2)
    data["paper", "cites", "paper"].edge_index = torch.tensor([[0, 1], [1, 2]])
    with pytest.raises(ValueError, match=r"edges from another type to 'paper', .* add_reverse_rel"):
        small(data, metapaths=["paper-paper"])
    data = make_heterogeneous()
    with pytest.raises(ValueError, match=r"in neighbours 'autor'; did you mean 'author'\?"):
        small(data, neighbours={"autor": 3})
    with pytest.raises(
        ValueError, match="unknown relation to the target in neighbours 'institute'"
    ):
        small(data, neighbours={"institute": 3})


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"neighbours": "many"}, TypeError, "neighbours must be a whole number, got 'many'"),
        ({"neighbours": 0}, ValueError, "neighbours must be at least 1, got 0"),
        ({"neighbours": {"author": 0}}, ValueError, "neighbours must be at least 1, got 0"),
        ({"neighbours": {}}, ValueError, "neighbours must name at least one relation, got none"),
        ({"metapaths": []}, ValueError, "metapaths must have at least one meta-path, got none"),
        ({"width": 0}, ValueError, "width must be at least 1, got 0"),
        ({"temperature": 0}, ValueError, "temperature must be above 0, got 0"),
        ({"metapath_share": 1.5}, ValueError, "metapath_share must be from 0 to 1, got 1.5"),
        ({"drop_features": 1}, ValueError, "drop_features must be from 0 to below 1, got 1"),
        ({"drop_attention": -1}, ValueError, "drop_attention must be from 0 to below 1, got -1"),
        ({"num_positives": 0}, ValueError, "num_positives must be at least 1, got 0"),
        ({"score": "counts"}, ValueError, "unknown score 'counts'; did you mean 'count'"),
        ({"ties": "first"}, ValueError, "unknown ties 'first'"),
        ({"feature_types": "paper"}, TypeError, r"must be a list of node types .*, got 'paper'"),
        ({"feature_types": ["papers"]}, ValueError, r"'papers'; did you mean 'paper'\?"),
        ({"normalize_features": 1}, TypeError, "normalize_features must be true or false, got 1"),
        ({"max_entries": 0}, ValueError, "max_entries must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        small(make_heterogeneous(), **parameters)


def test_the_class_itself_needs_relations_that_lead_to_the_target():
    known = small(make_heterogeneous()).configuration
    for given in (None, 3, {"author": 3}):
        with pytest.raises(TypeError, match=r"number for each edge type .*; create_method looks"):
            HeCo(**known | {"neighbours": given})
    with pytest.raises(ValueError, match=r"must lead to 'paper', got \('paper', 'by', 'author'\)"):
        HeCo(**known | {"neighbours": {("paper", "by", "author"): 1}})
    with pytest.raises(ValueError, match="unknown node type in neighbours 'editor'"):
        HeCo(**known | {"neighbours": {("editor", "edits", "paper"): 1}})


def test_features_left_out_are_as_if_there_were_none():
    data = make_heterogeneous()
    bare = data.clone()
    for kind in set(data.node_types) - {TARGET}:
        number = data[kind].num_nodes
        bare[kind].pop("x", None)
        bare[kind].num_nodes = number
    losses = []
    for graph, parameters in ((data, {"feature_types": [TARGET]}), (bare, {})):
        method = small(graph, neighbours=3, **parameters)
        torch.manual_seed(0)
        losses.append(method.eval().loss(graph).detach())
        assert HeCo(**method.configuration).feature_types == method.feature_types
    torch.testing.assert_close(*losses)
    method = small(data, feature_types=["author"])
    assert method.projections[0].weight.size(0) == data[TARGET].num_nodes
    for name in ("x", "y"):
        data[TARGET][name] = torch.cat([data[TARGET][name], data[TARGET][name][:1]])
    with pytest.raises(ValueError, match=r"has 15 nodes; HeCo was built for 14, and with their"):
        method.embed(data)


def test_equal_scores_are_drawn_once_and_for_all():
    """All papers are of one venue: each would have the same lowest ones as positives."""
    data = HeteroData()
    data["paper"].num_nodes, data["venue"].num_nodes = 60, 1
    edges = torch.stack([torch.arange(60), torch.zeros(60, dtype=torch.int64)])
    data["paper", "in", "venue"].edge_index = edges
    data["venue", "rev_in", "paper"].edge_index = edges.flip(0)
    reached = [torch.ones(60, 60).to_sparse_csr()]
    drawn = []
    for seed, ties in ((0, {}), (1, {}), (0, {"ties": "index"})):
        chosen = {"metapaths": ["paper-venue-paper"], "num_positives": 4, **ties}
        method, _ = create_method("heco", data, seed=seed, target="paper", **chosen)
        drawn.append(method.positives(data, reached).positive)
    assert torch.equal(drawn[0], drawn[1])
    most = [int(index[1].bincount().max()) for index in drawn]
    assert most[0] < 20
    assert most[2] == 60


def test_a_path_that_is_too_large_is_refused():
    data = make_heterogeneous()
    method = small(data, max_entries=5)
    with pytest.raises(ValueError, match=r"meta-path paper-author-paper: .* max_entries=5"):
        method.setup(data)


def test_training_needs_the_relations_embedding_does_not():
    data = make_heterogeneous()
    data["author", "reads", "paper"].edge_index = torch.tensor([[0, 1], [2, 3]])
    path = [("paper", "by", "author"), AUTHOR]
    method = small(data, metapaths=[path])
    del data["author", "reads", "paper"]
    assert method.embed(data).shape == (14, 8)
    with pytest.raises(ValueError, match=r"HeCo was built for edges of type \('author', 'reads'"):
        method.loss(data)


def test_published_settings_fit_their_cards():
    from graphcl.datasets import available

    cards = {card.name: card for card in available()}
    for name, published in get_method("heco").settings.items():
        card = cards[published.dataset]
        assert card.name.lower() == name
        assert set(published.parameters["neighbours"]) <= set(card.node_types) - {card.target}
        assert "liun-online/HeCo" in settings_source("heco", card.name)
    _, settings = get_method("heco").settings_for("HeCo-ACM")
    assert (settings.epochs, settings.learning_rate, settings.patience) == (10_000, 8e-4, 5)


def test_embedded_data_set():
    data, card = load("countries")
    method, _ = create_method(
        "heco", data, seed=0, target=card.target, metapaths=card.metapaths, width=8
    )
    assert method.loss(data).isfinite()
    assert method.embed(data).shape == (data[card.target].num_nodes, 8)
