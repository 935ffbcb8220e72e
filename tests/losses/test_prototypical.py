from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.clustering import Clustering, concentrations, kmeans
from graphcl.losses import PrototypicalLoss
from tests.losses.checking import assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=20)
@given(
    n=st.integers(1, 8), width=st.integers(1, 4), seed=st.integers(0, 100), given_phi=st.booleans()
)
def test_equals_the_formula_written_out(n: int, width: int, seed: int, given_phi: bool) -> None:
    (z,) = embeddings(n, seed=seed, width=width)
    generator = torch.Generator().manual_seed(seed)
    clusterings, phis, terms = [], [], []
    for size in (1, 3):
        assignment = torch.randint(size, (n,), generator=generator)
        centroids = torch.randn(size, width, generator=generator).double()
        phi = torch.rand(size, generator=generator).double() + 0.1
        clusterings.append(Clustering(assignment, centroids, 0.0))
        phis.append(phi)
        logits = unit(z) @ unit(centroids).T / (phi if given_phi else 0.7)
        terms.append(logits.exp().sum(1).log() - logits[torch.arange(n), assignment])
    reference = torch.stack(terms).mean()
    ours = PrototypicalLoss(0.7)(z, clusterings, phis if given_phi else None)
    assert_same(ours, reference, [z])
    each = PrototypicalLoss(0.7, reduction="none")(z, clusterings, phis if given_phi else None)
    torch.testing.assert_close(each.mean(), ours)
    total = PrototypicalLoss(0.7, reduction="sum")(z, clusterings, phis if given_phi else None)
    torch.testing.assert_close(each.sum(), total)


def test_graphs_of_a_batch_with_clusters_of_another_view() -> None:
    graphs, other = embeddings(12, 12)
    clusterings = [kmeans(unit(other).detach(), k, seed=k) for k in (2, 4)]
    phi = [concentrations(unit(other), c, temperature=0.4) for c in clusterings]
    finite_gradients(PrototypicalLoss()(graphs, clusterings, phi), [graphs])


def test_zero_rows_and_zero_centroids_are_defined() -> None:
    z = torch.zeros(3, 2, requires_grad=True)
    found = Clustering(torch.tensor([0, 1, 1]), torch.zeros(2, 2), 0.0)
    loss = PrototypicalLoss()(z, [found])
    (gradient,) = finite_gradients(loss, [z])
    assert float(loss.detach()) == pytest.approx(0.6931, abs=1e-4)
    assert not gradient.any()


@pytest.mark.parametrize(
    ("clusterings", "phi", "message"),
    [
        ([], None, "clusterings must hold at least one"),
        ([(4, 2)], [], "one tensor a clustering, 1, got 0"),
        ([(3, 2)], None, r"clusterings\[0\] must be of the 4 items .*got 3 items and width 2"),
        ([(4, 3)], None, r"clusterings\[0\] must be of the 4 items .*got 4 items and width 3"),
        ([(4, 2)], [torch.ones(2)], r"concentrations\[0\] must have shape \[1\], got \[2\]"),
        ([(4, 2)], [torch.zeros(1)], r"concentrations\[0\] must be finite and above 0"),
    ],
)
def test_what_does_not_fit_is_refused(clusterings: Any, phi: Any, message: str) -> None:
    made = [Clustering(torch.zeros(n).long(), torch.ones(1, d), 0.0) for n, d in clusterings]
    with pytest.raises(ValueError, match=message):
        PrototypicalLoss()(torch.ones(4, 2), made, phi)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"temperature": 0}, ValueError, "temperature must be above 0"),
        ({"temperature": None}, TypeError, "temperature must be a number"),
        ({"reduction": "max"}, ValueError, "reduction must be one of mean, sum, none"),
    ],
)
def test_arguments_are_checked(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        PrototypicalLoss(**options)
