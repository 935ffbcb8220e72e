"""MEOW and AdaMEOW: options, clusterings, masks, degenerate graphs."""

import pytest
import torch
from torch_geometric.data import HeteroData

from graphcl.metapaths import PathDifference, PathTooLarge
from graphcl.methods import create_method, get_method, load_method, save_method, settings_source
from graphcl.training import TrainingSettings, fit
from tests.methods.heterogeneous_graphs import EMPTY, METAPATHS, TARGET, make_heterogeneous

BOTH = ["meow", "adameow"]
QUIET = {"dropout": 0.0}


@pytest.fixture
def data():
    return make_heterogeneous()


def small(name, data, *, metapaths=METAPATHS[:3], **parameters):
    given = {"target": TARGET, "metapaths": metapaths, "width": 8, "seed": 0} | parameters
    return create_method(name, data, **given)[0]


def losses(name, data, epochs=3, **parameters):
    method = small(name, data, **parameters)
    settings = TrainingSettings(epochs=epochs, learning_rate=1e-2)
    return method, fit(method, data, settings=settings).losses


def test_meow_is_the_formula_of_the_specification(data):
    method = small("meow", data, num_clusters=[2, 5], prototype_weight=0.0, **QUIET)
    coarse, fine = method.encoder(*method._inputs(data))
    u, v = method.projector(coarse), method.projector(fine)
    value = method.contrast(u, v)
    exponent = u @ v.T / 0.4
    assignments = [p.clustering.assignment for p in method.prototypes]
    weight = sum((a[:, None] != a[None, :]).float() for a in assignments) / 2
    expected = ((weight * exponent.exp()).sum(1).log() - exponent.diagonal()).mean()
    torch.testing.assert_close(value, expected)


def test_adameow_is_the_formula_of_the_specification(data):
    method = small("adameow", data, **QUIET).eval()
    coarse, fine = method.encoder(*method._inputs(data))
    u, v = method.projector(fine), method.projector(coarse)
    hidden = torch.tanh(method.negatives.first(u[:, None] + v[None, :]))
    weight = torch.sigmoid(method.negatives.second(hidden)).squeeze(-1)
    exponent = u @ v.T
    expected = ((weight * exponent.exp()).sum(1).log() - exponent.diagonal()).mean()
    torch.testing.assert_close(method.loss(data), expected)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    "options",
    [
        {"keep": 3, "ties": "random", "orientation": "official", "binary": True},
        {"keep": [2, None, 4], "drop_edges": [0.1, 0.0, 1.0], "ties": "all"},
        {"contexts": "paths", "layer_norm": "rows", "normalize_features": True},
        {"propagation": "operator", "contrast_batch": 5},
        {"resample_masks": True, "projection_width": 3},
        {"mask_features": 1.0, "dropout": 0.0},
    ],
    ids=lambda options: "-".join(options),
)
def test_options_train(name, data, options):
    method, values = losses(name, data, **options)
    assert torch.tensor(values).isfinite().all()
    assert method.embed(data).shape == (14, 8)


def test_a_filter_that_drops_nothing_is_no_filter(data):
    """Wide hubs among the targets' neighbours: then the operator is the cheaper form."""
    hub, ids = "hub", torch.arange(data[TARGET].num_nodes)
    data[hub].num_nodes = 1
    edges = torch.stack([ids, torch.zeros_like(ids)])
    data[TARGET, "at", hub].edge_index, data[hub, "of", TARGET].edge_index = edges, edges.flip(0)
    path = [(TARGET, "at", hub), (hub, "of", TARGET)]
    methods = [
        small("meow", data, metapaths=[path], **options)
        for options in ({"keep": len(ids)}, {"keep": 2, "ties": "all"}, {"keep": 2})
    ]
    kinds = [type(method._inputs(data)[0].adjacencies[0]).__name__ for method in methods]
    assert kinds == ["PathOperator", "PathOperator", "FixedMatrix"]
    torch.testing.assert_close(methods[0].embed(data), methods[1].embed(data))


def test_operators_and_matrices_are_the_same_without_a_filter(data):
    unmasked = {"mask_features": 0.0, "drop_edges": 0.0}
    by_matrix = small("meow", data, **unmasked)
    by_operator = small("meow", data, propagation="operator", **unmasked)
    for one, other in zip(
        by_matrix._inputs(data)[0].adjacencies,
        by_operator._inputs(data)[0].adjacencies,
        strict=True,
    ):
        torch.testing.assert_close(one @ torch.eye(14), other @ torch.eye(14))


