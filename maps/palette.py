"""Colour classes and legends that name their unit.

Seven classes whose edges are 1, 2 or 5 times a power of ten, fixed per pollutant, so that months and
scenarios compare. Light is little and dark is much, as on a printed map; lightness falls monotonously, so
the order survives colour blindness and a grey printer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

SEQUENTIAL = ("#fbeb90", "#fdb560", "#ee7a4c", "#d9466a", "#a3307e", "#641a80", "#22103f")
"""Seven steps, little to much: magma reversed, its ends drawn in so that all differ from sea and land."""

DIVERGING = ("#0b3c78", "#4a8fc4", "#a9cfe5", "#efefef", "#f3b98a", "#d4703a", "#7f2a04")
"""Seven steps for differences: blue is less, grey is nearly nothing, orange is more."""

CLASSES = len(SEQUENTIAL)
_RUNGS = (1.0, 2.0, 5.0)
_DENSITIES = (("mg", 1e6, 1e-4), ("g", 1e3, 0.1), ("kg", 1.0, 1e3), ("t", 1e-3, np.inf))


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

    The least of the groups' 20 % quantiles and the largest of their 97 % quantiles, of what is positive:
    ten thousand cells of open ocean must not leave two hundred cells of port in one class, nor the port's
    fairways be as dark as its berths.

    Examples
    --------
    >>> spread([np.arange(1, 102), np.array([0, 5000, 6000])])
    (21.0, 5970.0)
    """
    kept = [np.asarray(group, np.float64)[np.asarray(group) > 0] for group in groups]
    kept = [group for group in kept if len(group)]
    if not kept:
        return 1.0, 1.0
    low = min(float(np.quantile(group, 0.2)) for group in kept)
    return low, max(float(np.quantile(group, 0.97)) for group in kept)


def density_unit(edges: tuple[float, ...]) -> tuple[str, float]:
    """Return the unit a legend with these edges [kg/km2] is told in, and how many of it are one kg/km2.

    The middle classes decide, so that the legend of a trace species needs no row of zeros.

    Examples
    --------
    >>> density_unit((1.0, 5.0, 20.0, 100.0, 500.0, 2000.0))
    ('kg', 1.0)
    >>> density_unit((2e-4, 1e-3, 5e-3, 2e-2, 0.1, 0.5))
    ('g', 1000.0)
    """
    middle = edges[len(edges) // 2]
    return next((unit, factor) for unit, factor, below in _DENSITIES if middle < below)
