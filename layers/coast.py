"""Coasts as an index that answers at once: is a place on land, does a great circle touch it?

A grid of cells holds the pieces of coast in each cell, whether the cell's own point lies on land, and how far
it is at least to the next coast. A line is followed in steps as long as that distance: over the open ocean a
few, along a coast one every 2 km, where the pieces of coast in the cell are tried exactly.

Longitudes here run from 0 to 360, so that the Pacific is whole; `Coast` takes any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from layers.geodesy import MEAN_RADIUS_M, display_longitude
from layers.jit import borrowing, njit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Shapes = Sequence[Any] | npt.NDArray[np.object_]

CELL_DEG = 0.1
# The farthest leap over open water, in cells: longer ones would save little and cost memory traffic.
MOST_CELLS = 32
# Step where coast is near: shorter than a cell, and a chord that leaves the great circle by 0.2 m.
STEP_RAD = 2000.0 / MEAN_RADIUS_M
# Meridians run together towards the pole within a leap; what that takes from it, with a margin.
NARROWING = 0.99
# Cell points are off the centre: no coast in round degrees runs exactly through them.
OFF_CENTRE = 0.4871


class Grid(NamedTuple):
    """What the kernels see: cells of ``step`` degrees from ``west``, ``south``; pieces of coast by cell."""

    west: float
    south: float
    step: float
    reach: npt.NDArray[np.float32]
    land: npt.NDArray[np.bool_]
    first: IntArray
    piece: npt.NDArray[np.int32]
    coast: FloatArray


@borrowing
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> bool:
    return bool((bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0)


@borrowing
def _meets(grid: Grid, cell: int, x0: float, y0: float, x1: float, y1: float) -> int:
    """How many pieces of coast of a cell a short straight line crosses."""
    coast = grid.coast
    count = 0
    for k in range(grid.first[cell], grid.first[cell + 1]):
        e = grid.piece[k]
        ax, ay, bx, by = coast[e, 0], coast[e, 1], coast[e, 2], coast[e, 3]
        if max(ax, bx) < min(x0, x1) or min(ax, bx) > max(x0, x1):
            continue
        if max(ay, by) < min(y0, y1) or min(ay, by) > max(y0, y1):
            continue
        if _side(x0, y0, x1, y1, ax, ay) != _side(x0, y0, x1, y1, bx, by) and _side(
            ax, ay, bx, by, x0, y0
        ) != _side(ax, ay, bx, by, x1, y1):
            count += 1
    return count


@borrowing
def known(grid: Grid, y: float, x: float) -> bool:
    """Whether a place lies inside the grid."""
    rows, columns = grid.reach.shape
    row = int(np.floor((y - grid.south) / grid.step))
    column = int(np.floor((x - grid.west) / grid.step))
    return bool(0 <= row < rows and 0 <= column < columns)


@borrowing
def on_land(grid: Grid, y: float, x: float) -> bool:
    """Whether a place lies on land: as its cell's point, or across an odd number of coasts from it."""
    if not known(grid, y, x):
        return False
    row = int(np.floor((y - grid.south) / grid.step))
    column = int(np.floor((x - grid.west) / grid.step))
    cell = row * grid.reach.shape[1] + column
    own_x = grid.west + (column + OFF_CENTRE) * grid.step
    own_y = grid.south + (row + OFF_CENTRE) * grid.step
    odd = _meets(grid, cell, own_x, own_y, x, y) % 2 == 1
    return bool(grid.land[row, column]) != odd


@borrowing
def straight_clear(grid: Grid, y0: float, x0: float, y1: float, x1: float) -> bool:
    """Whether a short straight line in degrees crosses no coast and stays inside the grid."""
    rows, columns = grid.reach.shape
    low = int(np.floor((min(y0, y1) - grid.south) / grid.step))
    high = int(np.floor((max(y0, y1) - grid.south) / grid.step))
    left = int(np.floor((min(x0, x1) - grid.west) / grid.step))
    right = int(np.floor((max(x0, x1) - grid.west) / grid.step))
    if low < 0 or left < 0 or high >= rows or right >= columns:
        return False
    for row in range(low, high + 1):
        for column in range(left, right + 1):
            if _meets(grid, row * columns + column, x0, y0, x1, y1):
                return False
    return True


