import pytest

from graphcl.methods import create_method, get_method, method_names, settings_source
from graphcl.training import TrainingSettings


def test_names_and_entries():
    nodes = ["raw", "random-encoder", "ssgc", "grace", "grace-neighbours", "control-grace"]
    nodes += ["gca", "progcl", "dcl", "ns4gc", "cca-ssg", "dgi", "bgrl", "gbt", "mvgrl"]
    nodes += ["scgc", "pamc", "pamc-gnn"]
    graphs = ["raw", "random-encoder", "degree-statistics", "weisfeiler-lehman", "ctrl"]
    graphs += ["mvgrl", "graphcl", "simgrace", "joao", "infograph", "control-gcl"]
    entries = [entry for entry in map(get_method, method_names()) if not entry.cls.heterogeneous]
    assert [entry.name for entry in entries if "node" in entry.levels] == nodes
    assert [entry.name for entry in entries if "graph" in entry.levels] == graphs
    for name in method_names():
        entry = get_method(name)
        assert entry.name == name
        assert entry.version >= 1
        assert entry.summary
        assert entry.levels <= {"node", "graph"}
        assert all(cls.cost for cls in entry.classes), "the catalogue of methods needs it"
    assert get_method("GRACE").name == "grace"


def test_one_name_for_nodes_and_for_graphs(graph):
    entry = get_method("mvgrl")
    assert entry.kinds == {"node", "graph"}
    nodes, settings = create_method("mvgrl", graph, width=4)
    assert (type(nodes).__name__, settings.batch_size, settings.epochs) == ("MVGRL", None, 3000)
    graphs, settings = create_method("mvgrl", [graph, graph], width=4)
    assert (type(graphs).__name__, settings.batch_size) == ("MVGRLGraphs", 128)
    assert "layers" in entry.parameter_names("graph")
    assert "layers" not in entry.parameter_names("node")
    with pytest.raises(ValueError, match="mvgrl embeds graphs with one type of nodes and edges"):
        entry.class_for("heterogeneous")
    with pytest.raises(ValueError, match="heco embeds one type of the nodes of a HeteroData"):
        get_method("heco").class_for("node")
    with pytest.raises(ValueError, match="grace works at node level, the data are a list"):
        get_method("grace").class_for("graph")


def test_unknown_method_suggests_the_nearest():
    with pytest.raises(ValueError, match="unknown method 'grase'; did you mean 'grace'"):
        get_method("grase")
    with pytest.raises(ValueError, match="Known: adameow, bgrl, cca-ssg, control-gcl"):
        get_method("zzz")


def test_unknown_parameter_names_the_allowed(graph):
    with pytest.raises(
        ValueError, match="unknown parameter of grace 'temprature'; did you mean 'temperature'"
    ):
        create_method("grace", graph, temprature=1)
    with pytest.raises(ValueError, match=r"parameter of ssgc 'epochs'.*Known: alpha, steps"):
        create_method("ssgc", graph, epochs=3)
    with pytest.raises(ValueError, match=r"unknown parameter of raw 'width'\. Known: none"):
        create_method("raw", graph, width=3)


def test_published_settings_of_cora(graph):
    method, settings = create_method("grace", graph, dataset="cora")
    assert settings == TrainingSettings(epochs=200, learning_rate=5e-4, weight_decay=1e-5)
    expected = {
        "num_features": 6,
        "width": 128,
        "projection_width": 128,
        "activation": "relu",
        "temperature": 0.4,
        "drop_edges": (0.2, 0.4),
        "mask_features": (0.3, 0.4),
        "undirected": False,
        "normalize_features": True,
        "loss": "nt-xent",
        "negatives": None,
    }
    assert method.configuration == expected
    assert "CRIPAC-DIG/GRACE" in settings_source("grace", "Cora")
    assert create_method("ssgc", graph, dataset="Cora")[0].steps == 12
    assert create_method("ssgc", graph, dataset="elsewhere")[0].steps == 16


