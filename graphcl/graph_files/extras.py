"""Packages that come with an extra of graphcl."""

from __future__ import annotations

import importlib
from typing import Any

_EXTRA = {"pandas": "bench", "pyarrow": "parquet"}


def need(module: str) -> Any:
    """Import a package of an extra.

    Raises:
        ModuleNotFoundError: It is not installed; the message says how to install it.

    Example:
        >>> need("pandas").__name__
        'pandas'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ModuleNotFoundError(
            f'{module} is needed for this: pip install "graphcl[{_EXTRA[module]}]"', name=module
        ) from None
