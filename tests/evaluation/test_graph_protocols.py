"""Protocols of whole graphs: cross-validation, and the scaffold split of molecules."""

from types import SimpleNamespace

import pytest
import torch
from torch_geometric.data import Data

from graphcl.evaluation import Split, evaluate, graph_classification, make_split, scaffold_probe


def graphs(count: int = 60, *, masks: bool = False) -> list[Data]:
    found = []
    for place in range(count):
        graph = Data(x=torch.ones(2, 1), y=torch.tensor([place % 2]))
        if masks:
            part = place * 3 // count
            for number, name in enumerate(("train", "val", "test")):
                graph[f"{name}_mask"] = torch.tensor([part == number])
        found.append(graph)
    return found


def rows(count: int = 60) -> torch.Tensor:
    noise = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    noise[:, 0] += 2.0 * (torch.arange(count) % 2)
    return noise


def test_cross_validation_keeps_the_spread_over_folds() -> None:
    data = graphs(62)
    for graph in data[:2]:  # unlabelled: left out
        graph.y[:] = -1
    found = evaluate("P-TU", rows(62), data, seed=3)
    expected = graph_classification(rows(62)[2:], torch.arange(60) % 2, seeds=[3])
    assert found == {
        "accuracy": expected.mean,
        "accuracy_fold_std": expected.std_over_folds,
    }
    split = make_split("P-TU", data, 3)
    assert len(split.test) == 60
    assert len(split.train) == 0


@pytest.mark.parametrize(
    ("protocol", "classifier"), [("P-TU-LINEAR", "linear_svc"), ("P-TU-LOGISTIC", "logistic")]
)
def test_the_classifiers_of_the_protocols(
    monkeypatch: pytest.MonkeyPatch, protocol: str, classifier: str
) -> None:
    asked: dict[str, object] = {}
    found = SimpleNamespace(mean=0.5, std_over_folds=0.1)

    def heard(*args: object, **options: object) -> SimpleNamespace:
        asked.update(options)
        return found

    monkeypatch.setattr("graphcl.evaluation.protocol_scores.graph_classification", heard)
    assert evaluate(protocol, rows(), graphs(), seed=3)["accuracy"] == 0.5
    assert asked == {"classifier": classifier, "seeds": [3]}


def test_what_cannot_be_cross_validated_is_known_at_once() -> None:
    with pytest.raises(ValueError, match="class 1 has 4 graphs: too few for 10 folds"):
        make_split("P-TU", graphs(9), 0)
    node_level = Data(x=torch.ones(40, 1), y=torch.arange(40) % 2)
    for protocol in ("P-TU", "P-SCAFFOLD"):
        with pytest.raises(ValueError, match=f"{protocol} is for a list of graphs"):
            make_split(protocol, node_level, 0)
    with pytest.raises(ValueError, match="P-SCAFFOLD needs train_mask with one entry in every"):
        make_split("P-SCAFFOLD", graphs(), 0)


def test_the_scaffold_split_is_that_of_the_graphs() -> None:
    data = graphs(masks=True)
    split = make_split("P-SCAFFOLD", data, seed=0)
    assert split.train.tolist() == list(range(20))
    assert split.test.tolist() == list(range(40, 60))
    found = evaluate("P-SCAFFOLD", rows(), data, seed=0)
    assert found == scaffold_probe(rows(), torch.arange(60) % 2, split)
    assert 0.8 < found["auc"] <= 1


def test_the_area_needs_both_labels_everywhere() -> None:
    part = torch.arange(60)
    split = Split(part[:20], validation=part[20:40], test=part[40:], protocol="P-SCAFFOLD")
    labels = torch.arange(60) % 2
    labels[20:40] = 1
    with pytest.raises(ValueError, match="labels 0 and 1, but the validation rows have 1"):
        scaffold_probe(rows(), labels, split)


def test_the_area_ignores_the_scale_of_columns_and_test_labels_choose_nothing() -> None:
    part = torch.arange(60)
    split = Split(part[:20], validation=part[20:40], test=part[40:], protocol="P-SCAFFOLD")
    labels = torch.arange(60) % 2
    found = scaffold_probe(rows(), labels, split)
    scaled = scaffold_probe(rows() * torch.tensor([1e3, 1.0, 1e-3]) + 7, labels, split)
    assert scaled["auc"] == pytest.approx(found["auc"], abs=0.02)
    swapped = labels.clone()
    swapped[40:] = 1 - swapped[40:]
    other = scaffold_probe(rows(), swapped, split)
    assert other["auc"] == pytest.approx(1 - found["auc"])
    assert other["validation_auc"] == found["validation_auc"]
