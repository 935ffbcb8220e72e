"""Classify graphs by their frozen embeddings, cross-validated."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphcl.arguments import check_seed, check_whole, unknown_name
from graphcl.evaluation.checks import check_embeddings, check_integers

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0)
FOLDS, INNER_FOLDS = 10, 5


@dataclass(frozen=True, eq=False)
class GraphClassification:
    """Accuracies of repeated cross-validation.

    Attributes:
        accuracies: `[seeds, folds]` fractions of test graphs that are right.
        strengths: `[seeds, folds]` the C that the training folds chose.
        mean: mean over all.
        std_over_seeds: sample standard deviation of the seeds' means, what most papers report;
            NaN for one seed.
        std_over_folds: standard deviation over the folds of a seed, mean over seeds: larger, and
            what some papers report (MVGRL).
    """

    accuracies: Tensor
    strengths: Tensor
    mean: float
    std_over_seeds: float
    std_over_folds: float


def graph_classification(
    embeddings: Tensor,
    labels: Tensor,
    *,
    classifier: str = "svc",
    seeds: int | Sequence[int] = 5,
    folds: int = FOLDS,
    inner_folds: int = INNER_FOLDS,
    standardize: bool = False,
) -> GraphClassification:
    """Score frozen graph embeddings by stratified cross-validation.

    For every seed the graphs are shuffled into folds of like class shares. On the other folds C is
    chosen from 10^-3, ..., 10^3 by an inner cross-validation, the classifier is fitted to them
    with that C, and the fold is scored: test labels choose nothing. This is the protocol of
    InfoGraph, GraphCL and SimGRACE, with seeded folds (theirs are not, so that no run of theirs can
    be repeated).

    Args:
        embeddings: `[B, d]`, frozen, finite.
        labels: class of each graph, `[B]`.
        classifier: "svc" (support vector machine, Gaussian kernel), "linear_svc" or "logistic".
        seeds: how many repetitions (seeds 0, 1, ...), or their seeds.
        folds: number of folds, 2 or more.
        inner_folds: number of inner folds, 2 or more.
        standardize: whether columns are brought to mean 0 and variance 1 by the training folds'
            statistics. The published protocol does not.

    Returns:
        The accuracies, with the spread over seeds and over folds apart.

    Raises:
        TypeError: embeddings that are not floating point, labels that are not integers, or numbers
            that are not whole.
        ValueError: wrong shapes, values that are not finite, an unknown classifier, less than two
            classes, or a class with fewer graphs than needed to be in every fold.

    Example:
        >>> rows = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
        >>> scores = graph_classification(rows, (rows[:, 0] > 0).long(), classifier="logistic",
        ...                               seeds=2, folds=3)
        >>> scores.accuracies.shape, scores.mean > 0.8
        (torch.Size([2, 3]), True)
    """
    if classifier not in CLASSIFIERS:
        raise ValueError(f"classifier: {unknown_name('classifier', classifier, CLASSIFIERS)}")
    rows = check_embeddings(embeddings, num_rows=len(labels)).double().numpy()
    classes = check_integers(labels, name="labels").numpy()
    numbers = range(check_whole("seeds", seeds, least=1)) if isinstance(seeds, int) else seeds
    chosen_seeds = [check_seed(seed) for seed in numbers]
    if not chosen_seeds:
        raise ValueError("seeds must be at least one, got none")
    check_whole("folds", folds, least=2)
    check_whole("inner_folds", inner_folds, least=2)
    check_folds(classes, folds, inner_folds)
    runs = [
        _cross_validate(rows, classes, classifier, seed, folds, inner_folds, standardize)
        for seed in chosen_seeds
    ]
    accuracies = torch.tensor([[score for score, _ in run] for run in runs], dtype=torch.float64)
    strengths = torch.tensor([[c for _, c in run] for run in runs], dtype=torch.float64)
    means = accuracies.mean(1)
    return GraphClassification(
        accuracies=accuracies,
        strengths=strengths,
        mean=float(means.mean()),
        std_over_seeds=float(means.std()) if len(means) > 1 else float("nan"),
        std_over_folds=float(accuracies.std(1).mean()),
    )


def check_folds(classes: Any, folds: int = FOLDS, inner_folds: int = INNER_FOLDS) -> None:
    """Raise ``ValueError`` where a class is too small to be in every fold."""
    names, sizes = np.unique(classes, return_counts=True)
    if len(names) < 2:
        raise ValueError(f"labels must have at least 2 classes, got only class {names[0]}")
    # of a class, at least size - ceil(size / folds) graphs are in the training folds
    smallest = int(sizes.min())
    if smallest < folds or smallest - -(-smallest // folds) < inner_folds:
        raise ValueError(
            f"class {names[sizes.argmin()]} has {smallest} graphs: too few for {folds} folds "
            f"with {inner_folds} inner folds"
        )


def _cross_validate(
    rows: Any,
    classes: Any,
    classifier: str,
    seed: int,
    folds: int,
    inner_folds: int,
    standardize: bool,
) -> list[tuple[float, float]]:
    """Test accuracy and chosen C of every fold."""
    from scipy.linalg import LinAlgWarning
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold

    def split(number: int, chosen: Any) -> Any:
        parts = StratifiedKFold(number, shuffle=True, random_state=seed)
        return parts.split(chosen, classes[chosen])

    def accuracies(train: Any, test: Any, strengths: Sequence[float]) -> list[float]:
        inputs = _inputs(rows[train], rows[test], classifier, standardize)
        models = [CLASSIFIERS[classifier](strength, seed) for strength in strengths]
        return [
            float(model.fit(inputs[0], classes[train]).score(inputs[1], classes[test]))
            for model in models
        ]

    everything, found = np.arange(len(rows)), []
    with warnings.catch_warnings():
        # the largest C of unscaled rows, which the search then hardly takes
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", LinAlgWarning)  # the solver says that it takes another way
        for train, test in split(folds, everything):
            inner = [
                accuracies(train[fitted], train[held], STRENGTHS)
                for fitted, held in split(inner_folds, train)
            ]
            chosen = STRENGTHS[int(np.mean(inner, axis=0).argmax())]
            found.append((accuracies(train, test, [chosen])[0], chosen))
    return found


def _inputs(train: Any, test: Any, classifier: str, standardize: bool) -> tuple[Any, Any]:
    """What a classifier is fitted to and scored on: rows, or their products with training rows.

    All C share the Gaussian kernel, and NumPy computes it several times faster than LIBSVM does.
    """
    from sklearn.metrics.pairwise import rbf_kernel
    from sklearn.preprocessing import StandardScaler

    if standardize:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    if classifier != "svc":
        return train, test
    variance = float(train.var())
    gamma = 1 / (train.shape[1] * variance) if variance > 0 else 1.0  # scikit-learn's "scale"
    return rbf_kernel(train, gamma=gamma), rbf_kernel(test, train, gamma=gamma)


def _svc(strength: float, seed: int) -> Any:
    from sklearn.svm import SVC

    return SVC(C=strength, kernel="precomputed", random_state=seed)


def _linear_svc(strength: float, seed: int) -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(C=strength, dual="auto", random_state=seed)


def _logistic(strength: float, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    # rows of sums are badly scaled: L-BFGS is slower and stops before it is there
    return LogisticRegression(C=strength, solver="newton-cholesky", random_state=seed)


CLASSIFIERS: dict[str, Callable[[float, int], Any]] = {
    "svc": _svc,
    "linear_svc": _linear_svc,
    "logistic": _logistic,
}
