import time
import warnings

import pytest
import torch
from torch import Tensor

from graphcl.evaluation import Split, fit_linear_probe, linear_probe


def sample(
    count: int = 300, *, classes: int = 4, width: int = 8, noise: float = 0.7
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(classes, (count,), generator=generator)
    centres = torch.randn(classes, width, generator=generator)
    return centres[labels] + noise * torch.randn(count, width, generator=generator), labels


def tenths(count: int) -> Split:
    rows, tenth = torch.arange(count), count // 10
    return Split(rows[:tenth], rows[tenth : 2 * tenth], rows[2 * tenth :], protocol="P-RND2")


def test_separable_rows_are_told_apart() -> None:
    embeddings, labels = sample(noise=0.01)
    scores = linear_probe(embeddings, labels, tenths(300))
    assert scores == {"accuracy": 1.0, "macro_f1": 1.0, "validation_accuracy": 1.0}


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("width", [8, 200])
def test_scores_equal_scikit_learn_at_the_chosen_strength(classes: int, width: int) -> None:
    """Wide rows are fitted in the span of the training rows: the optimum has to be the same."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    embeddings, labels = sample(classes=classes, width=width, noise=2.0)
    split = tenths(300)
    probe = fit_linear_probe(embeddings, labels, split)
    rows = torch.nn.functional.normalize(embeddings.double())
    peer = LogisticRegression(C=probe.inverse_regularisation, tol=1e-9, max_iter=10_000)
    peer.fit(rows[split.train], labels[split.train])
    scores = (rows @ probe.coefficients.T + probe.intercepts).softmax(1)
    expected = torch.from_numpy(peer.predict_proba(rows))
    torch.testing.assert_close(scores, expected, atol=5e-3, rtol=0)
    predicted = probe.predict(embeddings)
    assert (predicted.numpy() == peer.predict(rows)).mean() > 0.99
    found = linear_probe(embeddings, labels, split)
    truth, predicted = labels[split.test], predicted[split.test]
    assert found["accuracy"] == pytest.approx(float((truth == predicted).double().mean()))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["validation_accuracy"] == probe.validation_accuracy


def test_test_labels_change_neither_strength_nor_predictions() -> None:
    embeddings, labels = sample(noise=2.0)
    split = tenths(300)
    shuffled = labels.clone()
    shuffled[split.test] = labels[split.test].flip(0)
    before = fit_linear_probe(embeddings, labels, split)
    after = fit_linear_probe(embeddings, shuffled, split)
    assert before.inverse_regularisation == after.inverse_regularisation
    assert before.validation_accuracy == after.validation_accuracy
    assert torch.equal(before.coefficients, after.coefficients)
    assert torch.equal(before.predict(embeddings), after.predict(embeddings))


def test_test_rows_themselves_do_not_change_the_fit() -> None:
    embeddings, labels = sample(noise=2.0)
    split = tenths(300)
    moved = embeddings.clone()
    moved[split.test] = 17.0
    before, after = (fit_linear_probe(rows, labels, split) for rows in (embeddings, moved))
    assert torch.equal(before.coefficients, after.coefficients)


def test_validation_labels_choose_the_strength_but_do_not_train() -> None:
    embeddings, labels = sample(noise=2.0)
    split = tenths(300)
    wrong = labels.clone()
    wrong[split.validation] = (labels[split.validation] + 1) % 4
    first, second = (fit_linear_probe(embeddings, y, split) for y in (labels, wrong))
    assert first.inverse_regularisation != second.inverse_regularisation


def test_the_length_of_rows_does_not_matter() -> None:
    embeddings, labels = sample()
    scale = torch.rand(300, 1, generator=torch.Generator().manual_seed(1)) + 0.5
    split = tenths(300)
    assert linear_probe(embeddings, labels, split) == linear_probe(
        scale * embeddings, labels, split
    )


def test_a_class_without_a_training_row_counts_as_wrong() -> None:
    embeddings, labels = sample(noise=0.01)
    split = tenths(300)
    labels[split.train] = labels[split.train].clamp(max=2)
    scores = linear_probe(embeddings, labels, split)
    truth = labels[split.test]
    assert scores["accuracy"] == pytest.approx(float((truth < 3).double().mean()))
    assert scores["macro_f1"] < 0.76


def test_rows_of_zeros_and_constant_rows_are_defined() -> None:
    labels = sample()[1]
    for rows in (torch.zeros(300, 4), torch.ones(300, 4)):
        scores = linear_probe(rows, labels, tenths(300))
        assert 0.1 < scores["accuracy"] < 0.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_precision(dtype: torch.dtype) -> None:
    embeddings, labels = sample()
    rows = embeddings.to(dtype).requires_grad_()
    assert linear_probe(rows, labels, tenths(300))["accuracy"] > 0.8


def test_nothing_is_warned_about_and_it_is_quick() -> None:
    embeddings, labels = sample(2708, classes=7, width=1433, noise=8.0)
    rows = torch.arange(2708)
    split = Split(rows[:140], rows[140:640], rows[1708:], protocol="P-PUB")
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linear_probe(embeddings, labels, split)
    assert time.process_time() - start < 20  # 1 s on an idle core; this only catches a blow-up


def test_one_training_class_is_refused() -> None:
    embeddings, labels = sample()
    split = tenths(300)
    labels[split.train] = 2
    message = "at least 2 classes among the 30 training rows, got only class 2"
    with pytest.raises(ValueError, match=message):
        linear_probe(embeddings, labels, split)


def changed(split: Split, part: str, rows: Tensor) -> Split:
    parts = {name: getattr(split, name) for name in ("train", "validation", "test")}
    return Split(**(parts | {part: rows}), protocol=split.protocol)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_bad_parts_are_refused(part: str) -> None:
    embeddings, labels = sample(40)
    split = tenths(40)
    with pytest.raises(ValueError, match=f"the split has no {part} rows"):
        linear_probe(embeddings, labels, changed(split, part, torch.arange(0)))
    with pytest.raises(ValueError, match=f"split's {part} rows must be 0 .. 39, got 40 .. 41"):
        linear_probe(embeddings, labels, changed(split, part, torch.tensor([40, 41])))
    labels[getattr(split, part)] = -1
    with pytest.raises(ValueError, match=rf"split's {part} rows include unlabelled ones"):
        linear_probe(embeddings, labels, split)


def test_bad_embeddings_are_refused() -> None:
    embeddings, labels = sample(40)
    split = tenths(40)
    with pytest.raises(ValueError, match="embeddings have 39 rows for 40 labels"):
        linear_probe(embeddings[:39], labels, split)
    with pytest.raises(TypeError, match=r"must be a floating-point tensor, got torch.int64"):
        linear_probe(embeddings.long(), labels, split)
    with pytest.raises(ValueError, match=r"shape \[N, d\], none of them 0; got \[40, 0\]"):
        linear_probe(embeddings[:, :0], labels, split)
    embeddings[7, 1] = float("nan")
    embeddings[9, 0] = float("inf")
    with pytest.raises(ValueError, match="infinite values in 2 of 40 rows, the first in row 7"):
        linear_probe(embeddings, labels, split)
