"""Which columns the features of a graph have, and how they are scaled: to be done again."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from graphcl.arguments import listed

_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class FeatureScaling:
    """The columns that a method was trained on, and what was done to each.

    A trained method expects columns of the same meaning, order and scale: `apply` brings those of
    another graph into this form, with the means and deviations of the graph of the training.

    Attributes:
        names: The columns, `F`; empty where they have no names.
        mean: `[F]` float64, subtracted from the columns; None: they are taken as they are.
        deviation: `[F]` float64, what the columns are divided by; 0 where a column was constant,
            which becomes 0 whatever it holds (nothing was learned about it). None with `mean`.

    Example:
        >>> import torch
        >>> ages = torch.tensor([[20.0, 1.0], [40.0, 1.0]])
        >>> scaling = FeatureScaling.standard(ages, ("age", "member"))
        >>> scaling.apply(ages)
        tensor([[-1.,  0.],
                [ 1.,  0.]])
        >>> scaling.apply(torch.tensor([[0.0, 50.0]]), ("member", "age"))  # other order, new graph
        tensor([[2., 0.]])
    """

    names: tuple[str, ...] = ()
    mean: Tensor | None = None
    deviation: Tensor | None = None

    @classmethod
    def standard(cls, x: Tensor, names: tuple[str, ...] = ()) -> FeatureScaling:
        """The scaling that gives every column of ``x`` ``[N, F]`` mean 0 and variance 1."""
        columns = x.double()
        mean = columns.mean(dim=0)
        deviation = columns.std(dim=0, correction=0)
        constant = deviation <= _SAME * columns.abs().amax(dim=0).clamp(min=1e-12)
        return cls(names, mean, deviation.masked_fill(constant, 0.0))

    def apply(self, x: Tensor, names: tuple[str, ...] = ()) -> Tensor:
        """Bring the features of a graph into this form.

        Args:
            x: ``[N, F]``, not scaled.
            names: The columns of ``x``, ``F``; empty where they have no names: then they are taken
                to be in the same order.

        Returns:
            ``[N, F]`` of the same type, columns in the order of the training.

        Raises:
            ValueError: Other columns; the message names those that are missing or too many.
        """
        x = self._arranged(x, names)
        if self.mean is None or self.deviation is None:
            return x
        constant = self.deviation == 0
        scaled = (x.double() - self.mean) / self.deviation.masked_fill(constant, 1.0)
        return scaled.masked_fill(constant, 0.0).to(x.dtype)

    def ignored(self, x: Tensor, names: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The columns of ``x`` that vary, though they were constant in training; as `apply`."""
        if self.deviation is None or not self.names:
            return ()
        x = self._arranged(x, names)
        varying = (x != x[0]).any(dim=0) & (self.deviation == 0)
        return tuple(name for name, one in zip(self.names, varying, strict=True) if one)

    @property
    def width(self) -> int | None:
        """Number of columns; None where it is not known."""
        return len(self.names) or (None if self.mean is None else len(self.mean))

    def _arranged(self, x: Tensor, names: tuple[str, ...]) -> Tensor:
        """The columns in the order of the training."""
        if names and self.names and names != self.names:
            if sorted(names) != sorted(self.names):
                raise ValueError(_other_columns(self.names, names))
            x = x[:, [names.index(name) for name in self.names]]
        if self.width not in (None, x.size(1)):
            raise ValueError(
                f"its features have width {x.size(1)}, those of the training {self.width}"
            )
        return x


def _other_columns(learned: tuple[str, ...], given: tuple[str, ...]) -> str:
    missing = tuple(name for name in learned if name not in given)
    surplus = tuple(name for name in given if name not in learned)
    parts = []
    if missing:
        parts.append(f"missing: {listed(missing)}")
    if surplus:
        parts.append(f"not learned from: {listed(surplus)}")
    return f"the features are not those of the training ({'; '.join(parts)})"
