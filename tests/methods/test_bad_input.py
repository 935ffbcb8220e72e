"""What every method refuses, and says so before any work is done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from graphcl.methods import (
    BGRL,
    CCASSG,
    MVGRL,
    Grace,
    GraphCL,
    InfoGraph,
    create_method,
    get_method,
    load_method,
    method_names,
    save_method,
)
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph

ENTRIES = {name: get_method(name) for name in method_names()}
CLASSES = {
    cls.__name__: cls
    for entry in ENTRIES.values()
    for cls in entry.classes
    if not cls.heterogeneous
}
WITH_TEMPERATURE = sorted(
    name
    for name, entry in ENTRIES.items()
    if "temperature" in entry.parameter_names() and not entry.cls.heterogeneous
)
CONTRASTED = ["graphcl", "simgrace", "joao", "control-gcl"]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_misspelt_argument_is_no_argument(name: str) -> None:
    with pytest.raises(TypeError, match="temprature"):
        CLASSES[name](3, temprature=0.5)


def test_the_message_names_the_nearest_argument() -> None:
    with pytest.raises(TypeError, match="BGRL: unknown argument 'undirectd'; did you mean 'undi"):
        BGRL(3, undirectd=True)


@pytest.mark.parametrize("name", WITH_TEMPERATURE)
@pytest.mark.parametrize(
    ("temperature", "error", "message"),
    [
        (0, ValueError, "temperature must be above 0, got 0"),
        ("x", TypeError, "temperature must be a number, got 'x'"),
    ],
)
def test_temperatures_are_above_zero(name: str, temperature: Any, error: Any, message: str) -> None:
    graph = make_graph()
    data = graph if "node" in ENTRIES[name].levels else [graph, graph]
    with pytest.raises(error, match=message):
        create_method(name, data, temperature=temperature)


@pytest.mark.parametrize("name", CONTRASTED)
def test_a_graph_needs_another_to_be_contrasted_with(name: str) -> None:
    graphs = [make_graph(seed=n) for n in range(3)]
    method, _ = create_method(name, graphs, seed=0, width=4)
    with pytest.raises(ValueError, match=r"data must be at least 2 graphs, .* got 1"):
        fit(method, graphs[:1], settings=TrainingSettings(epochs=1))
    with pytest.raises(ValueError, match="batch_size must be at least 2"):
        fit(method, graphs, settings=TrainingSettings(epochs=1, batch_size=1))


def test_a_single_node_cannot_be_normalised() -> None:
    lonely = Data(x=torch.ones(1, 3), edge_index=torch.empty(2, 0, dtype=torch.long))
    with pytest.raises(ValueError, match="x must have at least 2 nodes while training"):
        InfoGraph(3, width=4).loss([lonely])
    assert InfoGraph(3, width=4).embed([lonely]).isfinite().all()


@pytest.mark.parametrize("name", [n for n, e in ENTRIES.items() if "node" in e.kinds])
def test_sparse_features_are_refused(name: str) -> None:
    graph = make_graph()
    method, _ = create_method(name, graph, seed=0)
    graph.x = graph.x.to_sparse()
    with pytest.raises(ValueError, match=r"data\.x must be dense, got a torch\.sparse_coo tensor"):
        method.embed(graph)


def test_the_loss_of_a_method_may_be_a_mapping() -> None:
    assert isinstance(BGRL(3, loss={"name": "bootstrap"}).objective, type(BGRL(3).objective))
    with pytest.raises(ValueError, match="loss: bootstrap has no parameters, got symmetric"):
        BGRL(3, loss={"name": "bootstrap", "symmetric": True})
    own: Any = CCASSG(3, decorrelation=0.5, loss={"name": "canonical-correlation"}).objective
    assert own.loss.loss.decorrelation == 0.5


def test_augmentations_are_names() -> None:
    with pytest.raises(TypeError, match="augmentations must be names, got None"):
        GraphCL(3, augmentations=None)  # type: ignore[arg-type]


def test_a_low_threshold_sharpens_the_diffusion() -> None:
    assert MVGRL(3, top_k=None, threshold=1e-4).diffused.transform.epsilon == pytest.approx(1e-5)
    assert MVGRL(3).diffused.transform.epsilon == 1e-3


def test_numbers_of_numpy_are_numbers(tmp_path: Any) -> None:
    width: Any = np.int64(4)
    method = Grace(6, width=width, drop_edges=np.float32(0.5))
    assert method.configuration["drop_edges"] == (0.5, 0.5)
    save_method(tmp_path / "method.pt", CCASSG(6, width=width, decorrelation=np.float32(0.5)))
    assert load_method(tmp_path / "method.pt").configuration["decorrelation"] == 0.5


def test_half_precision_is_smoothed_in_single() -> None:
    graph = make_graph()
    method, _ = create_method("ssgc", graph)
    expected = method.embed(graph)
    graph.x = graph.x.half()
    torch.testing.assert_close(method.embed(graph), expected, rtol=1e-2, atol=1e-2)
