"""Methods written to a file and read again."""

import functools
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from graphcl.graph_files import FeatureScaling
from graphcl.methods import (
    Grace,
    Method,
    create_method,
    get_method,
    load_method,
    method_names,
    registered_name,
    save_method,
)
from graphcl.methods.saving import load_saved_method
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph

HOMOGENEOUS = [name for name in method_names() if not get_method(name).cls.heterogeneous]


@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_what_comes_back_embeds_alike(name, graph, tmp_path: Path) -> None:
    small = {"width": 8, "hidden": (8,), "pretrain_epochs": 1}
    allowed = get_method(name).parameter_names()
    small = {key: value for key, value in small.items() if key in allowed}
    data = graph if "node" in get_method(name).levels else [graph, make_graph(seed=1)]
    method, settings = create_method(name, data, seed=0, **small)
    if method.trained:
        fit(method, data, settings=TrainingSettings(epochs=2))
    path = save_method(tmp_path / "m.pt", method, settings=settings)
    again = load_method(path)
    assert type(again) is type(method)
    assert again.configuration == method.configuration
    assert not again.training
    assert torch.equal(again.embed(data), method.embed(data))
    assert registered_name(again) == name
    assert load_method(path).state_dict().keys() == method.state_dict().keys()


def test_the_file_is_plain_and_complete(tmp_path: Path) -> None:
    settings = TrainingSettings(epochs=7, steps=3)
    path = save_method(tmp_path / "m.pt", Grace(3, width=4), settings=settings)
    content = torch.load(path, weights_only=True)
    assert content["method"] == "grace"
    assert content["version"] == Grace.version
    assert content["training"] == asdict(settings)
    assert content["configuration"]["drop_edges"] == (0.2, 0.4)
    assert content["graphcl"]


def test_the_whole_record(tmp_path: Path) -> None:
    settings = TrainingSettings(epochs=7, steps=3)
    features = FeatureScaling.standard(torch.tensor([[1.0, 2, 3], [3, 2, 0]]), ("a", "b", "c"))
    path = save_method(tmp_path / "m.pt", Grace(3, width=4), settings=settings, features=features)
    saved = load_saved_method(path)
    assert saved.settings == settings
    assert saved.features is not None
    assert saved.features.names == ("a", "b", "c")
    assert torch.equal(saved.features.mean, features.mean)
    assert torch.equal(saved.features.deviation, features.deviation)
    bare = load_saved_method(save_method(tmp_path / "m.pt", Grace(3, width=4)))
    assert (bare.settings, bare.features) == (None, None)
    names = FeatureScaling(("a", "b", "c"))  # known columns, not scaled
    save_method(path, Grace(3, width=4), features=names)
    assert load_saved_method(path).features.mean is None
    with pytest.raises(ValueError, match="features have 3 columns, the method takes 4"):
        save_method(path, Grace(4, width=4), features=names)


def test_the_same_method_gives_the_same_bytes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    method = Grace(3, width=4)
    first = save_method(tmp_path / "a.pt", method).read_bytes()
    assert save_method(tmp_path / "other-name.pt", method).read_bytes() == first


def test_buffers_and_extra_state_come_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Grace, "get_extra_state", lambda self: {"epoch": self.seen}, raising=False)
    monkeypatch.setattr(
        Grace, "set_extra_state", lambda self, state: setattr(self, "seen", state["epoch"]),
        raising=False,
    )  # fmt: skip
    monkeypatch.setattr(Grace, "seen", 0, raising=False)
    before = Grace.__init__

    @functools.wraps(before)
    def with_buffer(self, *arguments, **options) -> None:  # type: ignore[no-untyped-def]
        before(self, *arguments, **options)
        self.register_buffer("queue", torch.zeros(2))

    monkeypatch.setattr(Grace, "__init__", with_buffer)
    method = Grace(3, width=4)
    method.queue += 5
    method.seen = 9
    again = load_method(save_method(tmp_path / "m.pt", method))
    assert again.queue.tolist() == [5, 5]
    assert again.seen == 9


def changed(path: Path, **changes: object) -> Path:
    content = torch.load(path, weights_only=True)
    torch.save({**content, **changes}, path)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 99}, r"holds version 99 of grace, graphcl .* has version 1"),
        ({"method": "grail", "graphcl": "9.9"}, r"'grail', which .* \(it was written by graphcl 9"),
        ({"format": 2}, "has format 2, graphcl .* reads 3"),
        ({"kind": "a cake"}, "no method saved by graphcl: it is something else"),
        ({"state": {}}, "is damaged: .*Missing key"),
        ({"configuration": {"num_features": 3, "widht": 2}}, "is damaged: .*widht"),
        ({"configuration": None}, "is damaged: parts of it are missing"),
        (
            {"features": {"names": ("a",)}},
            "is damaged: features have 1 columns, the method takes 3",
        ),
        ({"features": {"colour": 1}}, "is damaged: .*colour"),
    ],
)
def test_other_contents_are_refused(changes, message: str, tmp_path: Path) -> None:
    path = save_method(tmp_path / "m.pt", Grace(3, width=4))
    with pytest.raises(ValueError, match=message):
        load_method(changed(path, **changes))


def test_other_files_are_refused(tmp_path: Path, graph) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_method(tmp_path / "m.pt")
    with pytest.raises(ValueError, match="is a folder"):
        load_method(tmp_path)
    path = save_method(tmp_path / "m.pt", Grace(6, width=4))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match="damaged or something else"):
        load_method(path)
    method = Grace(6, width=4)
    fit(method, graph, settings=TrainingSettings(epochs=1), checkpoint=tmp_path / "c.pt")
    with pytest.raises(ValueError, match="it is a checkpoint of a training"):
        load_method(tmp_path / "c.pt")


def test_what_cannot_be_loaded_again_is_not_saved(tmp_path: Path) -> None:
    class Mine(Method):
        def encode(self, data):  # type: ignore[no-untyped-def]
            return data.x

    with pytest.raises(ValueError, match="Mine is not in the registry"):
        save_method(tmp_path / "m.pt", Mine(3))
    with pytest.raises(TypeError, match="method must be a Method, got Linear"):
        save_method(tmp_path / "m.pt", torch.nn.Linear(2, 2))  # type: ignore[arg-type]
    method = Grace(3, width=4)
    method.configuration["function"] = print
    with pytest.raises(TypeError, match=r"configuration\['function'\] is a builtin_function"):
        save_method(tmp_path / "m.pt", method)
    with pytest.raises(ValueError, match="is a folder"):
        save_method(tmp_path, Grace(3, width=4))
    assert list(tmp_path.iterdir()) == []
