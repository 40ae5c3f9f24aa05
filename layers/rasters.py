"""Cells of any size onto one regular grid, without a gram lost, and in one piece across 180 degrees.

Columns run from west to east in longitudes of 0–360 (beyond 360 where the data cross Greenwich), so that
the Pacific is not torn. What a cell holds is spread evenly over its area on the ellipsoid.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from layers.geodesy import area_from_equator_m2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Edges that differ by less of a cell are one edge: rounding must not make slivers.
_SAME = 1e-6


@dataclass(frozen=True)
class Grid:
    """A regular grid: side, first column and row counted from 0° E and 90° S, numbers of both.

    >>> grid = Grid(0.5, 358, 110, 4, 2)
    >>> grid.lon_edges.tolist(), grid.lat_edges.tolist()
    ([179.0, 179.5, 180.0, 180.5, 181.0], [-35.0, -34.5, -34.0])
    """

    cell_deg: float
    west_column: int
    south_row: int
    columns: int
    rows: int

    @property
    def per_degree(self) -> float:
        """Cells per degree."""
        return round(180.0 / self.cell_deg) / 180.0

    @property
    def lon_edges(self) -> Floats:
        """Edges of the columns, west to east [degrees east, rising beyond 360 where need be]."""
        edges: Floats = (self.west_column + np.arange(self.columns + 1)) / self.per_degree
        return edges

    @property
    def lat_edges(self) -> Floats:
        """Edges of the rows, south to north. [degrees north]"""
        # Rows from the equator: their edges then are the nearest numbers to 21.2 or -33.7.
        middle: Any = round(180.0 / self.cell_deg) / 2
        edges: Floats = (self.south_row - middle + np.arange(self.rows + 1)) / self.per_degree
        return edges

    @cached_property
    def area_m2(self) -> Floats:
        """(rows, columns) areas on the ellipsoid. [m²]"""
        edges: Any = area_from_equator_m2(self.lat_edges)
        band = np.diff(edges) * math.radians(1.0 / self.per_degree)
        area: Floats = np.repeat(band[:, None], self.columns, axis=1)
        return area


def grid_over(boxes: Sequence[npt.ArrayLike], cell_deg: float) -> Grid:
    """Smallest regular grid that holds all boxes; the widest gap in longitude stays outside.

    Parameters
    ----------
    boxes
        West, south, east, north of the cells [degrees]; none crosses 180.
    cell_deg
        Side [degrees]; it divides 180 evenly.

    Raises
    ------
    ValueError
        If the side does not divide 180, or there is no box.

    Examples
    --------
    >>> grid = grid_over([[179.0, -180.0], [0.0, 0.0], [180.0, -179.0], [1.0, 1.0]], 0.5)
    >>> grid.lon_edges[[0, -1]].tolist()
    [179.0, 181.0]
    """
    n = round(180.0 / cell_deg) if cell_deg > 0 else 0
    if not (1 <= n <= 18_000 and abs(n * cell_deg - 180.0) < 1e-6):
        raise ValueError(
            f"found a cell of {cell_deg} degrees; expected one that divides 180; take 0.1 or 0.5"
        )
    x0, x1, y0, y1 = _places(boxes, n / 180.0)
    if not len(x0):
        raise ValueError("found no cells; expected at least one; a grid of nothing has no place")
    held = np.zeros(2 * n + 1, np.int64)
    # A cell over many columns covers all of them: mark where it begins and behind where it ends.
    np.add.at(held, x0, 1)
    np.add.at(held, np.minimum(x1, 2 * n), -1)
    taken = np.flatnonzero(np.cumsum(held)[:-1] > 0)
    gaps = np.diff(np.append(taken, taken[0] + 2 * n))
    widest = int(np.argmax(gaps))
    first = int(taken[(widest + 1) % len(taken)])
    columns = 2 * n - int(gaps[widest]) + 1
    return Grid(cell_deg, first, int(y0.min()), columns, int(y1.max() - y0.min()))


def _places(boxes: Sequence[npt.ArrayLike], per_degree: float) -> tuple[Ints, Ints, Ints, Ints]:
    """First and after-last column and row that each box touches."""
    west, south, east, north = (np.asarray(side, np.float64) for side in boxes)
    left = np.mod(west, 360.0) * per_degree
    x0, x1 = _span(left, left + (east - west) * per_degree)
    y0, y1 = _span((south + 90.0) * per_degree, (north + 90.0) * per_degree)
    # What begins a hair below 360 begins at 0.
    return x0 % round(360 * per_degree), x1 - x0 + x0 % round(360 * per_degree), y0, y1


def _span(low: Floats, high: Floats) -> tuple[Ints, Ints]:
    first = np.floor(low + _SAME).astype(np.int64)
    return first, np.maximum(np.ceil(high - _SAME).astype(np.int64), first + 1)


@dataclass(frozen=True)
class Regridding:
    """Which share of each cell lies in which place of a grid; shares of a cell add up to 1."""

    grid: Grid
    source: Ints
    place: Ints
    share: Floats

    def spread(self, values: npt.ArrayLike) -> Floats:
        """(rows, columns) of a grid from one amount per cell; the sum stays."""
        amounts = np.asarray(values, np.float64)[self.source] * self.share
        size = self.grid.rows * self.grid.columns
        total: Any = np.bincount(self.place, weights=amounts, minlength=size)
        spread: Floats = total.reshape(self.grid.rows, self.grid.columns)
        return spread


def regridding(boxes: Sequence[npt.ArrayLike], grid: Grid) -> Regridding:
    """Share out cells over a grid that holds them, by area on the ellipsoid.

    Parameters
    ----------
    boxes
        West, south, east, north of the cells [degrees]; none crosses 180.
    grid
        From `grid_over` of these cells, or a larger one.

    Raises
    ------
    ValueError
        If a cell reaches outside the grid.

    Examples
    --------
    >>> boxes = [[0.0], [0.0], [1.0], [1.0]]
    >>> onto = regridding(boxes, grid_over(boxes, 0.5))
    >>> onto.spread([8.0]).round(4).tolist()
    [[2.0001, 2.0001], [1.9999, 1.9999]]
    """
    west, south, east, north = (np.asarray(side, np.float64) for side in boxes)
    x0, x1, y0, y1 = _places(boxes, grid.per_degree)
    wide, high = x1 - x0, y1 - y0
    source = np.repeat(np.arange(len(x0)), wide * high)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(wide * high) - wide * high, wide * high)
    column, row = x0[source] + nth % wide[source], y0[source] + nth // wide[source]
    left = np.mod(west, 360.0)[source] * grid.per_degree
    left -= np.where(left - x0[source] > wide[source], 360.0 * grid.per_degree, 0.0)
    right = left + (east - west)[source] * grid.per_degree
    across = np.minimum(right, column + 1) - np.maximum(left, column)
    bottom, top = row / grid.per_degree - 90.0, (row + 1) / grid.per_degree - 90.0
    along = area_from_equator_m2(np.minimum(north[source], top)) - area_from_equator_m2(
        np.maximum(south[source], bottom)
    )
    share: Any = np.clip(across, 0.0, None) * np.clip(along, 0.0, None)
    share /= np.bincount(source, weights=share, minlength=len(x0))[source]
    inside_column = (column - grid.west_column) % round(360 * grid.per_degree)
    inside_row = row - grid.south_row
    if (inside_column >= grid.columns).any() or ((inside_row < 0) | (inside_row >= grid.rows)).any():
        raise ValueError("found cells outside the grid; expected a grid that holds them; use grid_over")
    return Regridding(grid, source, inside_row * grid.columns + inside_column, share)