@borrowing
def clear(grid: Grid, y0: float, x0: float, y1: float, x1: float) -> bool:
    """Whether the great circle between two places at sea crosses no coast and stays inside the grid."""
    if not known(grid, y0, x0) or not known(grid, y1, x1):
        return False
    radian = np.pi / 180
    a0 = np.cos(y0 * radian) * np.cos(x0 * radian)
    a1 = np.cos(y0 * radian) * np.sin(x0 * radian)
    a2 = np.sin(y0 * radian)
    b0 = np.cos(y1 * radian) * np.cos(x1 * radian)
    b1 = np.cos(y1 * radian) * np.sin(x1 * radian)
    b2 = np.sin(y1 * radian)
    cosine = a0 * b0 + a1 * b1 + a2 * b2
    c0, c1, c2 = b0 - cosine * a0, b1 - cosine * a1, b2 - cosine * a2
    sine = np.sqrt(c0 * c0 + c1 * c1 + c2 * c2)
    arc = np.arctan2(sine, cosine)
    if arc <= STEP_RAD:
        return straight_clear(grid, y0, x0, y1, x1)
    c0, c1, c2 = c0 / sine, c1 / sine, c2 / sine
    along, y, x = 0.0, y0, x0
    while along < arc:
        row = int(np.floor((y - grid.south) / grid.step))
        column = int(np.floor((x - grid.west) / grid.step))
        if row < 0 or column < 0 or row >= grid.reach.shape[0] or column >= grid.reach.shape[1]:
            return False
        leap = float(grid.reach[row, column])
        exact = leap < STEP_RAD
        along = min(along + max(leap, STEP_RAD), arc)
        before_y, before_x = y, x
        if along >= arc:
            y, x = y1, x1
        else:
            c, s = np.cos(along), np.sin(along)
            p0, p1, p2 = c * a0 + s * c0, c * a1 + s * c1, c * a2 + s * c2
            y = np.arctan2(p2, np.sqrt(p0 * p0 + p1 * p1)) / radian
            x = np.arctan2(p1, p0) / radian
            if x < 0:
                x += 360.0
        if exact and not straight_clear(grid, before_y, before_x, y, x):
            return False
    return True


@njit
def _clear_many(grid: Grid, y0: FloatArray, x0: FloatArray, y1: FloatArray, x1: FloatArray) -> Any:
    out = np.empty(len(y0), np.bool_)
    for i in range(len(y0)):
        # From the same end whichever way it is asked: both directions have one answer.
        if (y0[i], x0[i]) <= (y1[i], x1[i]):
            out[i] = clear(grid, y0[i], x0[i], y1[i], x1[i])
        else:
            out[i] = clear(grid, y1[i], x1[i], y0[i], x0[i])
    return out


@njit
def straight_clear_many(grid: Grid, y0: FloatArray, x0: FloatArray, y1: FloatArray, x1: FloatArray) -> Any:
    """Whether short straight lines cross no coast and stay inside the grid."""
    out = np.empty(len(y0), np.bool_)
    for i in range(len(y0)):
        out[i] = straight_clear(grid, y0[i], x0[i], y1[i], x1[i])
    return out


@njit
def _on_land_many(grid: Grid, y: FloatArray, x: FloatArray) -> Any:
    out = np.empty(len(y), np.bool_)
    for i in range(len(y)):
        out[i] = on_land(grid, y[i], x[i])
    return out


