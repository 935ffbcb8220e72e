"""The linear probe: a logistic regression on frozen embeddings."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphcl.evaluation.checks import check_embeddings, check_integers, check_part
from graphcl.evaluation.protocols import Split

# Factors of 4 from 1/64 to 4096: on unit rows accuracy is flat at both ends of this range.
STRENGTHS = tuple(4.0**power for power in range(-3, 7))


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """A fitted probe.

    Attributes:
        inverse_regularisation: the chosen C (scikit-learn's: larger is less regularised).
        validation_accuracy: fraction of validation rows that are right under it.
        coefficients: `[C, d]` for the classes of the training rows.
        intercepts: `[C]`.
        classes: the class of each row of `coefficients`, `[C]`.
    """

    inverse_regularisation: float
    validation_accuracy: float
    coefficients: Tensor
    intercepts: Tensor
    classes: Tensor

    def predict(self, embeddings: Tensor) -> Tensor:
        """Classes `[N]` of embeddings `[N, d]`; the rows are normalised here."""
        rows = torch.nn.functional.normalize(check_embeddings(embeddings).double())
        scores = rows @ self.coefficients.T + self.intercepts
        return self.classes[scores.argmax(dim=1)]


def fit_linear_probe(
    embeddings: Tensor, labels: Tensor, split: Split, *, seed: int = 0
) -> LinearProbe:
    """Fit multinomial logistic regression on training rows, its strength chosen on validation.

    Rows are scaled to unit length. C runs over `4^-3 .. 4^6`; of equally good values the smallest
    (most regularised) is kept. The probe is not refitted on validation rows. Test rows' labels are
    not read.

    Args:
        embeddings: `[N, d]`, frozen, finite.
        labels: class of each row, `[N]`, non-negative where the split uses them.
        split: which rows train and validate.
        seed: scikit-learn's `random_state`; its solver (L-BFGS) draws nothing at random.

    Returns:
        The fitted probe.

    Raises:
        TypeError: embeddings that are not floating point or labels that are not integers.
        ValueError: wrong shapes, values that are not finite, rows of the split out of range, an
            empty or unlabelled part, or a single class among the training rows.

    Example:
        >>> data = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
        >>> rows = torch.arange(60)
        >>> split = Split(rows[:20], validation=rows[20:40], test=rows[40:], protocol="P-RND2")
        >>> probe = fit_linear_probe(data, (data[:, 0] > 0).long(), split)
        >>> probe.predict(data).shape
        torch.Size([60])
    """
    embeddings = check_embeddings(embeddings, num_rows=len(labels))
    labels = check_integers(labels, name="labels")
    check_part(split.train, labels, name="train")
    check_part(split.validation, labels, name="validation")
    train_labels = labels[split.train]
    classes = train_labels.unique()
    if len(classes) < 2:
        raise ValueError(
            f"the linear probe needs at least 2 classes among the {len(train_labels)} training "
            f"rows, got only class {int(classes[0])}"
        )
    rows = torch.nn.functional.normalize(embeddings.double())
    basis = _span(rows[split.train])
    train, validation = (rows[part] @ basis for part in (split.train, split.validation))
    best = _best_fit(
        train.numpy(),
        train_labels.numpy(),
        validation.numpy(),
        labels[split.validation].numpy(),
        seed=seed,
    )
    strength, accuracy, coefficients, intercepts = best
    return LinearProbe(
        inverse_regularisation=strength,
        validation_accuracy=accuracy,
        coefficients=torch.from_numpy(coefficients) @ basis.T,
        intercepts=torch.from_numpy(intercepts),
        classes=classes,
    )


def linear_probe(
    embeddings: Tensor, labels: Tensor, split: Split, *, seed: int = 0
) -> dict[str, float]:
    """Score embeddings by a linear probe; the test rows are read once, at the end.

    Args:
        embeddings: `[N, d]`, frozen, finite.
        labels: class of each row, `[N]`.
        split: which rows train, validate and test.
        seed: see `fit_linear_probe`.

    Returns:
        The fractions `accuracy` and `macro_f1` on the test rows, `validation_accuracy`. The mean of
        `macro_f1` runs over the classes that occur in the test rows; one that the training rows
        lack counts 0.

    Raises:
        TypeError: see `fit_linear_probe`.
        ValueError: see `fit_linear_probe`.

    Example:
        >>> data = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
        >>> rows = torch.arange(60)
        >>> split = Split(rows[:20], validation=rows[20:40], test=rows[40:], protocol="P-RND2")
        >>> sorted(linear_probe(data, (data[:, 0] > 0).long(), split))
        ['accuracy', 'macro_f1', 'validation_accuracy']
    """
    embeddings = check_embeddings(embeddings, num_rows=len(labels))
    labels = check_integers(labels, name="labels")
    check_part(split.test, labels, name="test")
    probe = fit_linear_probe(embeddings, labels, split, seed=seed)
    predicted = probe.predict(embeddings[split.test])
    truth = labels[split.test]
    from sklearn.metrics import f1_score

    macro_f1 = f1_score(truth, predicted, labels=truth.unique(), average="macro", zero_division=0)
    return {
        "accuracy": float((predicted == truth).double().mean()),
        "macro_f1": float(macro_f1),
        "validation_accuracy": probe.validation_accuracy,
    }


def _span(train: Tensor) -> Tensor:
    """An orthonormal basis `[d, r]` in which the fit is the same and has `r <= min(n, d)` columns.

    The penalised optimum lies in the span of the training rows, so wide features (Cora: 1433
    against 140 training rows) are fitted in that span, exactly and several times faster.
    """
    if train.size(0) >= train.size(1):
        return torch.eye(train.size(1), dtype=train.dtype)
    return torch.linalg.qr(train.T).Q


def _best_fit(
    train: NDArray[np.float64],
    train_labels: NDArray[np.int64],
    validation: NDArray[np.float64],
    validation_labels: NDArray[np.int64],
    *,
    seed: int,
) -> tuple[float, float, NDArray[np.float64], NDArray[np.float64]]:
    """C, its validation accuracy, coefficients, intercepts; each C starts from the one before."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(max_iter=1000, tol=1e-5, warm_start=True, random_state=seed)
    best: tuple[float, float, NDArray[np.float64], NDArray[np.float64]] | None = None
    with warnings.catch_warnings():
        # A fit that stops at 1000 steps is off by less than the grid's next value is away.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for strength in STRENGTHS:
            model.set_params(C=strength).fit(train, train_labels)
            accuracy = float((model.predict(validation) == validation_labels).mean())
            if best is None or accuracy > best[1]:
                best = strength, accuracy, model.coef_.copy(), model.intercept_.copy()
    assert best is not None
    strength, accuracy, coefficients, intercepts = best
    if len(coefficients) == 1:  # scikit-learn keeps one row for two classes: the second's score
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return strength, accuracy, coefficients, intercepts
