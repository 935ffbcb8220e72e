from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from graphcl.evaluation import graph_classification


def rows(count: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    values = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    noisy = values[:, 0] + torch.randn(count, generator=torch.Generator().manual_seed(1))
    return values, (noisy > 0).long()


def test_it_is_the_published_protocol_with_seeds() -> None:
    values, labels = rows()
    found = graph_classification(values, labels, seeds=[3], folds=4)
    inner, outer = (StratifiedKFold(k, shuffle=True, random_state=3) for k in (5, 4))
    grid = {"C": [10.0**power for power in range(-3, 4)]}
    search = GridSearchCV(SVC(random_state=3), grid, cv=inner)
    expected = cross_val_score(search, values.double().numpy(), labels.numpy(), cv=outer)
    assert np.allclose(found.accuracies[0], expected)
    assert math.isnan(found.std_over_seeds)


@pytest.mark.parametrize("classifier", ["svc", "linear_svc", "logistic"])
def test_classifiers_and_spreads(classifier: str) -> None:
    values, labels = rows()
    found = graph_classification(
        values * 100, labels, classifier=classifier, seeds=2, folds=3, standardize=True
    )
    assert found.accuracies.shape == found.strengths.shape == (2, 3)
    assert 0.6 < found.mean < 1
    assert found.mean == pytest.approx(float(found.accuracies.mean()))
    assert found.std_over_seeds == pytest.approx(float(found.accuracies.mean(1).std()))
    assert found.std_over_folds == pytest.approx(float(found.accuracies.std(1).mean()))
    again = graph_classification(
        values * 100, labels, classifier=classifier, seeds=2, folds=3, standardize=True
    )
    assert torch.equal(found.accuracies, again.accuracies)


def test_labels_of_test_folds_choose_nothing() -> None:
    """On labels at random, a choice by test accuracy would be better than chance."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(200, 8, generator=generator)
    labels = torch.randint(2, (200,), generator=generator)
    found = graph_classification(values, labels, classifier="logistic", seeds=3, folds=5)
    assert 0.4 < found.mean < 0.6


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classifier": "svm"}, ValueError, "did you mean 'svc'"),
        ({"folds": 1}, ValueError, "folds must be at least 2"),
        ({"seeds": 0}, ValueError, "seeds must be at least 1"),
        ({"seeds": []}, ValueError, "at least one, got none"),
        ({"seeds": [-1]}, ValueError, "seed must be"),
        ({"folds": 40}, ValueError, "too few for 40 folds"),
        ({"labels": torch.zeros(60, dtype=torch.int64)}, ValueError, "only class 0"),
        ({"labels": torch.zeros(60)}, TypeError, "integer tensor"),
        ({"embeddings": torch.full((60, 2), torch.nan)}, ValueError, "NaN"),
    ],
)
def test_bad_input(options: Any, error: type[Exception], message: str) -> None:
    values, labels = rows()
    with pytest.raises(error, match=message):
        graph_classification(
            options.pop("embeddings", values), options.pop("labels", labels), **options
        )


@pytest.mark.parametrize("classifier", ["svc", "linear_svc", "logistic"])
def test_as_scikit_learns_grid_search(classifier: str) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.svm import SVC, LinearSVC

    generator = torch.Generator().manual_seed(1)
    values = torch.randn(80, 4, generator=generator)
    labels = (values[:, 0] + torch.randn(80, generator=generator) > 0).long()
    found = graph_classification(
        values, labels, classifier=classifier, seeds=[3], folds=4, inner_folds=3
    )
    model = {
        "svc": SVC(),
        "linear_svc": LinearSVC(dual="auto", random_state=3),
        "logistic": LogisticRegression(max_iter=1000),
    }[classifier]
    rows, classes = values.double().numpy(), labels.numpy()
    folds = StratifiedKFold(4, shuffle=True, random_state=3).split(rows, classes)
    for number, (train, test) in enumerate(folds):
        search = GridSearchCV(
            model,
            {"C": [10.0**power for power in range(-3, 4)]},
            cv=StratifiedKFold(3, shuffle=True, random_state=3),
        ).fit(rows[train], classes[train])
        assert found.strengths[0, number] == search.best_params_["C"]
        assert found.accuracies[0, number] == pytest.approx(search.score(rows[test], classes[test]))
