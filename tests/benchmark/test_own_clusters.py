"""P-OWNCLU in the runner: own clusters, the best epoch, and a training that nobody disturbs."""

from __future__ import annotations

from typing import Any

import pytest

import graphcl.benchmark.following
from graphcl.benchmark import CellResult, Task, parse_suite, plan_cells
from graphcl.benchmark.cells import installed_fingerprint, parameters_of_card
from graphcl.benchmark.following import Following
from graphcl.benchmark.metrics import style_of
from graphcl.benchmark.worker import run_task
from graphcl.datasets import available
from graphcl.methods import Grace, PamC

TEXT = """\
name: tiny
datasets: [digits]
methods: [METHOD]
evaluations: [P-OWNCLU, P-CLU]
seeds: 1
"""
SMALL = "width: 4, hidden: [16], pretrain_epochs: 2, contrast_weight: 0.01"
PAMC = f"{{method: pamc, parameters: {{epochs: 4, {SMALL}}}}}"
GRACE = "{method: grace, parameters: {epochs: 3, width: 4}}"


@pytest.fixture(autouse=True)
def k_means_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphcl.benchmark.following, "EPOCHS_BETWEEN_K_MEANS", 2)


def results_of(method: str, protocols: str = "P-OWNCLU, P-CLU") -> dict[str, CellResult]:
    text = TEXT.replace("METHOD", method).replace("P-OWNCLU, P-CLU", protocols)
    found: list[Any] = []
    run_task(Task(tuple(plan_cells(parse_suite(text)))), found.append)
    results = [event for event in found if isinstance(event, CellResult)]
    assert all(result.done for result in results), results[0].details
    return {result.cell.protocol: result for result in results}


def test_own_clusters_and_k_means_are_two_protocols() -> None:
    both = results_of(PAMC)
    own, rows = both["P-OWNCLU"].metrics, both["P-CLU"].metrics
    assert own["acc"] != rows["acc"]
    assert own["acc_best_epoch"] >= own["acc"]
    assert own["nmi_best_epoch"] >= own["nmi"]
    assert 1 <= own["acc_best_epoch_at"] <= 4
    assert not any("best_epoch" in name for name in rows)
    assert both["P-OWNCLU"].settings["num_clusters"] == 10


@pytest.mark.parametrize("method", [PAMC, GRACE])
def test_following_changes_no_training(method: str) -> None:
    followed, alone = results_of(method)["P-CLU"], results_of(method, "P-CLU")["P-CLU"]
    assert followed.metrics == alone.metrics
    assert followed.cell.key == alone.cell.key


def test_a_method_without_clusters_is_followed_by_k_means_now_and_then() -> None:
    found = results_of(GRACE)
    own, rows = found["P-OWNCLU"].metrics, found["P-CLU"].metrics
    assert {name: own[name] for name in rows} == rows
    assert own["acc_best_epoch_at"] in (2, 3)


def test_there_is_no_best_epoch_without_epochs() -> None:
    assert not any("best" in name for name in results_of("raw")["P-OWNCLU"].metrics)


def test_following_costs_no_training_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def expensive(self: Following, epoch: int) -> None:
        self.seconds += 1000.0

    monkeypatch.setattr(Following, "after_epoch", expensive)
    seconds = results_of(PAMC)["P-OWNCLU"].seconds_training
    assert seconds is not None
    assert seconds < -3000


def test_the_number_of_classes_goes_to_methods_with_clusters_alone() -> None:
    card = next(card for card in available() if card.name == "Cora")
    assert parameters_of_card(card, PamC) == {"num_clusters": 7}
    assert parameters_of_card(card, Grace) == {}
    settings = installed_fingerprint("Cora", "pamc", {})["settings"]
    assert settings["num_clusters"] == 7
    assert (
        installed_fingerprint("Cora", "pamc", {"num_clusters": 9})["settings"]["num_clusters"] == 9
    )


@pytest.mark.parametrize("metric", ["acc_best_epoch", "nmi_best_epoch"])
def test_the_column_says_what_it_is_and_has_no_winner(metric: str) -> None:
    style = style_of(metric, "clustering")
    assert style.heading.endswith("best epoch (label-peeking)")
    assert (style.better, style.in_tables, style.in_plots) == (0, True, False)
