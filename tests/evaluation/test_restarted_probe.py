"""The batched probe against single runs of the same recipe, written out with torch and sklearn."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score
from torch import Tensor

from graphcl.evaluation import (
    PROBE_SETTINGS,
    ProbeSettings,
    Split,
    probe_settings,
    restarted_probe,
)
from graphcl.evaluation.restarted_probe import _one_against_rest, initial_parameters


def classes(count: int = 240, noise: float = 1.0, num_classes: int = 3) -> tuple[Tensor, Tensor]:
    """Rows `[count, 8]` float64 around one centre a class."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(num_classes, (count,), generator=generator)
    rows = torch.eye(num_classes, 8)[labels]
    return (rows + noise * torch.randn(count, 8, generator=generator)).double(), labels


def thirds(count: int = 240) -> Split:
    train, validation, test = torch.arange(count).chunk(3)
    return Split(train=train, validation=validation, test=test, protocol="P-HET20")


def single_run(
    start: Tensor, rows: Tensor, labels: Tensor, split: Split, how: ProbeSettings
) -> tuple[float, float, float]:
    """One restart as the official code runs it: Macro-F1, Micro-F1 and AUC on the test rows."""
    layer = torch.nn.Linear(rows.size(1), len(start), dtype=rows.dtype)
    with torch.no_grad():
        layer.weight.copy_(start[:, :-1])
        layer.bias.copy_(start[:, -1])
    adam = torch.optim.Adam(layer.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay)
    validation: dict[str, list[float]] = {"macro": [], "micro": []}
    tests = []
    for _ in range(how.steps):
        adam.zero_grad()
        torch.nn.functional.cross_entropy(layer(rows[split.train]), labels[split.train]).backward()
        adam.step()
        with torch.no_grad():
            guess, truth = layer(rows[split.validation]).argmax(dim=1), labels[split.validation]
            tests.append(layer(rows[split.test]))
        validation["macro"].append(f1_score(truth, guess, average="macro"))
        validation["micro"].append(float((truth == guess).double().mean()))
    truth = labels[split.test]
    by_macro, by_micro = (tests[int(np.argmax(validation[name]))] for name in validation)
    chances = by_micro.softmax(dim=1).numpy()
    return (
        f1_score(truth, by_macro.argmax(dim=1), average="macro"),
        f1_score(truth, by_micro.argmax(dim=1), average="micro"),
        roc_auc_score(truth, chances, multi_class="ovr"),
    )


def test_fifty_restarts_at_once_are_fifty_single_runs() -> None:
    rows, labels = classes()
    how = ProbeSettings(learning_rate=0.1, weight_decay=0.1, steps=6)
    starts = initial_parameters(3, 8, 50, seed=7, dtype=rows.dtype)
    singles = np.array([single_run(start, rows, labels, thirds(), how) for start in starts])
    scores = restarted_probe(rows, labels, thirds(), settings=how, seed=7)
    for name, column in zip(("macro_f1", "micro_f1", "auc"), singles.T, strict=True):
        assert column.std() > 0  # the restarts differ, so this test sees them
        assert scores[name] == pytest.approx(column.mean(), abs=1e-12)
        assert scores[f"{name}_restart_std"] == pytest.approx(column.std(ddof=1), abs=1e-12)


def test_initial_weights_are_drawn_as_torch_draws_them() -> None:
    weights = initial_parameters(3, 8, 400, seed=0, dtype=torch.float32)
    assert weights.shape == (400, 3, 9)
    assert not weights[..., -1].any()
    bound = (6 / 11) ** 0.5
    assert bound * 0.99 < weights.abs().max() <= bound
    assert weights[..., :-1].std() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert len(weights.flatten(1).unique(dim=0)) == 400


