from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch_geometric.data import HeteroData

from graphcl.methods import load_method
from tests.cli.support import graphcl, refused

QUICK = ("--epochs", "2", "--set", "width=8")
BY_AUTHOR = ("paper", "by", "author")


def papers() -> HeteroData:
    """Papers with authors, venues and citations, and only citations can be gone back."""
    generator = torch.Generator().manual_seed(0)
    data = HeteroData()
    data["paper"].x = torch.rand(30, 4, generator=generator)
    data["paper"].y = torch.arange(30) % 3
    data["author"].num_nodes = 12
    data["venue"].num_nodes = 3
    authors = torch.randint(12, (60,), generator=generator)
    data[BY_AUTHOR].edge_index = torch.stack([torch.arange(60) % 30, authors])
    data["paper", "in", "venue"].edge_index = torch.stack([torch.arange(30), torch.arange(30) % 3])
    cited = torch.randint(30, (2, 50), generator=generator)
    data["paper", "cites", "paper"].edge_index = cited
    return data


def both_ways(data: HeteroData) -> HeteroData:
    for source, relation, end in data.edge_types:
        edges = data[source, relation, end].edge_index
        data[end, f"rev_{relation}", source].edge_index = edges.flip(0)
    return data


@pytest.fixture
def graph(tmp_path: Path) -> str:
    return saved(tmp_path, both_ways(papers()))


def saved(folder: Path, data: HeteroData, name: str = "papers.pt") -> str:
    torch.save(data, folder / name)
    return str(folder / name)


def test_train_then_embed(graph: str, tmp_path: Path) -> None:
    model, rows, same = tmp_path / "m.pt", tmp_path / "z.csv", tmp_path / "same.csv"
    command = ("--target", "paper", "--metapath", "paper-author-paper", *QUICK)
    command += ("--metapath", "paper-[cites]-paper-[rev_cites]-paper")
    outcome = graphcl("train", graph, *command, "-o", str(model))
    assert outcome.exit_code == 0, outcome.output
    text = outcome.stdout
    assert (
        "papers.pt: 30 paper (4 features, 3 classes of labels), 12 author (no features), " in text
    )
    assert "3 venue (no features); 6 relations (280 edges)" in text
    assert "target paper; meta-paths: paper-author-paper (≤ " in text
    assert "--metapath takes others" not in text
    assert "meow: 2 epochs (2 steps) in" in text
    method = load_method(model)
    assert method.configuration["target"] == "paper"
    assert method.configuration["width"] == 8
    outcome = graphcl("embed", graph, "--model", str(model), "-o", str(rows))
    assert outcome.exit_code == 0, outcome.output
    assert "paper-[cites]-paper-[rev_cites]-paper; as in training" in outcome.stdout
    assert "m.pt: meow" in outcome.stdout
    frame = pd.read_csv(rows)
    assert list(frame.columns) == ["id", *(f"z{i}" for i in range(8))]
    assert list(frame["id"]) == list(range(30))
    assert graphcl("embed", graph, *command, "-o", str(same)).exit_code == 0
    assert same.read_text() == rows.read_text()


def test_cluster_with_the_usual_meta_paths(graph: str, tmp_path: Path) -> None:
    output = tmp_path / "c.csv"
    command = ("--target", "paper", "--method", "metapath-means", "-o", str(output))
    outcome = graphcl("cluster", graph, *command, "--n-clusters", "3")
    assert outcome.exit_code == 0, outcome.output
    text = outcome.stdout
    assert "meta-paths: paper-author-paper (≤ " in text
    assert "paper-venue-paper (≤ 300 pairs), paper-[cites]-paper (≤ 49 pairs), paper-[rev" in text
    assert "; by default, there and back along each relation of paper" in text
    assert "of up to 4 steps, with types that read the same backwards: paper-[cites]-pap" in text
    assert "3 clusters, as asked for" in text
    assert "modularity" not in text
    assert "ACC " in text
    assert len(pd.read_csv(output)) == 30
    outcome = graphcl("cluster", graph, *command)
    assert outcome.exit_code == 0, outcome.output
    assert "of the best silhouette (2: " in outcome.stdout