def test_published_settings_of_grace_on_the_other_citation_graphs(graph):
    method, settings = create_method("grace", graph, dataset="PubMed")
    assert settings == TrainingSettings(epochs=1500, learning_rate=1e-3, weight_decay=1e-5)
    assert method.configuration["drop_edges"] == (0.4, 0.1)
    assert method.configuration["mask_features"] == (0.0, 0.2)
    method, settings = create_method("gca", graph, dataset="DBLP-citation")
    assert settings.epochs == 1000
    assert method.configuration["drop_edges"] == (0.1, 0.4)
    assert method.configuration["temperature"] == 0.7


def test_sources():
    row = "GRACE's row (the authors' configuration, CRIPAC-DIG/GRACE config.yaml)"
    assert settings_source("grace-neighbours", "Cora") == row
    assert settings_source("control-grace", "Cora") == row
    assert settings_source("dcl", "Cora").startswith(row)
    assert settings_source("grace", None) == "defaults of grace"
    assert settings_source("ssgc", "nothing known") == "defaults of ssgc"
    assert "fallback" in settings_source("grace", "Photo")
    assert "without labels" in settings_source("grace-neighbours", "digits")


def test_given_parameters_replace_published_ones(graph):
    method, settings = create_method(
        "grace-neighbours", graph, dataset="Cora", width=4, epochs=7, patience=3, hops=2
    )
    assert (settings.epochs, settings.patience, settings.learning_rate) == (7, 3, 5e-4)
    assert method.configuration["width"] == 4
    assert method.configuration["temperature"] == 0.4
    assert method.configuration["hops"] == 2


def test_steps_are_of_training_or_of_the_method(graph):
    assert create_method("grace", graph, steps=7)[1].steps == 7
    assert create_method("ssgc", graph, steps=7)[0].steps == 7


def test_broken_data_is_refused(graph):
    graph.edge_index[0, 0] = 99
    with pytest.raises(ValueError, match="edge_index"):
        create_method("raw", graph)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"temperature": 0}, ValueError, "temperature must be above 0, got 0"),
        ({"temperature": float("inf")}, ValueError, "temperature must be finite"),
        ({"temperature": "hot"}, TypeError, "temperature must be a number, got 'hot'"),
        ({"drop_edges": [0.1, 1.5]}, ValueError, "drop_edges must be from 0 to 1, got 1.5"),
        ({"drop_edges": [0.3]}, ValueError, "drop_edges must be one rate for both views or two"),
        ({"mask_features": [-0.1, 0]}, ValueError, "mask_features must be from 0 to 1, got -0.1"),
        ({"width": 0}, ValueError, "width must be at least 1, got 0"),
        ({"width": 2.5}, TypeError, "width must be a whole number, got 2.5"),
        ({"projection_width": 0}, ValueError, "projection_width must be at least 1, got 0"),
        ({"activation": "rely"}, ValueError, "unknown activation 'rely'; did you mean 'relu'"),
        ({"undirected": "no"}, TypeError, "undirected must be true or false, got 'no'"),
        ({"epochs": -1}, ValueError, "epochs must be at least 0, got -1"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be finite and above 0, got 0"),
        ({"patience": 0}, ValueError, "patience must be at least 1, got 0"),
        ({"steps": 0}, ValueError, "steps must be at least 1, got 0"),
        ({"seed": -1}, ValueError, "seed must be from 0 to 4294967295, got -1"),
        ({"seed": 1.5}, TypeError, "seed must be a whole number, got 1.5"),
        ({"hops": 0}, ValueError, "hops must be at least 1, got 0"),
    ],
)
def test_bad_values_are_named(graph, parameters, error, message):
    with pytest.raises(error, match=message):
        create_method("grace-neighbours", graph, **parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"steps": 0}, "steps must be at least 1"), ({"alpha": 2}, "alpha must be from 0 to 1")],
)
def test_bad_values_of_ssgc(graph, parameters, message):
    with pytest.raises(ValueError, match=message):
        create_method("ssgc", graph, **parameters)
