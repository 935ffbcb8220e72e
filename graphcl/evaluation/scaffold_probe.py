"""A classifier on the split that comes with molecules, scored by the area under the ROC curve."""

import warnings
from typing import Any

import numpy as np
from torch import Tensor

from graphcl.arguments import check_seed
from graphcl.evaluation.checks import check_embeddings, check_integers, check_part
from graphcl.evaluation.graph_classification import STRENGTHS
from graphcl.evaluation.protocols import Split


def scaffold_probe(
    embeddings: Tensor, labels: Tensor, split: Split, *, seed: int = 0
) -> dict[str, float]:
    """Score embeddings of two classes by logistic regression and the area under the ROC curve.

    Columns are brought to mean 0 and variance 1 by the training rows' statistics. C runs over
    `10^-3 .. 10^3` and is chosen by the validation rows' area; of equally good values the smallest
    is kept. The classifier is not refitted on validation rows. Test rows' labels are read once.

    Args:
        embeddings: `[B, d]`, frozen, finite.
        labels: class of each row, `[B]`, 0 or 1.
        split: which rows train, validate and test.
        seed: scikit-learn's `random_state`; its solver (L-BFGS) draws nothing at random.

    Returns:
        The fractions `auc` on the test rows and `validation_auc`.

    Raises:
        TypeError: embeddings that are not floating point or labels that are not integers.
        ValueError: wrong shapes, values that are not finite, labels other than 0 and 1, or a part
            of the split that does not have both.

    Source:
        Hu et al., "Open Graph Benchmark", NeurIPS 2020: split and measure.

    Example:
        >>> import torch
        >>> data = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
        >>> rows = torch.arange(60)
        >>> split = Split(rows[:20], validation=rows[20:40], test=rows[40:], protocol="P-SCAFFOLD")
        >>> scaffold_probe(data, (data[:, 0] > 0).long(), split)["auc"] > 0.9
        True
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    rows = check_embeddings(embeddings, num_rows=len(labels)).double().numpy()
    classes = check_integers(labels, name="labels")
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    for name, part in parts.items():
        check_part(part, classes, name=name)
        found = classes[part].unique().tolist()
        if found != [0, 1]:
            raise ValueError(
                f"the area under the ROC curve is for the labels 0 and 1, but the {name} rows have "
                f"{', '.join(map(str, found))}"
            )
    scaler = StandardScaler().fit(rows[split.train])
    inputs = {name: scaler.transform(rows[part]) for name, part in parts.items()}
    targets = {name: classes[part].numpy() for name, part in parts.items()}
    best: tuple[float, Any] = (-np.inf, None)
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=1000, random_state=check_seed(seed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the validation rows decide
            model.fit(inputs["train"], targets["train"])
        area = roc_auc_score(targets["validation"], model.decision_function(inputs["validation"]))
        if area > best[0]:
            best = (area, model)
    scores = best[1].decision_function(inputs["test"])
    return {
        "auc": float(roc_auc_score(targets["test"], scores)),
        "validation_auc": float(best[0]),
    }