def test_relations_are_turned_round_on_request_only(tmp_path: Path) -> None:
    graph, model, rows = saved(tmp_path, papers()), str(tmp_path / "m.pt"), str(tmp_path / "z.csv")
    command = ("train", graph, "--target", "paper", "--method", "raw", "-o", model)
    outcome = graphcl(*command)
    assert outcome.exit_code == 0, outcome.output
    assert "meta-paths: paper-paper (≤ 49 pairs); by default" in outcome.stdout
    assert "without a way back: paper-[by]-author, paper-[in]-venue; --add-rev" in outcome.stdout
    through = ("--metapath", "paper-author-paper")
    refused(graphcl(*command, *through), "only back: paper-[by]-author", "(here: --add-reverse)")
    outcome = graphcl(*command, *through, "--add-reverse")
    assert outcome.exit_code == 0, outcome.output
    assert "added: author-[rev_by]-paper, venue-[rev_in]-paper, paper-[rev" in outcome.stdout
    embedding = ("embed", graph, "--model", model, "-o", rows)
    outcome = graphcl(*embedding)
    assert outcome.exit_code == 2
    assert "--model does not fit papers.pt: RawTarget was built for edges" in outcome.stderr
    assert "--add-reverse adds relations called rev_..." in outcome.stderr
    outcome = graphcl(*embedding, "--add-reverse")
    assert outcome.exit_code == 0, outcome.output


def test_wrong_targets_and_meta_paths(graph: str, tmp_path: Path) -> None:
    command = ("embed", graph, "-o", str(tmp_path / "z.csv"))
    paper = ("--target", "paper")
    for arguments, parts in (
        ((), ("papers.pt is heterogeneous: --target says which", "of paper, author, venue")),
        (("--target", "papr"), ("--target: unknown node type 'papr'; did you mean 'paper'?",)),
        ((*paper, "--metapath", "paper-autor-paper"), ("type 'autor'; did you mean 'author'",)),
        ((*paper, "--metapath", "paper-author"), ("leads from paper to author; with --target",)),
        ((*paper, "--metapath", "author-paper-author"), ("from author to author; with --targ",)),
        (
            (*paper, "--metapath", "paper-paper"),
            ("several relations lead from", "cites"),
        ),
        (
            (*paper, *("--metapath", "paper-author-paper") * 2),
            ("paper-author-paper is given twi",),
        ),
        (
            (*paper, "--method", "grace"),
            ("--method grace is for single graphs", "meow"),
        ),
        ((*paper, "--set", "target=author"), ("--set target: --target says that",)),
        ((*paper, "--set", "widht=8"), ("unknown parameter of meow 'widht'; did you mean",)),
        (
            (*paper, "--standardize"),
            ("--standardize is for graphs with one type of nodes",),
        ),
        ((*paper, "--features", "structural"), ("features cannot be given",)),
        ((*paper, "--method", "heco", "--batch-size", "8"), ("heco takes all targets",)),
        ((*paper, "--batch-size", "8", "--set", "contrast_batch=8"), ("say the same",)),
        (("--target", "author", "--method", "raw"), ("raw is made of features",)),
        ((*paper, "--method", "raw", "--epochs", "2"), ("raw is not trained: --epochs",)),
    ):
        outcome = graphcl(*command, *arguments)
        assert outcome.exit_code == 2, (arguments, outcome.output)
        for part in parts:
            assert part in outcome.stderr, arguments
        assert "epoch" not in outcome.stdout
    refused(graphcl("train", graph, *paper, "-o", graph), "would replace")


def test_graphs_without_a_usual_choice(tmp_path: Path) -> None:
    rows = ("-o", str(tmp_path / "z.csv"))
    data = papers()
    del data["paper", "cites", "paper"]
    refused(
        graphcl("embed", saved(tmp_path, data), "--target", "paper", *rows),
        "no meta-path of up to 4 steps leads from paper back to paper; the relations are paper-[by",
        "--add-reverse adds",
    )
    data["author", "edits", "venue"].edge_index = torch.tensor([[0], [0]])
    data["venue", "prints", "paper"].edge_index = torch.tensor([[0], [0]])
    refused(
        graphcl("embed", saved(tmp_path, data), "--target", "author", *rows),
        "no meta-path of up to 4",
    )
    data["author", "writes", "venue"].edge_index = torch.tensor([[0], [0]])
    data["venue", "asks", "author"].edge_index = torch.tensor([[0], [1]])
    refused(
        graphcl("embed", saved(tmp_path, data), "--target", "author", *rows),
        "no single relation leads from author away and back; choose by --metapath, from author-[e",
    )
    for number in range(9):
        data["paper", f"relation{number}", "paper"].edge_index = torch.tensor([[0], [number]])
    refused(
        graphcl("embed", saved(tmp_path, data), "--target", "paper", *rows),
        "9 relations along which paper can be left and reached again, each of which would be a vi",
    )
    data["paper", "never", "paper"].edge_index = torch.empty(2, 0, dtype=torch.long)
    empty = ("--target", "paper", "--metapath", "paper-[never]-paper")
    refused(
        graphcl("embed", saved(tmp_path, data), *empty, *rows),
        "--metapath paper-[never]-paper: no node is joined by it",
    )