@dataclass(frozen=True, eq=False)
class Coast:
    """Land inside a window of the Earth, indexed.

    Parameters
    ----------
    grid : Grid
        As `Coast.of` builds it.

    Examples
    --------
    >>> import shapely
    >>> island = shapely.box(179.5, 10, 180.5, 11)
    >>> coast = Coast.of([island], (170, 0, 190, 20))
    >>> coast.clear([5.0, 10.5], [175.0, 175.0], [5.0, 10.5], [-175.0, -175.0]).tolist()
    [True, False]
    >>> coast.on_land([10.5, 10.5], [-179.8, 178.0]).tolist()
    [True, False]
    """

    grid: Grid

    @classmethod
    def of(
        cls, shapes: Shapes, window: tuple[float, float, float, float], cell_deg: float = CELL_DEG
    ) -> "Coast":
        """Index polygons of land, longitudes from 0 to 360, in a window (west, south, east, north)."""
        west, south, east, north = window
        columns = round((east - west) / cell_deg)
        rows = round((north - south) / cell_deg)
        pieces = _pieces(shapes)
        cell, piece = _by_cell(pieces, (west, south, cell_deg, rows, columns))
        first = np.searchsorted(cell, np.arange(rows * columns + 1))
        return cls(
            Grid(
                west=float(west),
                south=float(south),
                step=float(cell_deg),
                reach=_reach(np.diff(first).reshape(rows, columns) > 0, south, cell_deg),
                land=_cell_points_on_land(pieces, (west, south, cell_deg, rows, columns)),
                first=first.astype(np.int64),
                piece=piece.astype(np.int32),
                coast=pieces,
            )
        )

    def on_land(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether places lie on land; a place outside the window does not."""
        y, x = np.broadcast_arrays(*_places(lat, lon))
        out: npt.NDArray[np.bool_] = _on_land_many(self.grid, y.ravel(), x.ravel()).reshape(y.shape)
        return out

    def knows(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether places lie inside the window."""
        y, x = np.broadcast_arrays(*_places(lat, lon))
        grid = self.grid
        rows, columns = grid.reach.shape
        north, east = grid.south + rows * grid.step, grid.west + columns * grid.step
        inside: npt.NDArray[np.bool_] = (y >= grid.south) & (y < north) & (x >= grid.west) & (x < east)
        return inside

    def clear(
        self, lat0: npt.ArrayLike, lon0: npt.ArrayLike, lat1: npt.ArrayLike, lon1: npt.ArrayLike
    ) -> npt.NDArray[np.bool_]:
        """Whether great circles between places at sea cross no coast and stay inside the window."""
        ends = np.broadcast_arrays(*_places(lat0, lon0), *_places(lat1, lon1))
        y0, x0, y1, x1 = (np.ascontiguousarray(values).ravel() for values in ends)
        out: npt.NDArray[np.bool_] = _clear_many(self.grid, y0, x0, y1, x1).reshape(ends[0].shape)
        return out


def _places(lat: npt.ArrayLike, lon: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    return np.asarray(lat, np.float64), display_longitude(lon)


def _pieces(shapes: Shapes) -> FloatArray:
    """(n, 4) x0, y0, x1, y1 of every piece of the rings of polygons."""
    rings = shapely.get_rings(np.asarray(shapes, dtype=object))
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    return np.ascontiguousarray(np.hstack([coordinates[:-1][joined], coordinates[1:][joined]]))


def _by_cell(pieces: FloatArray, shape: tuple[float, float, float, int, int]) -> tuple[IntArray, IntArray]:
    """Pairs of a cell and a piece whose bounding box touches it, sorted by cell."""
    west, south, step, rows, columns = shape
    x, y = pieces[:, [0, 2]], pieces[:, [1, 3]]
    left = np.clip(np.floor((x.min(axis=1) - west) / step), 0, columns - 1).astype(np.int64)
    right = np.clip(np.floor((x.max(axis=1) - west) / step), 0, columns - 1).astype(np.int64)
    low = np.clip(np.floor((y.min(axis=1) - south) / step), 0, rows - 1).astype(np.int64)
    high = np.clip(np.floor((y.max(axis=1) - south) / step), 0, rows - 1).astype(np.int64)
    wide, tall = right - left + 1, high - low + 1
    piece = np.repeat(np.arange(len(pieces)), wide * tall)
    place = np.arange(len(piece)) - np.repeat(np.cumsum(wide * tall) - wide * tall, wide * tall)
    cell = (low[piece] + place // wide[piece]) * columns + left[piece] + place % wide[piece]
    order = np.argsort(cell, kind="stable")
    return cell[order], piece[order]


def _cell_points_on_land(
    pieces: FloatArray, shape: tuple[float, float, float, int, int]
) -> npt.NDArray[np.bool_]:
    """Whether each cell's point lies on land: the coasts west of it on its parallel are odd in number."""
    west, south, step, rows, columns = shape
    x0, y0, x1, y1 = pieces.T
    first = np.clip(np.ceil((np.minimum(y0, y1) - south) / step - OFF_CENTRE), 0, rows).astype(np.int64)
    after = np.clip(np.ceil((np.maximum(y0, y1) - south) / step - OFF_CENTRE), 0, rows).astype(np.int64)
    number = after - first
    piece = np.repeat(np.arange(len(pieces)), number)
    row = first[piece] + np.arange(len(piece)) - np.repeat(np.cumsum(number) - number, number)
    parallel = south + (row + OFF_CENTRE) * step
    x = x0[piece] + (parallel - y0[piece]) / (y1 - y0)[piece] * (x1 - x0)[piece]
    # One sorted line for all rows: 1000 degrees lie between one row and the next.
    crossings = np.sort(row * 1000.0 + x)
    points = np.arange(rows)[:, None] * 1000.0 + west + (np.arange(columns) + OFF_CENTRE) * step
    before = (
        np.searchsorted(crossings, points) - np.searchsorted(crossings, np.arange(rows) * 1000.0)[:, None]
    )
    odd: npt.NDArray[np.bool_] = before % 2 == 1
    return odd


def _reach(coastal: npt.NDArray[np.bool_], south: float, step: float) -> npt.NDArray[np.float32]:
    """Length that a line may run from anywhere in a cell and meet no coast nor the window's edge. [rad]."""
    near = coastal.copy()
    near[0], near[-1], near[:, 0], near[:, -1] = True, True, True, True
    cells = np.zeros(near.shape, np.int64)
    for _ in range(MOST_CELLS):
        cells += ~near
        wider = near.copy()
        wider[1:] |= near[:-1]
        wider[:-1] |= near[1:]
        near = wider.copy()
        near[:, 1:] |= wider[:, :-1]
        near[:, :-1] |= wider[:, 1:]
    lat = np.abs(south + (np.arange(len(cells)) + 0.5) * step)[:, None]
    narrowest = np.cos(np.radians(np.minimum(lat + (cells + 1) * step, 90.0)))
    leap = np.maximum(cells - 1, 0) * np.radians(step) * narrowest * NARROWING
    reach: npt.NDArray[np.float32] = leap.astype(np.float32)
    return reach
