from __future__ import annotations

import signal
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch

from graphcl.datasets import load
from graphcl.methods import load_method
from tests.cli.support import graphcl, refused

QUICK = ("--epochs", "2", "--set", "width=8")


@pytest.fixture
def karate(tmp_path: Path) -> str:
    path = tmp_path / "karate.graphml"
    nx.write_graphml(nx.karate_club_graph(), path)
    return str(path)


@pytest.fixture
def people(tmp_path: Path) -> tuple[str, ...]:
    """A graph in CSV, as arguments."""
    nodes, edges = tmp_path / "people.csv", tmp_path / "friends.csv"
    nodes.write_text("id,age,height,team\nann,30,1.7,a\nbob,41,1.8,a\ncid,25,1.6,b\ndan,33,1.9,b\n")
    edges.write_text("source,target\nann,bob\ncid,dan\nbob,cid\n")
    return str(nodes), "--edges", str(edges)


def written(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def test_train_then_embed(karate: str, tmp_path: Path) -> None:
    model, rows = tmp_path / "m.pt", tmp_path / "z.csv"
    outcome = graphcl("train", karate, *QUICK, "--method", "grace", "-o", str(model))
    assert outcome.exit_code == 0, outcome.output
    text = outcome.stdout
    assert "karate.graphml: 34 nodes, 78 edges (undirected, weighted), 14 features" in text
    assert "14 were made from the edges" in text
    assert "grace: 2 epochs (2 steps) in" in text
    assert " → " in text
    assert f"written: {model}" in text
    assert load_method(model).configuration["width"] == 8
    assert load_method(model).configuration["normalize_features"] is False
    outcome = graphcl("embed", karate, "--model", str(model), "--output", str(rows))
    assert outcome.exit_code == 0, outcome.output
    assert "m.pt: grace" in outcome.stdout
    frame = written(rows)
    assert list(frame.columns) == ["id", *(f"z{i}" for i in range(8))]
    assert list(frame["id"]) == list(range(34))


def test_training_here_equals_the_model(karate: str, tmp_path: Path) -> None:
    for name in ("one.npy", "two.npy"):  # and the same command twice, the same file
        outcome = graphcl("embed", karate, *QUICK, "--seed", "3", "-o", str(tmp_path / name))
        assert outcome.exit_code == 0, outcome.output
    assert (tmp_path / "one.npy").read_bytes() == (tmp_path / "two.npy").read_bytes()
    assert (tmp_path / "one.ids.csv").read_text().splitlines()[:2] == ["id", "0"]
    for name in ("one.pt", "two.pt"):
        graphcl("train", karate, *QUICK, "--seed", "3", "-o", str(tmp_path / name))
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
    graphcl("embed", karate, "--model", str(tmp_path / "one.pt"), "-o", str(tmp_path / "three.npy"))
    assert (tmp_path / "three.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()


def test_cluster_with_labels(karate: str, tmp_path: Path) -> None:
    output = tmp_path / "c.csv"
    outcome = graphcl(
        "cluster", karate, "--method", "ssgc", "--n-clusters", "2", "--label", "club",
        "--output", str(output),
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.output
    assert "ssgc: nothing to train" in outcome.stdout
    assert "2 clusters, as asked for" in outcome.stdout
    assert "modularity 0.37" in outcome.stdout
    assert "ARI 0.88" in outcome.stdout
    assert "(compared with the labels, which nothing else has seen)" in outcome.stdout
    frame = written(output)
    assert list(frame.columns) == ["id", "cluster"]
    assert frame["cluster"].value_counts().is_monotonic_decreasing
    assert set(frame["cluster"]) == {0, 1}


def test_labels_never_change_the_clusters(karate: str, tmp_path: Path) -> None:
    for name, label in (("a.csv", ()), ("b.csv", ("--label", "club"))):
        outcome = graphcl("cluster", karate, *label, *QUICK, "-o", str(tmp_path / name))
        assert outcome.exit_code == 0, outcome.output
        assert "within 2 % of the best modularity (2: 0." in outcome.stdout
        assert ("ACC" in outcome.stdout) == bool(label)
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_csv_columns_are_scaled_unless_told_otherwise(
    people: tuple[str, ...], tmp_path: Path
) -> None:
    rows = tmp_path / "z.csv"
    command = ("embed", *people, "--method", "raw", "--output", str(rows))
    outcome = graphcl(*command)
    assert outcome.exit_code == 0, outcome.output
    assert "features: age, height; each scaled to mean 0 and variance 1" in outcome.stdout
    assert "column 'team' holds text ('a'): left out (write it as numbers" in outcome.stdout
    np.testing.assert_allclose(written(rows)[["z0", "z1"]].mean(), 0, atol=1e-6)
    outcome = graphcl(*command, "--keep-scales", "--label", "team")
    assert "2 classes of labels" in outcome.stdout
    assert list(written(rows)["z0"]) == [30, 41, 25, 33]
    assert list(written(rows)["id"]) == ["ann", "bob", "cid", "dan"]


def test_data_sets_by_name(tmp_path: Path) -> None:
    output = tmp_path / "z.parquet"
    outcome = graphcl("embed", "digits", "--method", "ssgc", "-o", str(output))
    assert outcome.exit_code == 0, outcome.output
    assert "digits: 1,797 nodes" in outcome.stdout
    assert "10 classes of labels" in outcome.stdout
    assert len(pd.read_parquet(output)) == 1797
    refused(
        graphcl("embed", "digits", "--label", "x", "-o", str(output)),
        "--label is for files, digits is a data set",
    )
    refused(
        graphcl("embed", "digits", "--method", "metapath-means", "-o", str(output)),
        "--method metapath-means is for heterogeneous graphs, not for single graphs with one type "
        "of nodes; for these there are raw, random-encoder, ssgc",
    )
    refused(
        graphcl("embed", "digits", "--method", "raw", "--set", "target=x", "-o", str(output)),
        "unknown parameter of raw 'target'",
    )
    refused(
        graphcl("embed", "digit-graphs", "--method", "grace", *QUICK, "-o", str(output)),
        "--method grace is for single graphs with one type of nodes, not for lists of graphs; for "
        "these there are raw, random-encoder, degree-statistics",
    )
    outcome = graphcl("embed", "digit-graphs", "--method", "raw", "-o", str(output))
    assert outcome.exit_code == 0, outcome.output


def test_a_list_of_graphs(tmp_path: Path) -> None:
    file, model, rows = (str(tmp_path / name) for name in ("graphs.pt", "model.pt", "rows.csv"))
    graphs, _ = load("digit-graphs")
    torch.save(graphs[:20], file)
    outcome = graphcl("train", file, *QUICK, "--batch-size", "8", "-o", model)
    assert outcome.exit_code == 0, outcome.output
    assert "mini-batches of 8 graphs" in outcome.stdout
    assert "graphcl: 2 epochs (6 steps)" in outcome.stdout
    outcome = graphcl("embed", file, "--model", model, "-o", rows)
    assert outcome.exit_code == 0, outcome.output
    assert len(pd.read_csv(rows)) == 20
    outcome = graphcl("cluster", file, *QUICK, "--batch-size", "0", "--n-clusters", "3", "-o", rows)
    assert outcome.exit_code == 0, outcome.output
    assert "mini-batches" not in outcome.stdout
    refused(
        graphcl("train", "digit-graphs", "--set", "order=first", "-o", model),
        "unknown parameter of graphcl 'order'",
    )


def test_mini_batches(karate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = str(tmp_path / "z.npy")
    outcome = graphcl("embed", karate, *QUICK, "--batch-size", "10", "-o", rows)
    assert outcome.exit_code == 0, outcome.output
    assert "mini-batches of 10 nodes and up to 10,10 of their neighbours" in outcome.stdout
    assert "2 epochs (8 steps)" in outcome.stdout
    monkeypatch.setattr("graphcl.cli.graph_method.LARGE", 30)
    monkeypatch.setattr("graphcl.cli.graph_method.BATCH", 8)
    monkeypatch.setattr("graphcl.cli.graph_method.BLOCK", 8)
    outcome = graphcl("embed", karate, "--set", "width=8", "--steps", "3", "-o", rows)
    assert outcome.exit_code == 0, outcome.output
    assert "as there are more than 30 nodes (--batch-size 0: all at once)" in outcome.stdout
    assert "(3 steps)" in outcome.stdout
    outcome = graphcl("embed", karate, *QUICK, "--batch-size", "0", "-o", rows)
    assert "mini-batches" not in outcome.stdout
    assert "(2 steps)" in outcome.stdout


def test_a_checkpoint_is_continued(karate: str, tmp_path: Path) -> None:
    state = tmp_path / "folder" / "state.pt"
    command = ("train", karate, *QUICK, "--checkpoint", str(state), "-o", str(tmp_path / "m.pt"))
    assert graphcl(*command).exit_code == 0
    assert state.exists()
    first = (tmp_path / "m.pt").read_bytes()
    assert graphcl(*command).exit_code == 0
    assert (tmp_path / "m.pt").read_bytes() == first
    refused(graphcl(*command, "--seed", "1"), "belongs to another run (seed")


def test_bad_options_are_named_before_anything_is_read(karate: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.graphml")  # the options are looked at first
    rows = ("-o", str(tmp_path / "z.csv"))
    for arguments, parts in (
        (("--method", "grac"), ("unknown method 'grac'; did you mean 'grace'",)),
        (("--set", "widht=8"), ("unknown parameter of grace 'widht'; did you mean 'width'",)),
        (("--set", "width"), ("--set takes KEY=VALUE, got 'width'",)),
        (("--device", "gpu"), ("device must be auto, cpu, cuda",)),
        (("--precision", "16"), ("precision must be one of 32-true",)),
        (("--seed", "-1"), ("seed must be from 0",)),
        (("--batch-size", "-1"), ("--batch-size must be at least 0, got -1",)),
        (("--batch-size", "1"), ("--batch-size must be 0 (all at once) or at least 2, got 1",)),
        (("--set", "width=big"), ("width must be a whole number, got 'big'",)),
        (("--set", "learning_rate=fast"), ("learning_rate must be a number, got 'fast'",)),
        (("--model", "m.pt", "--epochs", "0"), ("--model is trained already: --epochs",)),
        (("--num-neighbours", "a"), ("--num-neighbours must be whole numbers such as 10,10",)),
        (("--method", "ssgc", "--steps", "3"), ("ssgc is not trained: --steps does not",)),
        (("--model", "m.pt", "--method", "grace"), ("--model is trained already: --method",)),
        (("--epochs", "3", "--set", "epochs=2"), ("--epochs is given twice",)),
        (("-o", str(tmp_path / "z.xls")), ("unknown ending '.xls'",)),
        (("-o", str(tmp_path / "no" / "z.csv")), ("there is no folder",)),
    ):
        refused(graphcl("embed", missing, *rows, *arguments), *parts)
    for number in ("0", "-3", "two", "1.5"):
        outcome = graphcl("cluster", missing, *rows, "--n-clusters", number)
        refused(outcome, f"--n-clusters must be auto or a whole number from 1, got '{number}'")
    refused(graphcl("train", missing, "-o", str(tmp_path)), "is a folder")
    refused(graphcl("train", missing, "-o", str(tmp_path / "m.csv")), "a trained method is a .pt")
    refused(graphcl("embed", missing, *rows), "no such file")


def test_what_is_read_is_never_written_over(people: tuple[str, ...], tmp_path: Path) -> None:
    nodes, _, edges = people
    before = Path(nodes).read_text(), Path(edges).read_text()
    for file in (nodes, edges):
        for command in ("embed", "cluster"):
            refused(graphcl(command, *people, *QUICK, "-o", file), f"would replace {file}")
    model = str(tmp_path / "m.pt")
    refused(graphcl("train", model, "-o", model), "m.pt, which is needed")
    refused(graphcl("train", *people, "--checkpoint", model, "-o", model), "would replace")
    (tmp_path / "z.ids.csv").write_text("source,target\n1,2\n")
    ids = str(tmp_path / "z.ids.csv")
    refused(graphcl("embed", ids, "-o", str(tmp_path / "z.npy")), f"would replace {ids}")
    assert (Path(nodes).read_text(), Path(edges).read_text()) == before


@pytest.mark.parametrize(("nodes", "edges"), [(1, 0), (2, 0), (2, 1), (10, 0)])
@pytest.mark.parametrize("method", ["grace", "ssgc"])
def test_tiny_graphs(tmp_path: Path, nodes: int, edges: int, method: str) -> None:
    path, output = tmp_path / "g.gml", str(tmp_path / "c.csv")
    graph = nx.empty_graph(nodes)
    graph.add_edges_from([(0, 1)][:edges])
    nx.write_gml(graph, path)
    epochs = ("--epochs", "2") if method == "grace" else ()
    outcome = graphcl("cluster", str(path), "--method", method, *epochs, "-o", output)
    assert outcome.exit_code == 0, outcome.output
    assert f"{nodes} node{'s' * (nodes > 1)}, {edges} edge{'s' * (edges != 1)}" in outcome.stdout
    assert "1 cluster: all rows are alike" in outcome.stdout
    alone = method == "grace" and nodes == 1
    assert ("a single row has nothing to be compared with" in outcome.stdout) == alone
    assert f"({nodes} row{'s' * (nodes > 1)})" in outcome.stdout
    assert len(written(Path(output))) == nodes


def test_no_groups_is_said(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("source,target\n1,2\n1,3\n1,4\n1,5\n")  # a star has none
    outcome = graphcl("cluster", str(path), *QUICK, "-o", str(tmp_path / "c.csv"))
    assert outcome.exit_code == 0, outcome.output
    assert "none is above 0: no groups were found" in outcome.stdout


@pytest.mark.parametrize("kept", [True, False])
def test_interrupted_training_says_what_is_kept(
    karate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    from graphcl.methods import Grace

    state, model = tmp_path / "state.pt", tmp_path / "m.pt"
    command = ["train", karate, *QUICK, "--batch-size", "10", "-o", str(model)]
    undisturbed = graphcl(*command)
    assert undisturbed.exit_code == 0
    expected = model.read_bytes()
    model.unlink()
    command += ["--checkpoint", str(state)] * kept
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patched:

        def interrupt(self: Grace, epoch: int, data: object) -> None:
            if epoch == 1:
                signal.raise_signal(signal.SIGINT)

        patched.setattr(Grace, "before_epoch", interrupt)
        outcome = graphcl(*command)
    assert outcome.exit_code == 130
    said = (
        f"{state} holds the training up to its last save, the same command c"
        if kept
        else "nothing is kept (--checkpoint FILE would"
    )
    assert outcome.stderr.startswith("graphcl: interrupted; ")
    assert said in outcome.stderr
    assert signal.getsignal(signal.SIGINT) is before
    assert not model.exists()
    assert graphcl(*command).exit_code == 0
    assert model.read_bytes() == expected


def test_graphs_that_are_not_there(karate: str, tmp_path: Path) -> None:
    rows = ("-o", str(tmp_path / "z.csv"))
    refused(graphcl("embed", karate[:-1], *rows), "no such file; did you mean karate.graphml?")
    refused(graphcl("embed", "digitz", *rows), "no file and no data set is called 'digitz'; did")
    outcome = graphcl("cluster", karate, *rows, "--n-clusters", "35", *QUICK)
    assert outcome.exit_code == 2
    assert "--n-clusters 35: karate.graphml has 34 rows only" in outcome.stderr
    assert "epochs" not in outcome.stdout


def test_models_that_do_not_fit(karate: str, tmp_path: Path) -> None:
    model, rows = str(tmp_path / "m.pt"), ("-o", str(tmp_path / "z.csv"))
    refused(graphcl("embed", "missing.gml", "--model", model, *rows), "m.pt: no such file")
    graphcl("train", karate, *QUICK, "-o", model)
    outcome = graphcl("embed", "digits", "--model", model, *rows)
    assert outcome.exit_code == 2
    assert "digits: its features have width 32, those of the training 14" in outcome.stderr
    refused(graphcl("embed", model, *rows), "a trained method, no graph (give it by --model)")
    refused(graphcl("embed", karate, "--model", karate, *rows), "no method saved by graphcl")


def test_a_model_remembers_columns_and_scales(people: tuple[str, ...], tmp_path: Path) -> None:
    model, rows = str(tmp_path / "m.pt"), tmp_path / "z.csv"
    outcome = graphcl("train", *people, "--method", "raw", "-o", model)
    assert outcome.exit_code == 0, outcome.output
    (tmp_path / "new.csv").write_text("id,height,age\nann,1.7,30\nbob,1.8,82\ncid,2,5\ndan,2,6\n")
    command = ("embed", str(tmp_path / "new.csv"), *people[1:], "--model", model, "-o", str(rows))
    outcome = graphcl(*command)
    assert outcome.exit_code == 0, outcome.output
    assert "features: age, height; scaled by the means and deviations of the t" in outcome.stdout
    assert "columns put into the order of the training: age, height" in outcome.stdout
    new = written(rows)
    assert graphcl("embed", *people, "--model", model, "-o", str(rows)).exit_code == 0
    assert list(written(rows).loc[0]) == list(new.loc[0])  # Ann is as she was
    assert abs(new["z0"].mean()) > 0.1  # but not scaled by her new friends
    refused(graphcl(*command, "--keep-scales"), "--keep-scales does not go with it")
    (tmp_path / "new.csv").write_text("id,age,income\nann,30,1\nbob,4,1\ncid,2,5\ndan,2,6\n")
    refused(graphcl(*command), "new.csv", "(missing: height; not learned from: income)")
    refused(
        graphcl("embed", people[2], "--model", model, "-o", str(rows)),
        "structural features were made, those of the training are needed: age, height",
    )


def test_a_model_of_structural_features(people: tuple[str, ...], tmp_path: Path) -> None:
    model, rows = str(tmp_path / "m.pt"), tmp_path / "z.csv"
    graphcl("train", people[2], "--method", "raw", "-o", model)
    outcome = graphcl("embed", *people, "--model", model, "-o", str(rows))  # which has features
    assert outcome.exit_code == 0, outcome.output
    assert "structural features" in outcome.stdout
    assert written(rows).shape == (4, 15)
    refused(graphcl("embed", "digits", "--model", model, "-o", str(rows)), "digits: its features")


def test_settings_are_read_as_values(karate: str, tmp_path: Path) -> None:
    model = tmp_path / "m.pt"
    outcome = graphcl(
        "train", karate, *QUICK, "--set", "drop_edges=[0.1, 0.2]", "--set", "learning_rate=1e-2",
        "--set", "activation=prelu", "--set", "normalize-features=true", "-o", str(model),
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.output
    configuration = load_method(model).configuration
    assert configuration["drop_edges"] == (0.1, 0.2)
    assert configuration["normalize_features"] is True
    assert torch.load(model, weights_only=True)["training"]["learning_rate"] == 0.01


def test_parquet_without_pyarrow(
    karate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(path: object) -> None:
        raise ModuleNotFoundError('pyarrow is needed: pip install "graphcl[parquet]"')

    monkeypatch.setattr("graphcl.graph_files.check_output", without)
    outcome = graphcl("embed", karate, "-o", str(tmp_path / "z.parquet"))
    refused(outcome, 'pip install "graphcl[parquet]"')
