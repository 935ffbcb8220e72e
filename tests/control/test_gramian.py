"""Gramians against eigenvalues and SciPy, and the figures that mean nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.linalg import solve_continuous_lyapunov

from graphcl import control
from tests.golden.control import both
from tests.golden.harness import VECTORS, leaf, load_vectors

VECTOR = next(vector for vector in load_vectors(VECTORS) if vector.name == "gramian_metrics")
PATH = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])


@pytest.mark.parametrize("case", VECTOR.cases)
def test_the_gradient_of_a_finite_horizon(case: str) -> None:
    """One entry of the golden vector is off by 2.5e-7: here its tolerance is wider."""
    inputs = VECTOR.inputs(case)
    weights = leaf(inputs["w"])
    edges = torch.from_numpy(both(inputs["edges"]))
    made = control.controllability_gramian(
        edges,
        inputs["leaders"],
        system="laplacian",
        horizon=1.5,
        weights=weights.repeat(2),
        num_nodes=inputs["n"],
    )
    found = torch.autograd.grad(made.matrix.trace(), weights)[0].numpy()
    expected = VECTOR.expected(case)["full_trace__grad_w"]
    assert np.allclose(found, expected, rtol=1e-6, atol=1e-10)
    exact = exact_gradient(**inputs)
    assert np.allclose(found, exact, rtol=1e-10, atol=1e-13)


def exact_gradient(*, n: Any, edges: Any, leaders: Any, w: Any) -> Any:
    """By the divided differences of (e^{-2 λ T} - 1) / (-2 λ), in eigenvectors."""
    laplacian = np.zeros((n, n))
    for (i, j), weight in zip(edges, w, strict=True):
        laplacian[[i, j], [j, i]] -= weight
        laplacian[[i, j], [i, j]] += weight
    values, vectors = np.linalg.eigh(laplacian)
    node, weight = np.polynomial.legendre.leggauss(60)
    times, shares = (node + 1) * 0.75, weight * 0.75
    source = vectors[leaders].T @ vectors[leaders]
    # the derivative of tr e^{-2Lt} Q along dL is -2t int_0^1 tr(e^{-2Lts} dL e^{-2Lt(1-s)} Q)
    inner, inner_weight = (node + 1) / 2, weight / 2
    total = np.zeros((n, n))
    for time, share in zip(times, shares, strict=True):
        part = np.exp(-2 * time * np.outer(inner, values))
        rest = np.exp(-2 * time * np.outer(1 - inner, values))
        mixed = np.einsum("s,si,sj->ij", inner_weight, part, rest) * source
        total += -2 * time * share * mixed
    derivative = vectors @ total @ vectors.T
    i, j = edges.T
    return derivative[i, i] + derivative[j, j] - derivative[i, j] - derivative[j, i]


def test_the_infinite_horizon_is_that_of_lyapunov() -> None:
    generator = np.random.default_rng(0)
    pairs = np.array([(i, j) for i in range(9) for j in range(i) if generator.random() < 0.4])
    edges = both(np.concatenate([pairs, np.stack([np.arange(8), np.arange(1, 9)], 1)]))
    found = control.controllability_gramian(edges, [0, 3], system="leader_follower", num_nodes=9)
    adjacent = np.zeros((9, 9))
    np.add.at(adjacent, tuple(edges), 1)
    laplacian = np.diag(adjacent.sum(1)) - adjacent
    rest = found.nodes
    drive = adjacent[rest][:, [0, 3]]
    expected = solve_continuous_lyapunov(-laplacian[np.ix_(rest, rest)], -drive @ drive.T)
    assert np.allclose(found.matrix, expected, rtol=1e-10)


def test_no_reachable_follower() -> None:
    alone = control.controllability_gramian(PATH[:, :0], [1], system="leader_follower", num_nodes=3)
    assert alone.matrix.shape == (0, 0)
    assert {float(value) for value in vars(control.gramian_metrics(alone)).values()} == {0.0}
    for system, options in (("adjacency_discrete", {}), ("laplacian", {"horizon": 2.0})):
        matrix = control.controllability_gramian(
            PATH[:, :0], [1], system=system, num_nodes=3, **options
        ).matrix
        assert np.allclose(matrix, np.diag([0, options.get("horizon", 1.0), 0]))


def test_meaningless_figures_are_nan() -> None:
    nodes = 40
    line = both(np.stack([np.arange(nodes - 1), np.arange(1, nodes)], 1))
    made = control.controllability_gramian(line, [0], system="leader_follower", num_nodes=nodes)
    figures = control.gramian_metrics(made)
    assert figures.trace > 0
    for name in ("smallest", "rank", "log_det", "inverse_trace"):
        assert np.isnan(getattr(figures, name))
    assert np.isfinite(figures.regularised_log_det)


@pytest.mark.parametrize("metric", ["average", "average_continuous"])
def test_probes_estimate_the_exact_average(metric: str) -> None:
    generator = np.random.default_rng(1)
    pairs = np.unique(np.sort(generator.integers(0, 60, (150, 2)), axis=1), axis=0)
    edges = both(pairs[pairs[:, 0] != pairs[:, 1]])
    exact = control.node_controllability(edges, metric=metric, num_nodes=60)
    estimate = control.node_controllability(edges, metric=metric, num_nodes=60, probes=2000)
    assert np.allclose(exact, estimate, rtol=0.04)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"system": "laplacian"}, "finite horizon"),
        ({"system": "laplacian", "horizon": -1.0}, "above 0"),
        ({"system": "adjacency_discrete", "horizon": 1.0}, "goes by steps"),
        ({"system": "adjacency_continuous", "steps": 1}, "goes by a horizon"),
        ({"system": "laplace", "horizon": 1.0}, "did you mean 'laplacian'"),
        ({"system": "leader_follower", "weights": np.zeros(4)}, "above 0"),
        ({"system": "leader_follower", "weights": np.arange(1.0, 5.0)}, "both directions"),
        ({"system": "leader_follower", "weights": np.ones(3)}, r"shape \[4\]"),
    ],
)
def test_bad_input(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        control.controllability_gramian(PATH, [0], num_nodes=3, **options)
