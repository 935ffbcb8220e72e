"""Pickles may run any code when they are read; this reads them with their hands tied."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

# Only constructors of plain data, by full name: NumPy as a whole has functions that run code.
_SAFE = {
    (builtins, name)
    for builtins in (
        "builtins",
        "__builtin__",
    )  # Python 3, and Python 2 that wrote Planetoid's files
    for name in ("list", "dict", "set", "tuple", "int", "float", "complex", "bool", "str", "bytes")
}
_SAFE |= {("collections", "defaultdict"), ("collections", "OrderedDict")}
_SAFE |= {("numpy", "dtype"), ("numpy", "ndarray")}
_SAFE |= {
    (f"{core}.multiarray", name)
    for core in ("numpy.core", "numpy._core")
    for name in ("_reconstruct", "scalar")
}
_SAFE |= {
    (f"scipy.sparse{module}", f"{kind}_matrix")
    for kind in ("csr", "csc", "coo", "lil")
    for module in ("", f".{kind}", f"._{kind}")
}


class _SafeUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _SAFE:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def check_pickle(path: Path) -> None:
    """Read a pickle that may hold NumPy, SciPy and builtin data only, and forget what it held.

    Afterwards an ordinary unpickler may read the same file.

    Args:
        path: the file.

    Raises:
        ValueError: if it names anything else, or is no pickle at all.
    """
    with path.open("rb") as file:
        try:
            _SafeUnpickler(file, encoding="latin1").load()
        except Exception as error:  # a damaged pickle can fail in every way there is
            raise ValueError(
                f"{path.name} is refused: a pickle of numpy, scipy and builtin data was expected, "
                f"but {error or type(error).__name__}"
            ) from None
