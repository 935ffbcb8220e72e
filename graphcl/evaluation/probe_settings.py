"""How the probe of P-HET20, P-HET40 and P-HET60 is trained on each data set, and who says so.

One entry a data set, whatever the method, since a protocol that changed with the method would
compare probes. Where the papers differ (ACM: HeCo .05; AMiner: HeCo .01 without decay, AdaMEOW .3
and 1e-3) it is MEOW's value. None was chosen here, by whatever labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from graphcl.arguments import check_number, check_whole


@dataclass(frozen=True)
class ProbeSettings:
    """How a softmax probe is trained.

    Attributes:
        learning_rate: of Adam, above 0.
        weight_decay: L2 penalty in Adam's gradient, on weights and biases, at least 0.
        steps: full-batch steps; one of them is chosen on validation.
        restarts: independent initial weights.
        source: where the values come from.

    Raises:
        TypeError: a value that is not a number.
        ValueError: a value out of range.
    """

    learning_rate: float = 0.01
    weight_decay: float = 0.0
    steps: int = 200
    restarts: int = 50
    source: str = "the value of HeCo's and MEOW's code for most of their data sets"

    def __post_init__(self) -> None:
        if check_number("learning_rate", self.learning_rate) <= 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if check_number("weight_decay", self.weight_decay) < 0:
            raise ValueError(f"weight_decay must be at least 0, got {self.weight_decay}")
        check_whole("steps", self.steps, least=1)
        check_whole("restarts", self.restarts, least=1)


_MEOW = "published setting of MEOW's code (jianxiangyu/MEOW)"
_HECO = "published setting of HeCo's code (liun-online/HeCo)"

PROBE_SETTINGS: Mapping[str, ProbeSettings] = MappingProxyType(
    {
        "HeCo-ACM": ProbeSettings(learning_rate=0.03, source=_MEOW),
        "HeCo-DBLP": ProbeSettings(learning_rate=0.01, source=_MEOW),
        "HeCo-AMiner": ProbeSettings(learning_rate=0.1, weight_decay=8e-4, source=_MEOW),
        "HeCo-IMDB": ProbeSettings(learning_rate=0.01, source=_MEOW),
        "HeCo-Freebase": ProbeSettings(learning_rate=0.01, source=_HECO),
    }
)
"""Settings by the name of the data set's card."""


def probe_settings(dataset: str | None = None) -> ProbeSettings:
    """The probe's settings on a data set: the published ones, else the defaults.

    Args:
        dataset: name of the data set's card, upper and lower case alike; None for one of your own.

    Example:
        >>> probe_settings("heco-acm").learning_rate, probe_settings("my own").learning_rate
        (0.03, 0.01)
    """
    by_name = {name.lower(): settings for name, settings in PROBE_SETTINGS.items()}
    return by_name.get(str(dataset).lower(), ProbeSettings())
