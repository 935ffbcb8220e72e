"""Epochs where nobody published any: the fewest near the highest modularity in the table."""

from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

from graphcl.benchmark import ResultStore
from graphcl.methods import get_method, settings_source

RESULTS = Path(__file__).parents[2] / "benchmarks/results/fallback-epochs/results.jsonl"


@pytest.mark.parametrize("dataset", ["Cora", "CiteSeer"])
@pytest.mark.parametrize("name", ["gca", "gbt", "bgrl"])
def test_modularity_chooses(name: str, dataset: str) -> None:
    modularity = defaultdict(list)
    for result in ResultStore(RESULTS).read().values():
        if (result.cell.method, result.cell.dataset) == (name, dataset):
            modularity[result.epochs].append(result.metrics["modularity"])
    means = {epochs: fmean(values) for epochs, values in modularity.items()}
    near = [epochs for epochs, mean in means.items() if mean > max(means.values()) - 0.005]
    _, training = get_method(name).settings_for(dataset)
    assert len(means) > 1
    assert training.epochs == min(near)
    assert "chosen without labels" in settings_source(name, dataset)
