"""The probe of HeCo and MEOW: a softmax layer trained by Adam, from many starts at once.

All restarts are one parameter tensor: Adam works entry by entry, so one optimiser on the stacked
weights, with the sum of the restarts' losses, takes the steps that each would take alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphcl.arguments import check_seed
from graphcl.evaluation.checks import check_embeddings, check_integers, check_part
from graphcl.evaluation.probe_settings import ProbeSettings
from graphcl.evaluation.protocols import Split
from graphcl.evaluation.restarts import over_restarts


@dataclass(frozen=True)
class _Chosen:
    """The parameters of each restart at the step that was best on validation by one score."""

    parameters: Tensor  # [R, C, d + 1], the bias last
    validation: Tensor  # [R]


def restarted_probe(
    embeddings: Tensor,
    labels: Tensor,
    split: Split,
    *,
    settings: ProbeSettings | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """Score embeddings by a softmax layer on the rows as they are, from many initial weights.

    Each restart draws weights uniformly (Glorot, biases 0) and takes Adam steps on the cross
    entropy of the training rows. It is scored on the test rows with the parameters after the first
    step that had the best validation Macro-F1, for Macro-F1, and the best validation Micro-F1, for
    Micro-F1 and AUC. Test rows are read once, for these two.

    Args:
        embeddings: `[N, d]`, frozen, finite; their scale matters and is left as it is.
        labels: class of each row, `[N]`, negative where unlabelled.
        split: which rows train, validate and test.
        settings: learning rate, decay, steps and restarts; default: those of `ProbeSettings`.
        seed: seed of the initial weights.

    Returns:
        The fractions `macro_f1`, `micro_f1` (which is the accuracy) and `auc` (each class against
        the rest, averaged), means over the restarts; the same names with `_restart_std`, their
        standard deviation over the restarts (0 for a single one); and `validation_macro_f1`,
        `validation_micro_f1`. Means over classes run over those that occur in the rows scored.

    Raises:
        TypeError: embeddings that are not floating point or labels that are not integers.
        ValueError: wrong shapes, values that are not finite, rows of the split out of range, an
            empty or unlabelled part, a single class among the training or the test rows, or weights
            that leave the range of floating point.

    Source:
        Wang et al., "Self-supervised heterogeneous graph neural network with co-contrastive
        learning", KDD 2021, section 5.2 and code; Yu and Li, MEOW, SDM 2023, code.

    Example:
        >>> data = torch.randn(90, 4, generator=torch.Generator().manual_seed(0))
        >>> rows = torch.arange(90)
        >>> split = Split(rows[:30], validation=rows[30:60], test=rows[60:], protocol="P-HET20")
        >>> scores = restarted_probe(data, (data[:, 0] > 0).long(), split)
        >>> scores["macro_f1"] > 0.8, scores["macro_f1_restart_std"] < 0.1
        (True, True)
    """
    settings = ProbeSettings() if settings is None else settings
    seed = check_seed(seed)
    embeddings = check_embeddings(embeddings, num_rows=len(labels))
    labels = check_integers(labels, name="labels")
    for name in ("train", "validation", "test"):
        check_part(getattr(split, name), labels, name=name)
    for name in ("train", "test"):
        found = labels[getattr(split, name)].unique()
        if len(found) < 2:
            raise ValueError(
                f"the probe needs at least 2 classes among the {name} rows, "
                f"got only class {int(found[0])}"
            )
    classes, known = labels[labels >= 0].unique(return_inverse=True)
    labels = labels.masked_scatter(labels >= 0, known)
    rows = torch.cat([embeddings, embeddings.new_ones(len(embeddings), 1)], dim=1)
    start = initial_parameters(
        len(classes), embeddings.size(1), settings.restarts, seed=seed, dtype=embeddings.dtype
    )
    by_macro, by_micro = _train(
        start,
        rows[split.train],
        labels[split.train],
        rows[split.validation],
        labels[split.validation],
        settings,
    )
    test, truth = rows[split.test], labels[split.test]
    macro_f1, _ = _f1(_predicted(_logits(by_macro.parameters, test)), truth, len(classes))
    logits = _logits(by_micro.parameters, test)
    _, micro_f1 = _f1(_predicted(logits), truth, len(classes))
    return {
        **over_restarts("macro_f1", macro_f1),
        **over_restarts("micro_f1", micro_f1),
        **over_restarts("auc", _one_against_rest(logits, truth)),
        "validation_macro_f1": float(by_macro.validation.mean()),
        "validation_micro_f1": float(by_micro.validation.mean()),
    }


def initial_parameters(
    num_classes: int, width: int, restarts: int, *, seed: int, dtype: torch.dtype
) -> Tensor:
    """Weights `[R, C, d]` uniform as Glorot and Bengio have them, beside biases of 0.

    Args:
        num_classes: C.
        width: d.
        restarts: R.
        seed: of the draw.
        dtype: of the result; the same numbers up to rounding whatever it is.

    Returns:
        `[R, C, d + 1]`, the bias last.
    """
    generator = torch.Generator().manual_seed(seed)
    bound = (6 / (width + num_classes)) ** 0.5
    uniform = torch.rand(restarts, num_classes, width, generator=generator)
    weights = (2 * uniform - 1).mul_(bound)
    return torch.cat([weights, torch.zeros(restarts, num_classes, 1)], dim=2).to(dtype)


def _train(
    start: Tensor,
    train: Tensor,
    train_labels: Tensor,
    validation: Tensor,
    validation_labels: Tensor,
    settings: ProbeSettings,
) -> tuple[_Chosen, _Chosen]:
    """Train all restarts; the best steps by validation Macro-F1 and by Micro-F1."""
    restarts, num_classes, _ = start.shape
    parameters = start.clone().requires_grad_()
    optimizer = torch.optim.Adam(
        [parameters], lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    targets = train_labels.expand(restarts, -1)
    chosen = [
        _Chosen(start.clone(), start.new_full((restarts,), -1.0, dtype=torch.float64))
        for _ in range(2)
    ]
    for _ in range(settings.steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            _logits(parameters, train), targets, reduction="sum"
        )
        (loss / len(train)).backward()
        optimizer.step()
        with torch.no_grad():
            predicted = _predicted(_logits(parameters, validation))
            for best, score in zip(
                chosen, _f1(predicted, validation_labels, num_classes), strict=True
            ):
                better = score > best.validation
                best.validation[better] = score[better]
                best.parameters[better] = parameters[better]
    if not torch.isfinite(parameters).all():
        raise ValueError(
            "the probe's weights are no longer finite: are the embeddings too large, or is the "
            f"learning rate {settings.learning_rate}?"
        )
    return chosen[0], chosen[1]


def _logits(parameters: Tensor, rows: Tensor) -> Tensor:
    """Scores `[R, C, n]` of rows `[n, d + 1]` under parameters `[R, C, d + 1]`."""
    return (parameters.flatten(0, 1) @ rows.T).unflatten(0, parameters.shape[:2])


def _predicted(logits: Tensor) -> Tensor:
    """The class `[R, n]` of the largest score `[R, C, n]`; `argmax` is 25 times slower here."""
    return logits.max(dim=1).indices


def _f1(predicted: Tensor, truth: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Macro-F1 and Micro-F1 of each restart, both `[R]` float64, of predictions `[R, n]`."""
    restarts = len(predicted)
    cells = num_classes * truth + predicted + num_classes**2 * torch.arange(restarts)[:, None]
    table = torch.bincount(cells.flatten(), minlength=restarts * num_classes**2)
    table = table.view(restarts, num_classes, num_classes).double()
    right, true, guessed = table.diagonal(dim1=1, dim2=2), table.sum(dim=2), table.sum(dim=1)
    occurs = true[0] > 0
    f1 = 2 * right[:, occurs] / (true + guessed)[:, occurs]
    return f1.mean(dim=1), right.sum(dim=1) / len(truth)


def _one_against_rest(logits: Tensor, truth: Tensor) -> Tensor:
    """Area under the ROC curve of each class against the rest, averaged, `[R]` float64.

    The share of (member, other) pairs in which the member has the larger probability, ties counted
    half: the statistic of Mann and Whitney, from ranks.
    """
    from scipy.stats import rankdata

    ranks = rankdata(logits.double().softmax(dim=1).numpy(), axis=2)
    areas = []
    for label in truth.unique().tolist():
        member = (truth == label).numpy()
        count = int(member.sum())
        above = ranks[:, label, member].sum(axis=1) - count * (count + 1) / 2
        areas.append(above / (count * (len(truth) - count)))
    return torch.from_numpy(np.mean(areas, axis=0))
