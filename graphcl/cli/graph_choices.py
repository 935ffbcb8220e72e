"""What the options of `graphcl train`, `embed` and `cluster` say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphcl.datasets import Kind
    from graphcl.methods import MethodEntry, SavedMethod

# Of heterogeneous graphs meow takes any target and any meta-paths; heco needs relations from other
# types to the target.
DEFAULTS: Mapping[Kind, str] = {"node": "grace", "graph": "graphcl", "heterogeneous": "meow"}
"""The method where none is named."""
KINDS: Mapping[Kind, str] = {
    "node": "single graphs with one type of nodes",
    "graph": "lists of graphs",
    "heterogeneous": "heterogeneous graphs",
}

OWN_OPTIONS = {"target": "--target", "metapaths": "--metapath"}
"""Arguments of a method that are options by themselves."""


@dataclass(frozen=True)
class GraphChoice:
    """Which graph, and how to read it."""

    graph: str
    edges: Path | None
    features: str | None
    label: str | None
    directed: bool | None
    standardize: bool | None
    data: Path | None
    target: str | None = None
    metapaths: list[str] | None = None
    add_reverse: bool = False

    def for_types(self) -> list[str]:
        """Those of the options that only heterogeneous graphs have."""
        given = {
            "--target": self.target is not None,
            "--metapath": bool(self.metapaths),
            "--add-reverse": self.add_reverse,
        }
        return [name for name, there in given.items() if there]


@dataclass(frozen=True)
class MethodChoice:
    """Which method, and how to train it."""

    method: str | None
    model: Path | None
    settings: list[str] | None
    epochs: int | None
    steps: int | None
    batch_size: int | None
    num_neighbours: str
    seed: int
    device: str
    precision: str
    checkpoint: Path | None

    def check(self, kind: Kind | None) -> MethodEntry | SavedMethod | None:
        """See that the options fit together, before the graph is read.

        Args:
            kind: Of the graph; None: that is not known yet.

        Returns:
            What is in the file of ``--model``, else the registry's entry of the method to train;
            None where that depends on the graph: `entry` tells when it is read.
        """
        from graphcl.arguments import check_seed
        from graphcl.methods import get_method, load_saved_method
        from graphcl.training import make_fabric

        check_seed(self.seed)
        self.fan_out()
        if self.batch_size is not None and self.batch_size < 0:
            raise ValueError(f"--batch-size must be at least 0, got {self.batch_size}")
        if self.batch_size == 1:
            raise ValueError(
                "--batch-size must be 0 (all at once) or at least 2, got 1: nodes are compared "
                "with others of their mini-batch"
            )
        make_fabric(self.device, self.precision)  # type: ignore[arg-type]
        if self.model is not None:
            given = self._given()
            if given:
                raise ValueError(f"--model is trained already: {given[0]} does not go with it")
            return load_saved_method(self.model)
        if kind is None:
            get_method(self.method or DEFAULTS["node"])
            return None
        return self.entry(kind)

    def entry(self, kind: Kind) -> MethodEntry:
        """The registry's entry of the method to train, if it and its options fit the graph.

        Args:
            kind: Of the graph.
        """
        from graphcl.checkpoint import prepare_checkpoint
        from graphcl.methods import get_method

        entry = get_method(self.method or DEFAULTS[kind])
        if kind not in entry.kinds:
            raise ValueError(_wrong_kind(entry, kind))
        late = [name for name in self._given() if name not in ("--method", "--set")]
        if late and not entry.trained:
            raise ValueError(f"{entry.name} is not trained: {late[0]} does not go with it")
        parameters = self.parameters(entry, kind)
        if kind != "heterogeneous":  # arguments for types and meta-paths need the graph itself
            _check_values(entry, kind, parameters)
        if self.checkpoint is not None:
            prepare_checkpoint(self.checkpoint)
        return entry

    def _given(self) -> list[str]:
        """Those of the options that say what is trained, and how."""
        training = {
            "--method": self.method,
            "--set": self.settings,
            "--epochs": self.epochs,
            "--steps": self.steps,
            "--checkpoint": self.checkpoint,
        }
        return [name for name, value in training.items() if value is not None and value != []]

    def fan_out(self) -> tuple[int, ...]:
        """The neighbours to draw at each hop."""
        try:
            return tuple(int(part) for part in self.num_neighbours.split(","))
        except ValueError:
            raise ValueError(
                f"--num-neighbours must be whole numbers such as 10,10, got {self.num_neighbours!r}"
            ) from None

    def parameters(self, entry: MethodEntry, kind: Kind) -> dict[str, Any]:
        """What the options say about the method and its training."""
        import yaml

        from graphcl.arguments import unknown_name

        found: dict[str, Any] = {}
        for setting in self.settings or []:
            key, equals, text = setting.partition("=")
            key = key.strip().replace("-", "_")
            if not equals or not key:
                raise ValueError(f"--set takes KEY=VALUE, got {setting!r}")
            known = entry.parameter_names(kind)
            if kind == "heterogeneous" and key in OWN_OPTIONS:
                raise ValueError(f"--set {key}: {OWN_OPTIONS[key]} says that")
            if key not in known:
                raise ValueError(unknown_name(f"parameter of {entry.name}", key, known))
            try:
                found[key] = yaml.safe_load(_number(text))
            except yaml.YAMLError:
                raise ValueError(f"--set {key}: {text!r} is no value") from None
        for key in ("epochs", "steps"):
            value = getattr(self, key)
            if value is not None:
                if key in found:
                    raise ValueError(f"--{key} is given twice: by itself and by --set")
                found[key] = value
        return found


def _wrong_kind(entry: MethodEntry, kind: Kind) -> str:
    from graphcl.methods import get_method, method_names

    entries = [get_method(name) for name in method_names()]
    able = ", ".join(one.name for one in entries if kind in one.kinds)
    own = " and ".join(text for one, text in KINDS.items() if one in entry.kinds)
    return f"--method {entry.name} is for {own}, not for {KINDS[kind]}; for these there are {able}"


def _check_values(entry: MethodEntry, kind: Kind, parameters: dict[str, Any]) -> None:
    """See that a method takes the values, by making one for a tiny graph."""
    import torch
    from torch_geometric.data import Data

    from graphcl.methods import create_method

    pair = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0, 1], [1, 0]]))
    tiny = pair if kind == "node" else [pair]
    create_method(entry.name, tiny, seed=0, **parameters)


def _number(text: str) -> str:
    """`1e-3` is a number to everybody but YAML, which wants `1.0e-3`."""
    try:
        return repr(float(text)) if "e" in text.lower() else text
    except ValueError:
        return text
