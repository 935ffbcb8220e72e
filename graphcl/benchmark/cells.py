"""Cells: one number-producing unit of a suite, its identity and its result.

A cell is (data set, row, seed, protocol). Its key is a hash of everything that determines its
numbers, so a cell whose method, parameters or data set changed is another cell and runs again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from graphcl.benchmark.suite import Suite

if TYPE_CHECKING:
    from graphcl.datasets import DataCard
    from graphcl.methods import Method

# Raise when the meaning of a cell changes for all methods (e.g. how seeds are derived).
KEY_VERSION = 1
# Training settings that came later, with the value that changes nothing: left out of the key while
# they have it, so that what was finished before they came stays finished.
LATER_SETTINGS = {
    "steps": None,
    "final_weights": "best",
    "batch_size": None,
    "optimizer": "adam",
    "schedule": "constant",
    "warmup": 0.0,
    "loss": "nt-xent",
    "negatives": None,
    "pretrain_steps": 3000,
    "running_sums": True,
}


@dataclass(frozen=True)
class Cell:
    """What to compute.

    Attributes:
        key: Hash of everything that determines the numbers (16 hexadecimal digits).
        dataset: Name of the data set's card.
        row: Label of the row in the tables.
        method: Registered name of the method.
        parameters: Parameters that the suite gives on top of the published ones.
        protocol: Protocol id of the evaluation.
        seed: Fixes split, encoder and probe.
    """

    key: str
    dataset: str
    row: str
    method: str
    parameters: dict[str, Any]
    protocol: str
    seed: int


@dataclass(frozen=True)
class CellResult:
    """What came out of a cell.

    Attributes:
        cell: The cell.
        status: "done" or "failed".
        metrics: Metric name -> value as a fraction (empty where failed).
        message: Why it failed, one line.
        details: Traceback or the last output of the process, where it failed.
        log: File that keeps what the process printed, beside the results; where it failed.
        settings: Resolved settings: training settings and parameters.
        settings_source: Where the settings come from.
        split_hash: Hash of the split's indices; None where the protocol has no split.
        seconds_training: Wall time to obtain the embeddings (shared by all protocols of the seed).
        seconds_evaluation: Wall time of the evaluation.
        peak_memory_mib: Peak resident memory of the process while training.
        peak_gpu_memory_mib: Peak memory allocated on the accelerator; None without one.
        epochs: Epochs that were run.
        versions: Package -> version.
        machine: The machine in words.
        timestamp: When it finished (UTC, ISO 8601).
    """

    cell: Cell
    status: Literal["done", "failed"]
    metrics: dict[str, float] = field(default_factory=dict)
    message: str = ""
    details: str = ""
    log: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    settings_source: str = ""
    split_hash: str | None = None
    seconds_training: float | None = None
    seconds_evaluation: float | None = None
    peak_memory_mib: float | None = None
    peak_gpu_memory_mib: float | None = None
    epochs: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    timestamp: str = ""

    @property
    def done(self) -> bool:
        """Whether it has numbers."""
        return self.status == "done"

    def to_json(self) -> str:
        """One line of JSON, without a line end."""
        return json.dumps(_with_text_keys(asdict(self)), ensure_ascii=False, default=str)

    @classmethod
    def from_json(cls, text: str) -> CellResult:
        """Read what `to_json` wrote; fields that are not known here are left out.

        Raises:
            ValueError: Not the JSON of a result; the message names the first field that is wrong.
        """
        try:
            return _reader().validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            field_name = ".".join(str(step) for step in first["loc"])
            where = f"{field_name}: " if field_name else ""
            raise ValueError(f"{where}{first['msg'][0].lower()}{first['msg'][1:]}") from None


@functools.cache
def _reader() -> TypeAdapter[CellResult]:
    return TypeAdapter(CellResult)


def refuse_nan(result: CellResult) -> CellResult:
    """Make a result with a number that is not finite a failure; others stay as they are."""
    bad = [
        f"{name} is {value}" for name, value in result.metrics.items() if not math.isfinite(value)
    ]
    if not result.done or not bad:
        return result
    return replace(result, status="failed", metrics={}, message=", ".join(bad))


Fingerprint = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]


def installed_fingerprint(
    dataset: str, method: str, parameters: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Everything beside protocol and seed that determines a cell, for what is installed.

    Args:
        dataset: Name of the data set's card.
        method: Registered name of the method.
        parameters: Parameters given by the suite.

    Returns:
        The method with the version of its mathematics, its settings and the data set's card; for a
        heterogeneous one the settings of the probe as well.
    """
    from graphcl.datasets import available
    from graphcl.evaluation import probe_settings
    from graphcl.methods import get_method

    card = next(card for card in available() if card.name == dataset)
    entry = get_method(method)
    cls = entry.class_for(card.kind)
    arguments, training = entry.settings_for(dataset, card.kind)
    settings = {
        **arguments,
        **(asdict(training) if entry.trained else {}),
        **parameters_of_card(card, cls),
        **parameters,
    }
    for name, neutral in LATER_SETTINGS.items():
        if name in settings and settings[name] == neutral:
            del settings[name]
    identity: dict[str, Any] = {
        "dataset": [card.name, card.loader, dict(card.arguments)],
        "method": [method, cls.version],
        "settings": settings,
    }
    if card.heterogeneous:
        probe = asdict(probe_settings(card.name))
        identity["probe"] = {name: value for name, value in probe.items() if name != "source"}
    return identity


def parameters_of_card(card: DataCard, cls: type[Method]) -> dict[str, Any]:
    """What a method must know about a data set.

    Of a heterogeneous one that is its target and meta-paths; a method with clusters of its own gets
    the number of classes, as is the custom of the field. Parameters of the suite go before these.
    """
    known: dict[str, Any] = {}
    if card.heterogeneous:
        known |= {"target": card.target, "metapaths": [list(path) for path in card.metapaths]}
    if cls.clusters and card.num_classes is not None:
        known["num_clusters"] = card.num_classes
    return known


def plan_cells(suite: Suite, *, fingerprint: Fingerprint = installed_fingerprint) -> list[Cell]:
    """All cells of a suite, in the order of the report.

    Args:
        suite: The suite.
        fingerprint: (data set, method, parameters) -> what determines their cells.
    """
    cells: list[Cell] = []
    for entry in suite.datasets:
        for row in suite.rows_for(entry):
            parameters = row.parameters_for(entry.name)
            identity = fingerprint(entry.name, row.method, parameters)
            cells += [
                Cell(
                    key=_key(identity, protocol, seed),
                    dataset=entry.name,
                    row=row.name,
                    method=row.method,
                    parameters=parameters,
                    protocol=protocol,
                    seed=seed,
                )
                for seed in suite.seeds_for(entry)
                for protocol in suite.evaluations_for(entry)
            ]
    return cells


def _key(identity: Mapping[str, Any], protocol: str, seed: int) -> str:
    everything = {**identity, "protocol": protocol, "seed": seed, "key_version": KEY_VERSION}
    text = json.dumps(_with_text_keys(everything), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_text_keys(value: Any) -> Any:
    """The same with texts as keys of mappings: settings may go by edge types, JSON may not."""
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_keys(entry) for entry in value]
    return value