def test_one_type_of_nodes_with_hyphens_in_its_name(tmp_path: Path) -> None:
    data = HeteroData()
    data["sub-reddit"].x = torch.randn(9, 3)  # negative: no counts
    data["sub-reddit", "links", "sub-reddit"].edge_index = torch.randint(9, (2, 30))
    output = tmp_path / "z.csv"
    outcome = graphcl(
        "embed", saved(tmp_path, data), "--metapath", "sub-reddit,sub-reddit", *QUICK,
        "--batch-size", "5", "-o", str(output),
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.output
    assert "target sub-reddit; meta-paths: sub-reddit-sub-reddit" in outcome.stdout
    assert "features below 0 are no counts" in outcome.stdout
    assert "each step contrasts 5 targets" in outcome.stdout
    assert len(pd.read_csv(output)) == 9


def test_many_targets_are_contrasted_in_parts(
    graph: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphcl.cli.graph_method.LARGE", 20)
    monkeypatch.setattr("graphcl.cli.graph_method.BATCH", 6)
    command = ("embed", graph, "--target", "paper", *QUICK, "-o", str(tmp_path / "z.csv"))
    outcome = graphcl(*command)
    assert outcome.exit_code == 0, outcome.output
    assert "contrasts 6 targets, as there are more than 20 (--batch-size 0: all)" in outcome.stdout
    outcome = graphcl(*command, "--batch-size", "0")
    assert outcome.exit_code == 0, outcome.output
    assert "contrasts" not in outcome.stdout


def test_a_data_set_brings_target_and_meta_paths(tmp_path: Path) -> None:
    output = tmp_path / "z.npy"
    command = ("embed", "planted-heterogeneous", "--method", "metapath-means", "-o", str(output))
    outcome = graphcl(*command)
    assert outcome.exit_code == 0, outcome.output
    assert "target target; meta-paths: target-clean-target (≤ " in outcome.stdout
    assert "; those of the data set" in outcome.stdout
    assert len(pd.read_csv(tmp_path / "z.ids.csv")) == 1000
    outcome = graphcl(*command, "--metapath", "target-clean-target")
    assert outcome.exit_code == 0, outcome.output
    assert "those of the data set" not in outcome.stdout
    assert "go with its own target and meta-paths: defaults instead" in outcome.stdout


def test_models_and_graphs_of_another_kind(graph: str, tmp_path: Path) -> None:
    model, rows = str(tmp_path / "m.pt"), ("-o", str(tmp_path / "z.csv"))
    outcome = graphcl("train", graph, "--target", "paper", "--method", "raw", "-o", model)
    assert outcome.exit_code == 0, outcome.output
    (tmp_path / "edges.csv").write_text("source,target\n1,2\n2,3\n")
    edges = str(tmp_path / "edges.csv")
    refused_late = graphcl("embed", edges, "--model", model, *rows)
    assert "--model holds raw for heterogeneous graphs, edges.csv has one" in refused_late.stderr
    refused(
        graphcl("embed", graph, "--model", model, "--target", "author", *rows),
        "--model has the target and meta-paths of its training, not --target",
    )
    refused(
        graphcl("embed", edges, "--target", "paper", *rows),
        "--target is for heterogeneous graphs, edges.csv has one type of nodes and edges",
    )
    refused(
        graphcl("embed", "digits", "--metapath", "a-b-a", *rows),
        "--metapath is for heterogeneous graphs, digits has one type",
    )
    refused(graphcl("embed", edges, "--method", "heco", *rows), "--method heco is for heterogen")
    graphcl("train", edges, "--method", "raw", "-o", model)
    refused(
        graphcl("embed", graph, "--model", model, *rows),
        "--model holds raw for graphs with one type of nodes, papers.pt is heterogeneous",
    )


def test_other_methods(graph: str, tmp_path: Path) -> None:
    for method in ("heco", "adameow", "random-encoder"):
        epochs = ("--epochs", "2") if method != "random-encoder" else ()
        output = tmp_path / f"{method}.csv"
        outcome = graphcl(
            "cluster", graph, "--target", "paper", "--metapath", "paper-author-paper", "--method",
            method, *epochs, "--n-clusters", "2", "-o", str(output),
        )  # fmt: skip
        assert outcome.exit_code == 0, outcome.output
        assert len(pd.read_csv(output)) == 30
