import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.methods import SSGC
from tests.methods.conftest import make_graph


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 9), st.integers(1, 20), st.floats(0, 1), st.integers(0, 99))
def test_equals_the_dense_formula(num_nodes, steps, alpha, seed):
    graph = make_graph(num_nodes=num_nodes, num_edges=2 * num_nodes, seed=seed)
    adjacency = torch.eye(num_nodes, dtype=torch.float64)
    adjacency[graph.edge_index[0], graph.edge_index[1]] = 1
    scale = adjacency.sum(1) ** -0.5
    step = scale[:, None] * adjacency * scale
    x = graph.x.double()
    smoothed = sum(torch.linalg.matrix_power(step, k) @ x for k in range(1, steps + 1))
    expected = alpha * x + (1 - alpha) / steps * smoothed
    found = SSGC(6, steps=steps, alpha=alpha).embed(graph)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
