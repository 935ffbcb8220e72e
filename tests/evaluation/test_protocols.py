import pytest
import torch
from torch_geometric.data import Data

from graphcl.evaluation import PROTOCOLS, Split, get_protocol, make_split


def planetoid(count: int = 40) -> Data:
    rows = torch.arange(count)
    return Data(
        x=torch.ones(count, 1),
        y=rows % 3,
        train_mask=rows < 6,
        val_mask=(rows >= 6) & (rows < 16),
        test_mask=rows >= 20,
    )


def test_ids_are_those_of_the_published_table() -> None:
    assert {id: protocol.task for id, protocol in PROTOCOLS.items()} == {
        "P-PUB": "probe",
        "P-RND2": "probe",
        "P-HET20": "restarted-probe",
        "P-HET40": "restarted-probe",
        "P-HET60": "restarted-probe",
        "P-TU": "cross-validation",
        "P-TU-LINEAR": "cross-validation",
        "P-TU-LOGISTIC": "cross-validation",
        "P-SCAFFOLD": "scaffold-probe",
        "P-CLU": "clustering",
        "P-OWNCLU": "clustering",
        "P-HETCLU": "clustering",
    }
    assert all(PROTOCOLS[id].id == id and PROTOCOLS[id].description for id in PROTOCOLS)


@pytest.mark.parametrize(
    ("given", "hint"),
    [("p-pub", "did you mean 'P-PUB'"), ("P-RND1", "did you mean 'P-RND2'"), ("CLU", "'P-CLU'")],
)
def test_unknown_ids_suggest_the_nearest(given: str, hint: str) -> None:
    with pytest.raises(ValueError, match=rf"unknown protocol '{given}'.*{hint}.*Known: P-CLU, "):
        get_protocol(given)
    with pytest.raises(ValueError, match=r"unknown protocol 'xyz'\. Known: P-CLU, P-HET20, "):
        make_split("xyz", planetoid(), 0)


def test_the_public_split_is_that_of_the_masks_whatever_the_seed() -> None:
    data = planetoid()
    split = make_split("P-PUB", data, seed=0)
    assert split.train.tolist() == list(range(6))
    assert split.validation.tolist() == list(range(6, 16))
    assert split.test.tolist() == list(range(20, 40))
    assert split.protocol == "P-PUB"
    assert make_split("P-PUB", data, seed=1).hash == split.hash


@pytest.mark.parametrize("count", [3, 4, 10, 19, 20, 1797, 2708])
def test_the_random_split_is_a_partition_in_tenths(count: int) -> None:
    split = make_split("P-RND2", planetoid(count), seed=5)
    tenth = max(1, count // 10)
    assert (len(split.train), len(split.validation)) == (tenth, tenth)
    every = torch.cat([split.train, split.validation, split.test])
    assert every.sort().values.tolist() == list(range(count))


def test_the_seed_fixes_the_random_split() -> None:
    data = planetoid()
    hashes = [make_split("P-RND2", data, seed=seed).hash for seed in (0, 0, 1, 2)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
    assert hashes[0] == "881fe6ffc35c"  # a changed split makes stored results incomparable


def test_the_hash_sees_which_part_an_index_is_in() -> None:
    rows = torch.arange(9)
    first = Split(train=rows[:3], validation=rows[3:6], test=rows[6:], protocol="P-RND2")
    second = Split(train=rows[:4], validation=rows[4:6], test=rows[6:], protocol="P-RND2")
    assert len(first.hash) == 12
    assert first.hash != second.hash


def test_splits_that_leak_or_are_masks_are_refused() -> None:
    rows = torch.arange(9)
    with pytest.raises(ValueError, match="must be disjoint: a row occurs twice"):
        Split(train=rows[:4], validation=rows[4:6], test=rows[3:], protocol="P-RND2")
    with pytest.raises(TypeError, match=r"test must be a vector of int64 .* torch.bool \[9\]"):
        Split(train=rows[:4], validation=rows[4:6], test=rows > 6, protocol="P-RND2")


def test_unlabelled_rows_are_in_no_part() -> None:
    data = planetoid()
    data.y[::2] = -1
    split = make_split("P-RND2", data, seed=0)
    every = torch.cat([split.train, split.validation, split.test])
    assert every.sort().values.tolist() == list(range(1, 40, 2))
    assert make_split("P-CLU", data, seed=0).test.tolist() == list(range(1, 40, 2))


def test_clustering_trains_on_nothing_and_scores_everything() -> None:
    split = make_split("P-CLU", planetoid(), seed=0)
    assert (len(split.train), len(split.validation), len(split.test)) == (0, 0, 40)


def test_lists_of_graphs_have_one_label_each() -> None:
    graphs = [Data(x=torch.ones(2, 1), y=torch.tensor([index % 2])) for index in range(20)]
    split = make_split("P-RND2", graphs, seed=0)
    assert len(split.test) == 16
    with pytest.raises(ValueError, match=r"P-PUB needs one graph with train_mask.* got a list"):
        make_split("P-PUB", graphs, seed=0)
    with pytest.raises(ValueError, match="data is an empty list of graphs"):
        make_split("P-RND2", [], seed=0)
    graphs[3].y = torch.tensor([0, 1])
    with pytest.raises(ValueError, match="graph 3 of data must have exactly one label in y"):
        make_split("P-RND2", graphs, seed=0)


def test_missing_masks_are_named() -> None:
    data = planetoid()
    del data.val_mask, data.test_mask
    message = "the data set has no val_mask, test_mask; use P-RND2"
    with pytest.raises(ValueError, match=message):
        make_split("P-PUB", data, seed=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_mask": torch.ones(40, 2).bool()}, r"train_mask as one bool .*; got torch.bool \["),
        ({"train_mask": torch.ones(40)}, r"train_mask as one bool per node.*got torch.float32"),
        ({"val_mask": torch.zeros(40).bool()}, "val_mask selects no node"),
        ({"val_mask": torch.ones(40).bool()}, "train_mask, val_mask, test_mask overlap"),
        ({"y": torch.arange(40) - 1}, "train_mask selects unlabelled nodes"),
        ({"y": None}, "data has no labels: y is missing"),
        ({"y": torch.zeros(40)}, "data.y must be an integer tensor, got torch.float32"),
        ({"y": torch.zeros(40, 2).long()}, r"data.y must have shape \[N\]"),
        ({"y": torch.zeros(7).long()}, "7 labels for 40 nodes; give graph-level data as a list"),
        ({"y": torch.full((40,), -1)}, "data.y has no label: every entry is negative"),
    ],
)
def test_bad_data_is_refused(changes: dict[str, torch.Tensor], message: str) -> None:
    data = planetoid()
    for name, value in changes.items():
        data[name] = value
    with pytest.raises((TypeError, ValueError), match=message):
        make_split("P-PUB", data, seed=0)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_rows_for_three_parts(count: int) -> None:
    with pytest.raises(ValueError, match=f"at least 3 labelled rows .*got {count}"):
        make_split("P-RND2", planetoid(count), seed=0)