def test_the_seed_fixes_every_restart() -> None:
    rows, labels = classes()
    first, again, other = (
        restarted_probe(rows, labels, thirds(), settings=ProbeSettings(steps=3), seed=seed)
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_float32_agrees_with_float64() -> None:
    rows, labels = classes(noise=0.4)
    wide = restarted_probe(rows, labels, thirds())
    narrow = restarted_probe(rows.float(), labels, thirds())
    for name in ("macro_f1", "micro_f1", "auc"):
        assert narrow[name] == pytest.approx(wide[name], abs=2e-3)


def test_test_labels_choose_nothing() -> None:
    """Other test labels change the scores on them only."""
    rows, labels = classes()
    split = thirds()
    changed = labels.clone()
    changed[split.test] = labels[split.test].roll(1)
    one, other = (
        restarted_probe(rows, y, split, settings=ProbeSettings(steps=20)) for y in (labels, changed)
    )
    for name in ("validation_macro_f1", "validation_micro_f1"):
        assert one[name] == other[name]
    assert one["macro_f1"] > other["macro_f1"]


def test_labels_may_have_gaps_and_unlabelled_rows() -> None:
    rows, labels = classes()
    split = thirds()
    expected = restarted_probe(rows, labels, split, settings=ProbeSettings(steps=5))
    gaps = torch.tensor([4, 9, 30])[labels]
    more = torch.cat([rows, rows[:3]])
    unlabelled = torch.cat([gaps, torch.tensor([-1, -1, -1])])
    assert restarted_probe(more, unlabelled, split, settings=ProbeSettings(steps=5)) == expected


def test_one_restart_has_no_spread() -> None:
    rows, labels = classes()
    scores = restarted_probe(rows, labels, thirds(), settings=ProbeSettings(restarts=1, steps=2))
    assert scores["auc_restart_std"] == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.integers(0, 1000), st.booleans())
def test_auc_is_that_of_scikit_learn(num_classes: int, seed: int, ties: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    truth = torch.cat([torch.arange(num_classes), torch.randint(num_classes, (30,))])
    logits = torch.randn(2, num_classes, len(truth), generator=generator).double()
    logits = logits.round() if ties else logits
    for restart, found in zip(logits, _one_against_rest(logits, truth), strict=True):
        chances = restart.softmax(dim=0).T.numpy()
        if num_classes == 2:
            expected = roc_auc_score(truth, chances[:, 1])
        else:
            expected = roc_auc_score(truth, chances, multi_class="ovr")
        assert float(found) == pytest.approx(expected, abs=1e-12)


def test_bad_input_is_refused() -> None:
    rows, labels = classes()
    split = thirds()
    none = split.train[:0]
    with pytest.raises(ValueError, match="the split has no validation rows"):
        restarted_probe(rows, labels, Split(split.train, none, split.test, "P-HET20"))
    with pytest.raises(ValueError, match="2 classes among the train rows, got only class 2"):
        restarted_probe(rows, labels.masked_fill(torch.arange(240) < 80, 2), split)
    with pytest.raises(ValueError, match="2 classes among the test rows, got only class 0"):
        restarted_probe(rows, labels.masked_fill(torch.arange(240) >= 160, 0), split)
    with pytest.raises(ValueError, match="the split's test rows include unlabelled ones"):
        restarted_probe(rows, labels.masked_fill(torch.arange(240) >= 239, -1), split)
    fast = ProbeSettings(learning_rate=1e10)
    with pytest.raises(ValueError, match="weights are no longer finite: are the embeddings too"):
        restarted_probe(rows.float() * 1e37, labels, split, settings=fast)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"learning_rate": 0}, ValueError, "learning_rate must be above 0, got 0"),
        ({"weight_decay": -1.0}, ValueError, "weight_decay must be at least 0, got -1.0"),
        ({"steps": 0}, ValueError, "steps must be at least 1, got 0"),
        ({"restarts": 1.5}, TypeError, "restarts must be a whole number, got 1.5"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
    ],
)
def test_bad_settings_are_refused(
    changes: dict[str, float], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ProbeSettings(**changes)  # type: ignore[arg-type]


def test_settings_are_those_of_the_papers() -> None:
    found = {name: (s.learning_rate, s.weight_decay) for name, s in PROBE_SETTINGS.items()}
    assert found == {
        "HeCo-ACM": (0.03, 0.0),
        "HeCo-DBLP": (0.01, 0.0),
        "HeCo-AMiner": (0.1, 8e-4),
        "HeCo-IMDB": (0.01, 0.0),
        "HeCo-Freebase": (0.01, 0.0),
    }
    assert all((s.steps, s.restarts) == (200, 50) for s in PROBE_SETTINGS.values())
    assert probe_settings("HECO-aminer") is PROBE_SETTINGS["HeCo-AMiner"]
    assert probe_settings(None) == probe_settings("unknown") == ProbeSettings()
