from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.augmentations.new_edges import choose_places
from graphcl.augmentations.randomness import RandomSource


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), min_size=1, max_size=6))
def test_as_many_places_as_wanted_are_chosen(groups: list[tuple[int, float]]) -> None:
    totals = torch.tensor([total for total, _ in groups])
    counts = torch.tensor([round(total * share) for total, share in groups])
    chosen = choose_places(totals, counts, RandomSource(seed=0))
    assert [int(part.sum()) for part in chosen.split(totals.tolist())] == counts.tolist()


def test_all_places_are_as_likely() -> None:
    totals, counts = torch.tensor([4000, 4000]), torch.tensor([1000, 3000])
    random = RandomSource(seed=0)
    often = torch.stack([choose_places(totals, counts, random) for _ in range(50)]).float().mean(0)
    assert abs(often[:2000].mean() - 0.25) < 0.01
    assert abs(often[2000:4000].mean() - 0.25) < 0.01
    assert 0.05 < often[:4000].std() < 0.07  # of 50 draws: 0.061