def test_contexts_by_paths_are_those_of_single_steps(data):
    distinct, paths = (
        small("meow", data, contexts=how)._inputs(data)[0].contexts for how in ("distinct", "paths")
    )
    first, other = distinct[0][0], paths[0][0]
    torch.testing.assert_close(first[0] @ torch.eye(9), other[0] @ torch.eye(9))
    assert [len(chain) for chain in paths[2]] == [1, 2, 3]


@pytest.mark.parametrize("name", BOTH)
def test_a_resumed_run_with_every_kind_of_state(name, data, tmp_path):
    options = {"resample_masks": True, "contrast_batch": 9, "keep": 5}
    if name == "meow":
        options |= {"cluster_every": 3, "num_clusters": [2, 4]}
    settings = TrainingSettings(epochs=6, learning_rate=1e-2)
    whole, other = small(name, data, **options), small(name, data, **options)
    expected = fit(whole, data, settings=settings).losses

    def stop(epoch, loss):
        if epoch == 3:
            raise KeyboardInterrupt

    file = tmp_path / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        fit(other, data, settings=settings, checkpoint=file, checkpoint_every=1, on_epoch=stop)
    resumed = small(name, data, **options)
    assert fit(resumed, data, settings=settings, checkpoint=file).losses == expected
    assert torch.equal(resumed.embed(data), whole.embed(data))
    again = load_method(save_method(tmp_path / "m.pt", resumed))
    assert torch.equal(again.embed(data), whole.embed(data))
    if name == "adameow":
        assert again.weight_statistics.shape == (6, 2)
        assert torch.equal(again.weight_statistics, whole.weight_statistics)


def test_warm_starts_go_on_from_the_former_centroids(data, monkeypatch):
    starts = []
    from graphcl.methods import meow

    real = meow.kmeans

    def spy(*arguments, start=None, **options):
        starts.append(start)
        return real(*arguments, start=start, **options)

    monkeypatch.setattr(meow, "kmeans", spy)
    losses("meow", data, num_clusters=[2, 3], epochs=2)
    assert [None if s is None else len(s) for s in starts] == [None, None, 2, 3]
    starts.clear()
    losses("meow", data, num_clusters=[2], epochs=2, clustering="cold")
    assert starts == [None, None]
    starts.clear()
    losses("meow", data, num_clusters=[2], epochs=5, cluster_every=2)
    assert len(starts) == 3


def test_masks_are_drawn_once_or_in_every_epoch(data):
    for resample in (False, True):
        method = small("meow", data, resample_masks=resample)
        draws = []
        for epoch in range(3):
            method.before_epoch(epoch, data)
            draws.append(method._inputs(data, method._draw)[1])
        assert (draws[0] is draws[2]) is not resample
    other = small("meow", data, seed=5)._inputs(data)[1]
    assert not torch.equal(other.features, draws[0].features)


def test_a_single_cluster_leaves_no_negatives(data):
    method = small("meow", data, num_clusters=[1], prototype_weight=0.0)
    with pytest.warns(UserWarning, match="a single cluster: no negatives are left"):
        value = method.loss(data)
    assert float(value.detach()) == 0
    value.backward()
    gradients = [p.grad for p in method.parameters() if p.grad is not None]
    assert all(not gradient.any() for gradient in gradients)


def test_more_clusters_than_targets_are_lowered(data):
    method = small("meow", data, num_clusters=[99])
    with pytest.warns(UserWarning, match="found 14 of the 99 clusters asked for"):
        assert method.loss(data).isfinite()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_single_target(name):
    data = HeteroData()
    data["paper"].x = torch.ones(1, 2)
    data["author"].num_nodes = 1
    for edge_type in (("paper", "by", "author"), ("author", "wrote", "paper")):
        data[edge_type].edge_index = torch.zeros(2, 1, dtype=torch.int64)
    method = small(name, data, metapaths=["paper-author-paper"])
    history = fit(method, data, settings=TrainingSettings(epochs=2))
    assert torch.tensor(history.losses).isfinite().all()
    assert method.embed(data).isfinite().all()


def test_an_empty_path_is_said(data):
    with pytest.warns(UserWarning, match="meta-path paper-paper has no instance in this graph"):
        small("meow", data, metapaths=[EMPTY]).setup(data)


