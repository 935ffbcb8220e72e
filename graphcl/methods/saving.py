"""Trained methods on disk: one file, read without executing anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphcl import __version__
from graphcl.graph_files import FeatureScaling
from graphcl.methods.method import Method
from graphcl.methods.method_entry import kinds_of
from graphcl.methods.registry import get_method, method_names
from graphcl.training import TrainingSettings

_KIND = "graphcl method"
_FORMAT = 3
_PLAIN = (type(None), bool, int, float, str)


@dataclass(frozen=True, eq=False)
class SavedMethod:
    """All that the file of a trained method says.

    Attributes:
        method: It, on the CPU and in eval mode.
        settings: How it was trained, if that was kept.
        features: The columns that it was trained on and how they were scaled, if that was kept.
        graphcl: The version of graphcl that wrote the file.
    """

    method: Method
    settings: TrainingSettings | None
    features: FeatureScaling | None
    graphcl: str


def save_method(
    path: str | Path,
    method: Method,
    *,
    settings: TrainingSettings | None = None,
    features: FeatureScaling | None = None,
) -> Path:
    """Write a method with its weights and its configuration into one file.

    The file holds tensors and plain values only: the method's name, the version of its mathematics,
    its arguments, how it was trained, the version of graphcl, and its ``state_dict`` (weights,
    buffers, extra state). A file of that name is replaced at once.

    Args:
        path: The file; its folder must exist. ``.pt`` is the usual ending.
        method: A method of the registry, trained or not.
        settings: How it was trained; kept for the record.
        features: The columns of the features that it was trained on, and how they were scaled
            (``GraphFile.scaling``): another graph's can be brought into the
            same form, as ``graphcl embed --model`` does.

    Returns:
        The path.

    Raises:
        TypeError: No method, or an argument or state that is no plain value or tensor.
        ValueError: A method that is not in the registry, features of another width, the path of a
            folder.
        OSError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> from graphcl.methods import Grace
        >>> path = save_method(Path(tempfile.mkdtemp()) / "grace.pt", Grace(3, width=4))
        >>> load_method(path).configuration["width"]
        4
    """
    file = Path(path).expanduser()
    name = registered_name(method)
    _check_width(method, features)
    content = {
        "kind": _KIND,
        "format": _FORMAT,
        "method": name,
        "for": min(kinds_of(type(method))),
        "version": method.version,
        "configuration": _plain(method.configuration, "configuration"),
        "training": None if settings is None else asdict(settings),
        "features": None if features is None else _plain(vars(features), "features"),
        "graphcl": __version__,
        "state": _plain(dict(method.state_dict()), "state_dict"),
    }
    if file.is_dir():
        raise ValueError(f"{file} is a folder, the name of a file is needed")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as opened:  # by a name, torch would write that name into the file
            torch.save(content, opened)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
    return file


def load_method(path: str | Path) -> Method:
    """Read a method that :func:`save_method` wrote, on the CPU and in eval mode.

    :func:`load_saved_method` also gives how it was trained and how its features were scaled.

    Raises:
        FileNotFoundError: No such file.
        ValueError: A file that is damaged, something else, of a newer format, of a method that is
            not known here, or of another version of the method's mathematics.

    Example:
        >>> load_method("nowhere.pt")
        Traceback (most recent call last):
        ...
        FileNotFoundError: nowhere.pt: no such file; `graphcl train` or save_method writes one
    """
    return load_saved_method(path).method


def load_saved_method(path: str | Path) -> SavedMethod:
    r"""Read all that :func:`save_method` wrote; raises as :func:`load_method` does.

    Example:
        >>> import tempfile
        >>> from graphcl.graph_files import read_graph
        >>> from graphcl.methods import Raw
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "edges.csv").write_text("source,target\nann,bob\nbob,eve\n")
        >>> graph = read_graph(folder / "edges.csv")
        >>> path = save_method(folder / "raw.pt", Raw(14), features=graph.scaling)
        >>> saved = load_saved_method(path)
        >>> saved.features.names[0]
        'log_degree'
        >>> other = read_graph(folder / "edges.csv", scaling=saved.features)  # another graph's file
        >>> saved.method.embed(other.data).shape
        torch.Size([3, 14])
    """
    file = Path(path).expanduser()
    content = _read(file)
    name = content["method"]
    if name not in method_names():
        raise ValueError(
            f"{file} holds the method {name!r}, which graphcl {__version__} does not know "
            f"(it was written by graphcl {content['graphcl']})"
        )
    cls = get_method(name).class_for(content["for"])
    if content["version"] != cls.version:
        raise ValueError(
            f"{file} holds version {content['version']} of {name}, graphcl {__version__} has "
            f"version {cls.version}, which computes something else: train it again, or use "
            f"graphcl {content['graphcl']}"
        )
    try:
        method = cls(**content["configuration"])
        method.load_state_dict(content["state"])
        settings = content["training"] and TrainingSettings(**content["training"])
        features = content["features"] and FeatureScaling(**content["features"])
        _check_width(method, features)
    except (TypeError, ValueError, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"{file} is damaged: {reason}") from error
    return SavedMethod(method.eval(), settings, features, content["graphcl"])


def _read(file: Path) -> dict[str, Any]:
    if file.is_dir():
        raise ValueError(f"{file} is a folder, the file of a method is needed")
    if not file.exists():
        raise FileNotFoundError(f"{file}: no such file; `graphcl train` or save_method writes one")
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # torch raises a dozen types, by where the damage is
        refused = "Unsupported" in str(error)
        why = "something else" if refused else "damaged or something else"
        raise ValueError(f"{file} is no method saved by graphcl: it is {why}") from None
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        checkpoint = isinstance(content, dict) and "identity" in content
        what = "a checkpoint of a training" if checkpoint else "something else"
        raise ValueError(f"{file} is no method saved by graphcl: it is {what}")
    if content.get("format") != _FORMAT:
        raise ValueError(
            f"{file} has format {content.get('format')}, graphcl {__version__} reads {_FORMAT} "
            f"(it was written by graphcl {content.get('graphcl')})"
        )
    needed = {
        "method",
        "for",
        "version",
        "configuration",
        "training",
        "features",
        "graphcl",
        "state",
    }
    if not needed <= set(content) or not isinstance(content["configuration"], Mapping):
        raise ValueError(f"{file} is damaged: parts of it are missing")
    return content


def registered_name(method: Method) -> str:
    """The name of a method in the registry.

    Raises:
        TypeError: No method.
        ValueError: A method that is not in the registry.

    Example:
        >>> from graphcl.methods import Grace
        >>> registered_name(Grace(3))
        'grace'
    """
    if not isinstance(method, Method):
        raise TypeError(f"method must be a Method, got {type(method).__name__}")
    for name in method_names():
        if type(method) in get_method(name).classes:
            return name
    raise ValueError(
        f"{type(method).__name__} is not in the registry (known: {', '.join(method_names())}): "
        "it could not be loaded again. Keep its state_dict() instead"
    )


def _check_width(method: Method, features: FeatureScaling | None) -> None:
    width = None if features is None else features.width
    if width is not None and width != method.num_features:
        raise ValueError(f"features have {width} columns, the method takes {method.num_features}")


def _plain(value: Any, where: str) -> Any:
    """The same value, if it is made of tensors and plain values: others do not load again."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, Mapping):
        return {key: _plain(entry, f"{where}[{key!r}]") for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(entry, where) for entry in value)
    if isinstance(value, np.generic):
        return value.item()
    if type(value) not in _PLAIN:
        raise TypeError(f"{where} is a {type(value).__name__}, which cannot be saved")
    return value
