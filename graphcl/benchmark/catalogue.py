"""What a suite may name, and whether it names it rightly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphcl.arguments import unknown_name

if TYPE_CHECKING:
    from graphcl.benchmark.suite import MethodRow, Suite

# Protocols of the literature that graphcl does not run itself (node_level_results, table 1):
# a published figure may carry one of them and is then listed, never compared.
FOREIGN_PROTOCOLS: Mapping[str, str] = {
    "P-RND1": "random 10% train / 90% test, no validation set, C by cross-validation on train",
    "P-RND3": "random 20% train / 80% test, C by resplits of train",
    "P-RND4": "random 10/10/80, one split, probe tuned per data set",
    "P-RND5": "10% of each class train, everything else test, no validation set",
    "P-DGL": "the Cora of DGL in 2020, whose nodes are in another order than the public ones: the "
    "first 140 train, 201 to 500 validate, 501 to 1500 test",
    "P-OGB": "official time split of the Open Graph Benchmark",
    "P-AUTHCLU": "clustering as authors ran it for their own tables, with settings for each data "
    "set and an epoch of their choice (in the public code of PamC and SCGC: by the labels)",
}

Location = tuple[int | str, ...]
Problem = tuple[Location, str]


@dataclass(frozen=True)
class Catalogue:
    """Names that a suite may use.

    Attributes:
        methods: Method name -> kinds of data it works on: "node", "graph", "heterogeneous".
        datasets: Data set name -> its kind.
        protocols: Protocol id -> its task.
        parameters: Method name -> parameters it takes; a method that is not here takes any.
    """

    methods: Mapping[str, frozenset[str]]
    datasets: Mapping[str, str]
    protocols: Mapping[str, str]
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def installed(cls) -> Catalogue:
        """Everything that this installation knows."""
        from graphcl.datasets import available
        from graphcl.evaluation import PROTOCOLS
        from graphcl.methods import get_method, method_names

        entries = [get_method(name) for name in method_names()]
        return cls(
            methods={entry.name: entry.kinds for entry in entries},
            datasets={card.name: card.kind for card in available()},
            protocols={identifier: entry.task for identifier, entry in PROTOCOLS.items()},
            parameters={entry.name: entry.parameter_names() for entry in entries},
        )


def check_suite(suite: Suite, catalogue: Catalogue) -> list[Problem]:
    """Find what pydantic cannot know: unknown names, duplicates, rows that cannot run.

    Args:
        suite: The suite, of valid shape.
        catalogue: The names it may use.

    Returns:
        Problems in the order of the file, each with the place of the field.
    """
    return [
        *_check_datasets(suite, catalogue),
        *_check_methods(suite, catalogue),
        *_check_protocols(suite.evaluations, ("evaluations",), catalogue),
        *_duplicates(suite.seeds, ("seeds",), "seed"),
        *_check_literature(suite),
        *_check_published(suite, catalogue),
    ]


def _check_datasets(suite: Suite, catalogue: Catalogue) -> list[Problem]:
    problems: list[Problem] = []
    known = {name.lower(): name for name in catalogue.datasets}
    labels = {row.name: row for row in suite.methods}
    for i, entry in enumerate(suite.datasets):
        here: Location = ("datasets", i)
        if entry.name.lower() not in known:
            problems.append((here, unknown_name("data set", entry.name, catalogue.datasets)))
            continue
        if entry.evaluations is not None:
            place = (*here, "evaluations")
            problems += _check_protocols(entry.evaluations, place, catalogue)
        if entry.seeds is not None:
            problems += _duplicates(entry.seeds, (*here, "seeds"), "seed")
        if entry.methods is not None:
            place = (*here, "methods")
            problems += [
                ((*place, j), unknown_name("row", label, labels))
                for j, label in enumerate(entry.methods)
                if label not in labels
            ]
            problems += _duplicates(entry.methods, place, "row")
        kind = catalogue.datasets[known[entry.name.lower()]]
        for row in suite.rows_for(entry):
            if kind not in catalogue.methods.get(row.method, {kind}):
                text = kind if kind == "heterogeneous" else f"{kind}-level"
                problems.append(
                    (
                        here,
                        f"method {row.method!r} does not work on the {text} data set "
                        f"{entry.name!r}; name the rows that do with a 'methods' list",
                    )
                )
    return problems + _duplicates([d.name.lower() for d in suite.datasets], ("datasets",), "name")


def _check_methods(suite: Suite, catalogue: Catalogue) -> list[Problem]:
    problems: list[Problem] = []
    in_suite = {entry.name.lower() for entry in suite.datasets}
    first: dict[str, int] = {}
    for i, row in enumerate(suite.methods):
        here: Location = ("methods", i)
        if row.method not in catalogue.methods:
            problems.append(
                ((*here, "method"), unknown_name("method", row.method, catalogue.methods)),
            )
        if row.name in first:
            problems.append(
                (
                    here,
                    f"row {row.name!r} is given twice (first as methods[{first[row.name]}]); "
                    "give one of them a 'label' of its own",
                )
            )
        first.setdefault(row.name, i)
        twin = next((r for r in suite.methods[:i] if r.name != row.name and _same(r, row)), None)
        if twin is not None:
            problems.append((here, f"row {row.name!r} computes the same as row {twin.name!r}"))
        problems += [
            (
                (*here, "per_dataset", name),
                unknown_name("data set of this suite", name, [d.name for d in suite.datasets]),
            )
            for name in row.per_dataset
            if name.lower() not in in_suite
        ]
        places = [("parameters",), *(("per_dataset", name) for name in row.per_dataset)]
        given = [row.parameters, *row.per_dataset.values()]
        allowed = catalogue.parameters.get(row.method)
        problems += [
            ((*here, *place, name), unknown_name(f"parameter of {row.method}", name, allowed))
            for place, names in zip(places, given, strict=True)
            for name in names
            if allowed is not None and name not in allowed
        ]
    return problems


def _same(one: MethodRow, other: MethodRow) -> bool:
    fields = ("method", "parameters", "per_dataset")
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def _check_protocols(ids: list[str], place: Location, catalogue: Catalogue) -> list[Problem]:
    problems: list[Problem] = [
        ((*place, i), unknown_name("protocol", identifier, catalogue.protocols))
        for i, identifier in enumerate(ids)
        if identifier not in catalogue.protocols
    ]
    return problems + _duplicates(ids, place, "protocol")


def _check_literature(suite: Suite) -> list[Problem]:
    labels = {row.name for row in suite.methods}
    problems: list[Problem] = [
        (("literature", i), f"{name!r} is a row that is run; its figures need no entry here")
        for i, name in enumerate(suite.literature)
        if name in labels
    ]
    return problems + _duplicates(suite.literature, ("literature",), "name")


def _check_published(suite: Suite, catalogue: Catalogue) -> list[Problem]:
    problems: list[Problem] = []
    datasets = [entry.name for entry in suite.datasets]
    labels = [row.name for row in suite.methods] + suite.literature
    protocols = {**catalogue.protocols, **FOREIGN_PROTOCOLS}
    first: dict[tuple[str, ...], int] = {}
    for i, figure in enumerate(suite.published):
        here: Location = ("published", i)
        if figure.dataset.lower() not in {name.lower() for name in datasets}:
            message = unknown_name("data set of this suite", figure.dataset, datasets)
            problems.append(((*here, "dataset"), message))
        if figure.method not in labels:
            message = unknown_name("row of this suite", figure.method, labels)
            problems.append(((*here, "method"), message))
        if figure.protocol not in protocols:
            message = unknown_name("protocol", figure.protocol, protocols)
            problems.append(((*here, "protocol"), message))
        key = (figure.dataset.lower(), figure.method, figure.protocol, figure.metric)
        if key in first:
            problems.append(
                (here, f"the same figure is already given as published[{first[key]}]"),
            )
        first.setdefault(key, i)
    return problems


def _duplicates(values: Iterable[object], place: Location, what: str) -> list[Problem]:
    seen: set[object] = set()
    problems: list[Problem] = []
    for i, value in enumerate(values):
        if value in seen:
            problems.append(((*place, i), f"{what} {value!r} is given twice"))
        seen.add(value)
    return problems
