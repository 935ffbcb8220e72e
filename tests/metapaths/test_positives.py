"""HeCo's positives against plain loops."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphcl.contrast import Pairs
from graphcl.metapaths import metapath_positives, usual_positives


def paths(num_paths, size, seed, share=0.5):
    random = torch.Generator().manual_seed(seed)
    counts = torch.randint(1, 4, (num_paths, size, size), generator=random).float()
    return counts * (torch.rand(num_paths, size, size, generator=random) < share)


def csr(matrices):
    return [matrix.to_sparse_csr() for matrix in matrices]


def by_loops(matrices, keep, score):
    found = []
    for i in range(matrices.size(1)):
        scores = {}
        for j in range(matrices.size(1)):
            terms = [
                1 if score == "count" else 1 / int((matrix[i] > 0).sum())
                for matrix in matrices
                if matrix[i, j] > 0
            ]
            # as float32 has it, in the order of the paths: equal sets of paths are ties
            scores[j] = float(sum(torch.tensor(terms, dtype=torch.float32), torch.tensor(0.0)))
        others = [j for j in scores if j != i and scores[j] > 0]
        others.sort(key=lambda j: (-scores[j], j))
        found += [(i, j) for j in sorted([i, *others[: keep - 1]])]
    return found


@given(
    st.integers(1, 3),
    st.integers(1, 7),
    st.integers(1, 8),
    st.sampled_from(["degree", "count"]),
    st.integers(0, 99),
)
def test_positives_are_those_of_plain_loops(num_paths, size, keep, score, seed):
    matrices = paths(num_paths, size, seed)
    found = metapath_positives(csr(matrices), keep, score=score)
    assert [tuple(pair) for pair in found.T.tolist()] == by_loops(matrices, keep, score)
    pairs = Pairs(size, size, positive=found)
    assert pairs.num_positives().max() <= max(keep, 1)
    assert torch.equal(pairs.positive, found)


def test_the_two_scores_differ():
    few = torch.zeros(5, 5)
    few[0, 4] = 1  # one end: worth a whole point by degree
    many = torch.zeros(5, 5)
    many[0, 1:4] = 1
    other = many.clone()
    matrices = csr([few, many, other])
    assert metapath_positives(matrices, 2, score="degree")[1, :2].tolist() == [0, 4]
    assert metapath_positives(matrices, 2, score="count")[1, :2].tolist() == [0, 1]


def test_self_is_first_even_if_no_path_leads_there_and_ties_go_to_the_lower_index():
    complete = torch.ones(4, 4).fill_diagonal_(0)
    found = metapath_positives(csr([complete]), 2)
    assert found.T.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 2], [3, 0], [3, 3]]
    alone = metapath_positives(csr([torch.zeros(3, 3)]), 5)
    assert alone.tolist() == [[0, 1, 2], [0, 1, 2]]


def test_ties_at_random_and_all_of_them():
    complete = csr([torch.ones(6, 6)])
    assert metapath_positives(complete, 2, ties="all").size(1) == 36
    assert metapath_positives(complete, 1, ties="all").size(1) == 6
    first, again, other = (
        metapath_positives(complete, 3, ties="random", seed=seed) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == other.shape == (2, 18)


def test_the_relation_is_not_made_symmetric():
    star = torch.zeros(4, 4)
    star[0, 1:] = star[1:, 0] = 1
    found = metapath_positives(csr([star]), 2).T.tolist()
    assert [3, 0] in found
    assert [0, 3] not in found


def test_without_a_number_the_median_is_kept():
    reach = torch.eye(5)
    reach[0] = 1
    assert usual_positives(csr([reach])) == 1
    assert usual_positives(csr([torch.ones(5, 5), reach])) == 5
    assert usual_positives(csr([torch.ones(50, 50)])) == 32
    assert usual_positives(csr([torch.zeros(3, 3)])) == 1
    assert metapath_positives(csr([torch.ones(50, 50)]), None).size(1) == 50 * 32


@pytest.mark.parametrize("keep", [1, 2, None])
def test_no_nodes(keep):
    assert metapath_positives([torch.zeros(0, 0).to_sparse_csr()], keep).shape == (2, 0)


def test_explicit_zeros_lead_nowhere_and_the_input_stays():
    matrix = torch.tensor([[1.0, 2.0], [0.0, 1.0]]).to_sparse_csr()
    matrix.values()[1] = 0
    before = matrix.values().clone()
    assert metapath_positives([matrix], 2).tolist() == [[0, 1], [0, 1]]
    assert torch.equal(matrix.values(), before)


def test_bad_arguments_are_refused():
    eye = torch.eye(2).to_sparse_csr()
    with pytest.raises(ValueError, match="reached must have one matrix for each meta-path, got n"):
        metapath_positives([], 2)
    with pytest.raises(ValueError, match=r"matrices of one size, got sizes \[2, 3\]"):
        metapath_positives([eye, torch.eye(3).to_sparse_csr()], 2)
    with pytest.raises(ValueError, match="unknown score 'degre'; did you mean 'degree'"):
        metapath_positives([eye], 2, score="degre")
    with pytest.raises(ValueError, match="keep must be at least 1, got 0"):
        metapath_positives([eye], 0)
    with pytest.raises(ValueError, match="unknown ties 'last'"):
        metapath_positives([eye], 2, ties="last")
    with pytest.raises(TypeError, match="reached must be a torch sparse CSR tensor"):
        metapath_positives([torch.eye(2)], 2)
