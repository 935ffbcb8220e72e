"""What holds for every registered method of heterogeneous graphs."""

import copy
from pathlib import Path

import pytest
import torch
from torch_geometric.data import Data

from graphcl.methods import (
    create_method,
    get_method,
    load_method,
    method_names,
    registered_name,
    save_method,
)
from graphcl.training import TrainingSettings, fit
from tests.methods.heterogeneous_graphs import (
    EMPTY,
    METAPATHS,
    TARGET,
    make_heterogeneous,
    permuted,
)

NAMES = [
    name for name in method_names() if any(cls.heterogeneous for cls in get_method(name).classes)
]
ONLY = [name for name in NAMES if get_method(name).cls.heterogeneous]
TRAINED = [name for name in NAMES if get_method(name).trained]
LEARNS_ROWS = ["heco", "meow", "adameow"]
UNMASKED = {"drop_edges": 0.0, "mask_features": 0.0}


@pytest.fixture
def data():
    return make_heterogeneous()


def small(name, data, *, seed=0, **parameters):
    allowed = get_method(name).parameter_names("heterogeneous")
    chosen = {k: v for k, v in {"width": 8}.items() if k in allowed}
    chosen |= {"target": TARGET, "metapaths": METAPATHS}
    return create_method(name, data, seed=seed, **(chosen | parameters))


def trained(name, data, epochs=2, seed=0, **parameters):
    method, _ = small(name, data, **parameters)
    settings = TrainingSettings(epochs=epochs, learning_rate=1e-2)
    return method, fit(method, data, settings=settings, seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_one_row_a_target_and_deterministic(name, data):
    method, _ = trained(name, data)
    state = torch.get_rng_state()
    first, second = method.embed(data), method.embed(data)
    assert torch.equal(torch.get_rng_state(), state)
    assert first.shape[0] == 14
    assert first.isfinite().all()
    assert torch.equal(first, second)
    assert not first.requires_grad


@pytest.mark.parametrize("name", TRAINED)
def test_the_same_seed_gives_the_same_run(name, data):
    losses = [trained(name, data, epochs=3, seed=seed)[1].losses for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("name", TRAINED)
def test_a_resumed_run_is_the_uninterrupted_one(name, data, tmp_path: Path):
    settings = TrainingSettings(epochs=5, learning_rate=1e-2, patience=50)
    whole, _ = small(name, data)
    expected = fit(whole, data, settings=settings)

    class Killed(Exception):
        pass

    def kill(epoch, loss):
        if epoch == 2:
            raise Killed

    broken, _ = small(name, data)
    file = tmp_path / "c.pt"
    with pytest.raises(Killed):
        fit(broken, data, settings=settings, checkpoint=file, checkpoint_every=1, on_epoch=kill)
    resumed, _ = small(name, data)
    torch.rand(7)
    history = fit(resumed, data, settings=settings, checkpoint=file)
    assert history.losses == expected.losses
    assert torch.equal(resumed.embed(data), whole.embed(data))
    assert_same_state(resumed.state_dict(), whole.state_dict())


def assert_same_state(one, other):
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same_state(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same_state(left, right)
    else:
        assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_comes_back_and_embeds_alike(name, data, tmp_path: Path):
    method, _ = trained(name, data)
    again = load_method(save_method(tmp_path / "m.pt", method))
    assert type(again) is type(method)
    assert registered_name(again) == name
    assert again.configuration == method.configuration
    assert torch.equal(again.embed(data), method.embed(data))


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_targets_does_not_matter(name, data):
    allowed = get_method(name).parameter_names("heterogeneous")
    parameters = {k: v for k, v in UNMASKED.items() if k in allowed}
    method, _ = small(name, data, **parameters)
    order = torch.randperm(14, generator=torch.Generator().manual_seed(1))
    expected = method.embed(data)[order]
    found = method.embed(permuted(data, order))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_not_modified(name, data):
    before = copy.deepcopy(data)
    method, _ = trained(name, data, epochs=1)
    method.embed(data)[:] = 0
    assert data.node_types == before.node_types
    for kind in ("paper", "author", "institute"):
        assert torch.equal(data[kind].x, before[kind].x)
    for kind in data.edge_types:
        assert torch.equal(data[kind].edge_index, before[kind].edge_index)


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(
    "metapaths",
    [[EMPTY], [*METAPATHS[:1], EMPTY], METAPATHS[1:2], METAPATHS[3:]],
    ids=["an empty path alone", "one empty of two", "three steps", "five steps"],
)
def test_paths_of_every_kind_train(name, data, metapaths):
    method, history = trained(name, data, metapaths=metapaths)
    assert torch.tensor(history.losses).isfinite().all()
    assert method.embed(data).isfinite().all()
    assert all(p.isfinite().all() for p in method.parameters())


@pytest.mark.parametrize("name", LEARNS_ROWS)
def test_types_without_features_get_rows_that_are_learned(name, data):
    bare = make_heterogeneous(features=False)
    method, history = trained(name, bare)
    assert torch.tensor(history.losses).isfinite().all()
    other = make_heterogeneous(num_papers=15, features=False)
    with pytest.raises(ValueError, match=r"data\['paper'\] has 15 nodes; .* built for 14"):
        method.embed(other)
    with pytest.raises(ValueError, match=r"has . columns; .* built for no features"):
        method.embed(data)


@pytest.mark.parametrize("name", NAMES)
def test_other_graphs_of_the_same_kind_are_embedded(name, data):
    method, _ = trained(name, data)
    assert method.embed(make_heterogeneous(num_papers=20, seed=3)).shape[0] == 20


@pytest.mark.parametrize("name", ONLY)
def test_graphs_without_types_are_refused(name, data):
    graph = Data(x=torch.ones(2, 6), edge_index=torch.tensor([[0], [1]]))
    message = f"{name} embeds one type of the nodes of a HeteroData, got a graph without types"
    with pytest.raises(ValueError, match=message):
        create_method(name, graph)
    method, _ = small(name, data)
    with pytest.raises(ValueError, match="embeds one type of the nodes of a HeteroData"):
        method.embed(graph)


@pytest.mark.parametrize("name", NAMES)
def test_target_and_metapaths_are_asked_for(name, data):
    with pytest.raises(ValueError, match=f"{name} needs target, such as target='paper'"):
        create_method(name, data)
    with pytest.raises(ValueError, match=f"{name} needs metapaths, such as"):
        create_method(name, data, target="paper")
    with pytest.raises(ValueError, match="unknown target type 'papers'; did you mean 'paper'"):
        small(name, data, target="papers")
    with pytest.raises(ValueError, match="must begin and end at the target type 'author'"):
        small(name, data, target="author")
    with pytest.raises(TypeError, match="metapaths must be a list of meta-paths"):
        small(name, data, metapaths="paper-author-paper")
    with pytest.raises(ValueError, match="paper-author-paper is given twice"):
        small(name, data, metapaths=METAPATHS[:1] * 2)


@pytest.mark.parametrize("name", NAMES)
def test_repr_shows_target_and_metapaths(name, data):
    text = repr(small(name, data)[0])
    assert "target='paper'" in text
    assert "'rev_by'" in text
