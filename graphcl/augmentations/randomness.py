"""Random numbers for transforms, also where copies of one transform run in several workers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import get_worker_info

_LARGEST = 2**63 - 1


class RandomSource:
    """Where a transform draws from: torch's global generator, a seed, or the caller's generator.

    A `DataLoader` copies its data set, and a transform inside it, into new workers every epoch: a
    generator of its own would say the same in every worker and every epoch. In a worker, a seed or
    generator is therefore combined with the seed that the loader gave to this worker in this
    epoch. The result is new each time, and repeats when the loader's own seed does (`generator=`
    of the loader, else `torch.manual_seed`).

    Args:
        seed: seed of an own generator, 0 or more.
        generator: generator to draw from. Not together with `seed`; with neither, torch's global
            generator is used, which `torch.manual_seed` and saved random states govern (each
            worker has its own already).

    Raises:
        TypeError: if `seed` is no integer or `generator` no `torch.Generator`.
        ValueError: if both are given, or `seed` is negative or above 2^63 - 1.
    """

    def __init__(
        self, *, seed: int | None = None, generator: torch.Generator | None = None
    ) -> None:
        if seed is not None and generator is not None:
            raise ValueError("give either seed or generator, not both")
        if seed is not None:
            if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
                raise TypeError(f"seed must be an integer or None, got {seed!r}")
            if not 0 <= seed <= _LARGEST:
                raise ValueError(f"seed must be from 0 to 2**63 - 1, got {seed}")
            generator = torch.Generator().manual_seed(int(seed))
        elif generator is not None and not isinstance(generator, torch.Generator):
            raise TypeError(f"generator must be a torch.Generator or None, got {generator!r}")
        self.seed = seed
        self._generator = generator
        self._worker_seed: int | None = None  # of the worker that `_generator` was derived for

    def uniform(self, *size: int, device: torch.device) -> Tensor:
        """Float32 numbers in [0, 1) of shape `size`."""
        generator = self._current()
        where = device if generator is None else generator.device
        return torch.rand(size, generator=generator, device=where).to(device)

    def integers(self, *size: int, device: torch.device) -> Tensor:
        """Int64 numbers from 0 to 2^63 - 1 of shape `size`."""
        generator = self._current()
        where = device if generator is None else generator.device
        numbers = torch.empty(size, dtype=torch.int64, device=where)
        return numbers.random_(generator=generator).to(device)

    def events(self, p: float, *size: int, device: torch.device) -> Tensor:
        """Booleans of shape `size`, each True with probability `p`, for many at once.

        Generators are slow beside all else, so that an event costs one random byte: it happens if
        the byte is below 256 p rounded down. Only where the byte equals that, one time in 256, a
        further number decides, so that the probability is that of `uniform(...) < p`.
        """
        count = math.prod(size)
        generator = self._current()
        where = device if generator is None else generator.device
        words = torch.empty(-(-count // 8), dtype=torch.int64, device=where)
        words.random_(-(2**63), None, generator=generator)  # all 64 bits
        numbers = words.to(device).view(torch.uint8)
        threshold = math.floor(256 * p)
        if threshold > 255:
            return torch.ones(size, dtype=torch.bool, device=device)
        happens = numbers < threshold
        if 256 * p > threshold:
            undecided = numbers == threshold
            rare = undecided.view(torch.int64).nonzero().squeeze(1)  # eight at a time
            further = self.uniform(len(rare), 8, device=device) < 256 * p - threshold
            happens.view(-1, 8)[rare] |= undecided.view(-1, 8)[rare] & further
        return happens[:count].reshape(size)

    def _current(self) -> torch.Generator | None:
        worker: Any = get_worker_info()
        if self._generator is not None and worker is not None and worker.seed != self._worker_seed:
            entropy = [self._generator.initial_seed(), worker.seed]
            mixed = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
            self._generator = torch.Generator().manual_seed(mixed & _LARGEST)
            self._worker_seed = worker.seed
        return self._generator

    def arguments(self) -> str:
        """How a transform's `repr` shows it."""
        if self.seed is not None:
            return f", seed={self.seed}"
        return "" if self._generator is None else ", generator=..."


def check_probability(p: float) -> float:
    """Return `p` if it is a number in [0, 1].

    Raises:
        TypeError: if it is no number.
        ValueError: if it is outside [0, 1] or NaN.
    """
    if isinstance(p, bool) or not isinstance(p, int | float | np.number):
        raise TypeError(f"p must be a number in [0, 1], got {p!r}")
    if not 0 <= p <= 1:
        raise ValueError(f"p must be in [0, 1], got {p}")
    return float(p)


def scramble(numbers: Tensor) -> Tensor:
    """Turn int64 numbers, in place, into uniform ones from 0 to 2^63 - 1: equal ones stay equal.

    The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014, variant 13 of Stafford). Torch shifts keep the sign: mask it away.
    """
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        numbers ^= (numbers >> shift) & ((1 << (64 - shift)) - 1)
        numbers *= factor
    numbers ^= (numbers >> 31) & ((1 << 33) - 1)
    return numbers.bitwise_and_((1 << 63) - 1)
