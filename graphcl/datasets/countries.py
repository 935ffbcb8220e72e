"""A small real heterogeneous data set that needs no file: countries, languages and currencies."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib import resources

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

CONTINENTS = ("Africa", "Asia", "Europe", "North America", "Oceania", "South America")


def countries() -> HeteroData:
    """All inhabited countries; to be told from each other: the six inhabited continents.

    What people speak, pay with and border on says more or less about where they live. Of the pairs
    of countries that a meta-path joins, so many lie in one continent (of all pairs: 0.19):

    ===============================  =====  =====  ======================
    meta-path                        share  pairs  countries without pair
    ===============================  =====  =====  ======================
    country–language–country         0.23    9917                       2
    country–currency–country         0.62     834                     139
    country–country (borders)        0.96     323                      81
    ===============================  =====  =====  ======================

    The facts are those of GeoNames (https://www.geonames.org, CC BY 4.0), in `facts/countries.csv`,
    which `facts/make_countries.py` wrote and documents: left out are Antarctica with its islands,
    dissolved states, and what has no people, language or currency. A language is one without its
    region (en-GB is en).

    The six features of a country, each shifted and scaled to mean 0 and variance 1 over all
    countries: logarithm of the area (km²; less than one counts as one, the Vatican), of the
    population, of the density (their quotient, hence the difference of the logarithms: a linear
    model learns nothing from it, a distance does), number of languages, whether there are postal
    codes, length of the English name.

    Returns:
        `HeteroData` with the types

        - `"country"`: `x` `[244, 6]` float32, `y` `[244]` the continent (0 Africa, 1 Asia,
          2 Europe, 3 North America, 4 Oceania, 5 South America), and NumPy arrays of texts `[244]`:
          `code` (ISO 3166), `name` (English) and `continent`;
        - `"language"` and `"currency"`: `num_nodes` and `code` (ISO 639 and ISO 4217), no features;

        sorted by code; and the edge types `("country", "speaks", "language")`,
        `("country", "uses", "currency")`, their reverses `("language", "rev_speaks", "country")`
        and `("currency", "rev_uses", "country")`, and `("country", "borders", "country")` in both
        directions without self-loops; all sorted, without duplicates.

    Example:
        >>> data = countries()
        >>> data["country"].x.shape, data["language"].num_nodes, data["currency"].num_nodes
        (torch.Size([244, 6]), 280, 154)
        >>> str(data["country"].name[data["country"].code == "IS"][0])
        'Iceland'
    """
    rows = _rows()
    data = HeteroData()
    codes = [row["code"] for row in rows]
    data["country"].x = _features(rows)
    data["country"].y = torch.tensor([CONTINENTS.index(row["continent"]) for row in rows])
    # Arrays, not lists: PyG selects their entries along with the nodes in `data.subgraph`.
    data["country"].code = np.array(codes)
    data["country"].name = np.array([row["name"] for row in rows])
    data["country"].continent = np.array([row["continent"] for row in rows])
    for kind, relation, column in (
        ("language", "speaks", "languages"),
        ("currency", "uses", "currency"),
    ):
        of_country = [row[column].split() for row in rows]
        kinds = sorted({code for codes_of_one in of_country for code in codes_of_one})
        edge_index = _edges(of_country, kinds)
        data[kind].num_nodes = len(kinds)
        data[kind].code = np.array(kinds)
        data["country", relation, kind].edge_index = edge_index
        backwards = edge_index.flip(0)
        order = backwards[0].argsort(stable=True)
        data[kind, f"rev_{relation}", "country"].edge_index = backwards[:, order]
    data["country", "borders", "country"].edge_index = _edges(
        [row["neighbours"].split() for row in rows], codes
    )
    return data


def _rows() -> list[dict[str, str]]:
    file = resources.files("graphcl.datasets.facts") / "countries.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def _edges(ends: Sequence[Sequence[str]], codes: Sequence[str]) -> Tensor:
    """Edges from row i to the nodes with the codes `ends[i]`, sorted, `[2, E]`."""
    place = {code: index for index, code in enumerate(codes)}
    pairs = sorted((row, place[code]) for row, of_row in enumerate(ends) for code in of_row)
    return torch.tensor(pairs).T.contiguous()


def _features(rows: Sequence[dict[str, str]]) -> Tensor:
    area = np.array([max(float(row["area_km2"]), 1.0) for row in rows])
    population = np.array([float(row["population"]) for row in rows])
    columns = np.stack(
        [
            np.log(area),
            np.log(population),
            np.log(population / area),
            [len(row["languages"].split()) for row in rows],
            [float(row["has_postal_code"]) for row in rows],
            [len(row["name"]) for row in rows],
        ],
        axis=1,
    )
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    return torch.from_numpy(columns.astype(np.float32))
