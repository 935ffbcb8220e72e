"""From the columns of a file to features and labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphcl.arguments import plural, unknown_name

Texts = NDArray[np.object_]
Numbers = NDArray[np.float64]

LABEL = "label"
_MISSING = ("", "na", "n/a", "nan", "null", "none")
_WORDS = {"true": "1", "false": "0", "yes": "1", "no": "0"}
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?(e[+-]?\d+)?", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


@dataclass(frozen=True, eq=False)
class Attributes:
    """What the columns of the nodes hold.

    Attributes:
        features: `[N, F]` float32, None where no column is numeric.
        feature_names: The columns of the features, `F`.
        labels: `[N]` int64, -1 where the cell is empty; None without labels.
        label_names: The class of each number.
        notes: Which columns were left out, and why.
    """

    features: Tensor | None
    feature_names: tuple[str, ...]
    labels: Tensor | None
    label_names: tuple[str, ...]
    notes: tuple[str, ...]


def read_attributes(
    columns: Mapping[str, Sequence[str] | Texts],
    *,
    label: str | None,
    place: Callable[[int], str],
) -> Attributes:
    """Sort columns of text into features, labels and what is left out.

    A column of numbers (or of true and false, yes and no) is a feature, in the order of the file;
    a column of text is left out. The column of labels may hold anything: equal texts are one class,
    numbered in sorted order. By default it is one called "label", unless it names every node
    differently.

    Args:
        columns: Cells of each column, `N` texts each.
        label: Name of the column of labels; None: "label" if there is one.
        place: Where the row of a number stands, for messages: "nodes.csv, line 3".

    Raises:
        ValueError: An unknown column, a cell that is empty or no finite number in a column of
            numbers.
    """
    notes: list[str] = []
    if label is not None and label not in columns:
        raise ValueError(unknown_name("column of labels", label, columns))
    features: dict[str, Numbers] = {}
    labels: Tensor | None = None
    label_names: tuple[str, ...] = ()
    for name, cells in columns.items():
        texts = np.array([str(cell).strip() for cell in cells], dtype=object)
        if name == label or (label is None and name == LABEL):
            codes, names = _classes(texts)
            if label is None and 1 < len(texts) == len(names):
                notes.append(f"column {name!r} names every node differently: no labels, left out")
                continue
            labels, label_names = codes, names
            continue
        numbers = _numbers(name, texts, place, notes)
        if numbers is not None:
            features[name] = numbers
    matrix = None
    if features:
        matrix = torch.from_numpy(np.column_stack(list(features.values())).astype(np.float32))
    return Attributes(matrix, tuple(features), labels, label_names, tuple(notes))


def parse_numbers(texts: Texts) -> tuple[Numbers, bool]:
    """Numbers of texts, NaN where a text is none; and whether they have decimal commas.

    Commas are decimal where every number of the column can be read so ("0,5", "1.234,5", "7").

    Raises:
        ValueError: "1,234" and its like alone: 1234 in one country, 1.234 in another.
    """
    from graphcl.graph_files.extras import need

    filled = [text for text in texts if str(text).lower() not in _MISSING]
    commas = [text for text in filled if "," in text]
    decimal = bool(commas) and all(map(_DECIMAL_COMMA.fullmatch, filled))
    if decimal:
        if all(map(_AMBIGUOUS.fullmatch, commas)):
            raise ValueError(
                f"{_short(commas[0])} may mean {commas[0].replace(',', '')} or "
                f"{commas[0].replace(',', '.')}: write numbers with a decimal point and without "
                "separators of thousands"
            )
        plain = [text.replace(".", "").replace(",", ".") for text in texts]
        texts = np.array(plain, dtype=object)
    numbers = need("pandas").to_numeric(texts, errors="coerce")
    return np.asarray(numbers, dtype=np.float64), decimal


def _numbers(
    name: str, texts: Texts, place: Callable[[int], str], notes: list[str]
) -> Numbers | None:
    """The numbers of a column, or None where it is left out."""
    lower = np.array([text.lower() for text in texts], dtype=object)
    missing = np.isin(lower, _MISSING)
    plain = np.array([_WORDS.get(text, text) for text in lower], dtype=object)
    try:
        numbers, decimal_commas = parse_numbers(plain)
    except ValueError as error:
        raise ValueError(f"{place(0).split(',')[0]}: column {name!r}: {error}") from None
    wrong = np.isnan(numbers) & ~missing
    filled = int((~missing).sum())
    if filled == 0:
        notes.append(f"column {name!r} is empty: left out")
        return None
    if wrong.sum() * 2 >= filled:
        example = texts[int(wrong.argmax())]
        notes.append(
            f"column {name!r} holds text ({_short(example)}): left out "
            f"(write it as numbers to use it; --label {name} takes it as label)"
        )
        return None
    if wrong.any():
        first = int(wrong.argmax())
        raise ValueError(
            f"{place(first)}: column {name!r} holds {_short(texts[first])}, a number is needed as "
            f"in the other rows ({plural(int(wrong.sum()), 'cell')} of the column)"
        )
    if missing.any():
        first = int(missing.argmax())
        raise ValueError(
            f"{place(first)}: the cell of column {name!r} is empty "
            f"({plural(int(missing.sum()), 'cell')} of the column); every node needs a value: "
            "fill them in or take the column out"
        )
    if not np.isfinite(numbers).all():
        first = int((~np.isfinite(numbers)).argmax())
        raise ValueError(f"{place(first)}: column {name!r} is {texts[first]}, it must be finite")
    if np.abs(numbers).max() > np.finfo(np.float32).max:
        first = int(np.abs(numbers).argmax())
        raise ValueError(f"{place(first)}: column {name!r} is {texts[first]}, too large a number")
    if decimal_commas:
        first = next(row for row, text in enumerate(texts) if "," in text)
        notes.append(f"column {name!r} has decimal commas: {texts[first]} is {numbers[first]:g}")
    return numbers


def _classes(texts: Texts) -> tuple[Tensor, tuple[str, ...]]:
    missing = np.isin(np.array([text.lower() for text in texts], dtype=object), _MISSING)
    names = sorted(set(texts[~missing]))
    numbers = np.array([_number(name) for name in names])
    if names and np.isfinite(numbers).all():
        names = [names[i] for i in np.argsort(numbers, kind="stable")]  # 2 before 10
    code = {name: number for number, name in enumerate(names)}
    codes = [-1 if lost else code[text] for text, lost in zip(texts, missing, strict=True)]
    return torch.tensor(codes, dtype=torch.long), tuple(names)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else f"{text[:27]}...")
