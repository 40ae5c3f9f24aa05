"""Colour classes and legends that name their unit.

Seven classes whose edges are 1, 2 or 5 times a power of ten, fixed per pollutant, so that months and
scenarios compare. Light is little and dark is much, as on a printed map; lightness falls monotonously, so
the order survives colour blindness and a grey printer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

SEQUENTIAL = ("#fbf5b5", "#fdc37b", "#f98a5f", "#de4a68", "#a3307e", "#641a80", "#22103f")
"""Seven steps, little to much: magma reversed, its ends drawn in so that all differ from sea and land."""

DIVERGING = ("#0b3c78", "#4a8fc4", "#a9cfe5", "#efefef", "#f3b98a", "#d4703a", "#7f2a04")
"""Seven steps for differences: blue is less, grey is nearly nothing, orange is more."""

CLASSES = len(SEQUENTIAL)
_RUNGS = (1.0, 2.0, 5.0)


def rung(index: int) -> float:
    """Return the step of the 1-2-5 ladder with this index; 0 is 1, 3 is 10, -1 is 0.5.

    Examples
    --------
    >>> [rung(k) for k in (-2, -1, 0, 1, 2, 3)]
    [0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    """
    decade, place = divmod(index, 3)
    # A power below one is divided by, so that 0.2 comes out as 0.2 and not as 0.2000…1.
    return _RUNGS[place] * 10.0**decade if decade >= 0 else _RUNGS[place] / 10.0**-decade


def classify(values: Array, edges: tuple[float, ...]) -> NDArray[np.int64]:
    """Return the class of each value, 0 to len(edges); an edge belongs to the class above it.

    Examples
    --------
    >>> classify(np.array([0.5, 1.0, 30.0]), (1.0, 10.0)).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(np.asarray(edges), values, side="right")


def class_edges(low: float, high: float) -> tuple[float, ...]:
    """Return the six inner edges of seven classes that cover ``low`` to ``high``; unit of the values.

    Every edge is a rung of the 1-2-5 ladder; all lie one, two or three rungs apart, and the middle of the
    ladder is the (geometric) middle of the range.

    Raises
    ------
    ValueError
        When ``low`` is not above zero or ``high`` is below ``low``.

    Examples
    --------
    >>> class_edges(0.5, 6000)
    (1.0, 5.0, 20.0, 100.0, 500.0, 2000.0)
    >>> class_edges(3, 90)
    (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
    """
    if not 0 < low <= high:
        raise ValueError(f"classes from {low:g} to {high:g}: give two positive values, the smaller first")
    gaps = CLASSES - 2
    bottom, top = 3 * np.log10(low), 3 * np.log10(high)
    step = int(np.clip(np.rint((top - bottom) / gaps), 1, 3))
    start = int(np.rint((bottom + top - step * gaps) / 2))
    return tuple(rung(start + step * k) for k in range(CLASSES - 1))


def spread(groups: Sequence[Array]) -> tuple[float, float]:
    """Return a low and a high value between which most of every group lies; unit of the values.

    The least of the groups' 30 % quantiles and the largest of their 80 % quantiles, of what is positive:
    ten thousand cells of open ocean must not leave two hundred cells of port in one class.

    Examples
    --------
    >>> spread([np.arange(1, 102), np.array([0, 5000, 6000])])
    (31.0, 5800.0)
    """
    kept = [np.asarray(group, np.float64)[np.asarray(group) > 0] for group in groups]
    kept = [group for group in kept if len(group)]
    if not kept:
        return 1.0, 1.0
    low = min(float(np.quantile(group, 0.3)) for group in kept)
    return low, max(float(np.quantile(group, 0.8)) for group in kept)


@dataclass(frozen=True)
class Legend:
    """Edges, colours and the unit that every legend must say."""

    edges: tuple[float, ...]
    colours: tuple[str, ...]
    unit: str

    def __post_init__(self) -> None:
        if not self.unit:
            raise ValueError("a legend without a unit cannot be read; say for example 'kg/km²'")
        if len(self.colours) != len(self.edges) + 1:
            raise ValueError(
                f"{len(self.edges)} edges need {len(self.edges) + 1} colours, not {len(self.colours)}"
            )

    def labels(self) -> list[str]:
        """Return one label per class, lowest first.

        Examples
        --------
        >>> Legend((1.0, 10.0), ("#fff", "#888", "#000"), "kg/km²").labels()
        ['< 1 kg/km²', '1 – 10 kg/km²', '≥ 10 kg/km²']
        """
        inner = [
            f"{low:g} – {high:g} {self.unit}" for low, high in zip(self.edges, self.edges[1:], strict=False)
        ]
        return [f"< {self.edges[0]:g} {self.unit}", *inner, f"≥ {self.edges[-1]:g} {self.unit}"]