def test_paths_that_are_too_large_say_what_to_do(data):
    method = small("meow", data, metapaths=METAPATHS[:1], max_entries=3)
    with pytest.raises(PathTooLarge, match=r"keep=<number of neighbours>, or propagation='oper"):
        method.setup(data)
    with pytest.raises(PathTooLarge, match="contexts='paths' averages step by step"):
        small("meow", data, metapaths=METAPATHS[2:3], max_entries=3, keep=2).setup(data)


def test_the_weights_of_adameow_are_reported(data):
    method, _ = losses("adameow", data, epochs=4)
    mean, spread = method.weight_statistics.T
    assert len(mean) == 4
    assert ((mean > 0) & (mean < 1) & (spread >= 0)).all()
    assert method.monitor is None
    for how in ("row", "all"):
        assert torch.tensor(losses("adameow", data, normalize_weights=how)[1]).isfinite().all()


def test_published_settings(data):
    arguments, training = get_method("meow").settings_for("HeCo-ACM")
    assert arguments["keep"] == (110, 700)
    assert arguments["num_clusters"] == (100, 300)
    assert (training.learning_rate, training.patience) == (7e-4, 30)
    arguments, training = get_method("adameow").settings_for("heco-aminer")
    assert (arguments["projection_width"], training.epochs) == (16, 3000)
    assert "jianxiangyu/MEOW" in settings_source("adameow", "HeCo-DBLP")
    assert settings_source("meow", "HeCo-Freebase") == "defaults of meow"
    method, _ = create_method(
        "meow", data, dataset="HeCo-ACM", target=TARGET, metapaths=METAPATHS[:2], keep=7
    )
    assert method.options.keep == (7, 7)
    assert method.options.drop_edges == (0.3, 0.2)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"keep": [1]}, ValueError, "keep must be one value, or one for each of the 3 meta-paths"),
        ({"drop_edges": 1.5}, ValueError, r"drop_edges must be from 0 to 1, got 1\.5"),
        ({"dropout": 1.0}, ValueError, r"dropout must be from 0 to below 1, got 1\.0"),
        ({"temperature": 0}, ValueError, "temperature must be above 0, got 0"),
        ({"num_clusters": 5}, TypeError, "num_clusters must be a list of numbers, got 5"),
        ({"num_clusters": [0]}, ValueError, "num_clusters must be at least 1, got 0"),
        ({"clustering": "hot"}, ValueError, "unknown clustering 'hot'"),
        ({"density": "outer"}, ValueError, "unknown density 'outer'"),
        ({"cluster_every": 0}, ValueError, "cluster_every must be at least 1, got 0"),
        ({"prototype_weight": -1}, ValueError, "prototype_weight must be at least 0, got -1"),
        ({"ties": "indx"}, ValueError, "unknown ties 'indx'; did you mean 'index'"),
        ({"contrast_batch": 1}, ValueError, "contrast_batch must be at least 2, got 1"),
        ({"resample_masks": 1}, TypeError, "resample_masks must be true or false, got 1"),
        ({"keep": 3, "propagation": "operator"}, ValueError, "has no matrix to filter"),
        ({"metapaths": []}, ValueError, "metapaths must name at least one meta-path"),
        ({"temprature": 1}, ValueError, "unknown parameter of meow 'temprature'; did you mean"),
    ],
)
def test_bad_arguments_are_named(data, parameters, error, message):
    with pytest.raises(error, match=message):
        small("meow", data, **parameters)


def test_a_masked_path_without_a_filter_never_becomes_a_large_matrix() -> None:
    data = HeteroData()
    data["paper"].x, data["subject"].num_nodes = torch.rand(120, 4), 2
    subjects = torch.stack([torch.arange(120), torch.arange(120) % 2])
    data["paper", "on", "subject"].edge_index = subjects
    data["subject", "of", "paper"].edge_index = subjects.flip(0)
    method, _ = create_method(
        "meow", data, seed=0, target="paper", metapaths=["paper-subject-paper"], keep=3, ties="all"
    )
    _, inputs = method._inputs(data)  # type: ignore[operator]
    (fast,) = inputs.adjacencies
    assert isinstance(fast, PathDifference)
    assert fast.num_entries < 120 * 60 / 2
    dense = fast @ torch.eye(120)
    assert int((dense > 1e-4).sum()) == 120 + int(120 * 59 * 0.8)  # default: a fifth is dropped
