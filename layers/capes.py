"""Capes: the corners that a shortest way at sea can turn at, and which of them see each other.

A shortest way is a taut string: straight over open water, bent only at corners of the land. The corners are
those of the land widened by a clearance; two are joined when the great circle between them keeps a smaller
clearance and a string could run along it. Built once and stored; `layers.sea` finds ways over it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.coast import Coast, FloatArray, Grid, Shapes, clear
from layers.jit import borrowing, njit

IntArray = npt.NDArray[np.int64]

TILE_DEG = 2.0
NM_PER_DEG = 60.0
# A string may graze a corner: directions this near to a side of the corner still count as along it.
GRAZING = 1e-3


def widened(shapes: Shapes, reach_nm: float) -> Any:
    """Land widened by a distance, tile by tile, each in its own scale of longitude. [degrees]."""
    tiles = _tiles(shapes)
    west_south_east_north = shapely.bounds(tiles)
    narrow = np.cos(np.radians((west_south_east_north[:, 1] + west_south_east_north[:, 3]) / 2))
    wide = []
    for tile, factor in zip(tiles, narrow, strict=True):
        scale = np.array([factor, 1.0])
        shape = shapely.transform(tile, lambda points, by=scale: points * by)
        shape = shapely.buffer(shape, reach_nm / NM_PER_DEG, quad_segs=4)
        wide.append(shapely.transform(shape, lambda points, by=scale: points / by))
    return shapely.union_all(wide)


def _tiles(shapes: Shapes) -> npt.NDArray[np.object_]:
    """Polygons cut into tiles small enough to have one scale of longitude."""
    land = np.asarray(shapes, dtype=object)
    west, south, east, north = shapely.total_bounds(land)
    columns, rows = np.arange(west, east, TILE_DEG), np.arange(south, north, TILE_DEG)
    x, y = (values.ravel() for values in np.meshgrid(columns, rows))
    boxes = shapely.box(x, y, x + TILE_DEG, y + TILE_DEG)
    box, polygon = shapely.STRtree(land).query(boxes)
    tiles = shapely.intersection(land[polygon], boxes[box])
    kept: npt.NDArray[np.object_] = tiles[shapely.area(tiles) > 0]
    return kept


def corners(shape: Any, tolerance_nm: float) -> FloatArray:
    """(n, 6) longitude and latitude of the corners that stick out, of the one before and the one after."""
    found = []
    simple = shapely.simplify(shape, tolerance_nm / NM_PER_DEG)
    for polygon in shapely.get_parts(shapely.orient_polygons(simple)):
        for ring in shapely.get_rings(polygon):
            points = shapely.get_coordinates(ring)[:-1]
            before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
            arrived, left = points - before, after - points
            sticks_out = arrived[:, 0] * left[:, 1] - arrived[:, 1] * left[:, 0] > 0
            found.append(np.hstack([points, before, after])[sticks_out])
    return np.concatenate(found)


@borrowing
def _along(x: float, y: float, narrow: float, toward: FloatArray, corner: FloatArray) -> bool:
    """Whether a string in a direction could bend round a corner: both its sides lie on one hand."""
    side0 = toward[0] * (corner[3] - y) - toward[1] * (corner[2] - x) * narrow
    side1 = toward[0] * (corner[5] - y) - toward[1] * (corner[4] - x) * narrow
    length0 = np.hypot((corner[2] - x) * narrow, corner[3] - y)
    length1 = np.hypot((corner[4] - x) * narrow, corner[5] - y)
    side0, side1 = side0 / length0, side1 / length1
    return bool(min(side0, side1) >= -GRAZING or max(side0, side1) <= GRAZING)


@borrowing
def _bearing(y0: float, x0: float, y1: float, x1: float, out: FloatArray) -> None:
    """East and north parts of the direction in which a great circle sets out."""
    radian = np.pi / 180
    turn = (x1 - x0) * radian
    east = np.sin(turn) * np.cos(y1 * radian)
    north = np.cos(y0 * radian) * np.sin(y1 * radian) - np.sin(y0 * radian) * np.cos(y1 * radian) * np.cos(
        turn
    )
    length = np.hypot(east, north)
    out[0], out[1] = east / length, north / length


@njit
def _sights(grid: Grid, capes: FloatArray, start: int, stop: int, out: IntArray) -> int:
    """Pairs of corners that see each other, the first of them from ``start`` to ``stop``."""
    count = 0
    toward = np.empty(2)
    radian = np.pi / 180
    for i in range(start, stop):
        x0, y0 = capes[i, 0], capes[i, 1]
        for j in range(i + 1, len(capes)):
            x1, y1 = capes[j, 0], capes[j, 1]
            if x0 == x1 and y0 == y1:
                continue
            _bearing(y0, x0, y1, x1, toward)
            if not _along(x0, y0, np.cos(y0 * radian), toward, capes[i]):
                continue
            _bearing(y1, x1, y0, x0, toward)
            if not _along(x1, y1, np.cos(y1 * radian), toward, capes[j]):
                continue
            if clear(grid, y0, x0, y1, x1):
                out[count, 0], out[count, 1] = i, j
                count += 1
    return count


def sights(coast: Coast, capes: FloatArray, block: int = 200) -> IntArray:
    """(m, 2) pairs of corners between which a string can run straight, off the given coast."""
    pairs = []
    room = np.empty((block * len(capes), 2), np.int64)
    for start in range(0, len(capes), block):
        count = _sights(coast.grid, capes, start, min(start + block, len(capes)), room)
        pairs.append(room[:count].copy())
    return np.concatenate(pairs)


def connected(pairs: IntArray, number: int) -> npt.NDArray[np.bool_]:
    """Which corners belong to the largest set that hangs together."""
    label = np.arange(number)
    while True:
        least = label.copy()
        np.minimum.at(least, pairs[:, 0], label[pairs[:, 1]])
        np.minimum.at(least, pairs[:, 1], label[pairs[:, 0]])
        least = least[least]
        if np.array_equal(least, label):
            break
        label = least
    values, sizes = np.unique(label, return_counts=True)
    kept: npt.NDArray[np.bool_] = label == values[np.argmax(sizes)]
    return kept


def graph(coast: Coast, capes: Sequence[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Places (longitude, latitude) and pairs of them: all corners off the coast that hang together."""
    everywhere = np.concatenate(capes)
    at_sea = ~coast.on_land(everywhere[:, 1], everywhere[:, 0]) & coast.knows(
        everywhere[:, 1], everywhere[:, 0]
    )
    everywhere = everywhere[at_sea]
    pairs = sights(coast, everywhere)
    kept = connected(pairs, len(everywhere))
    number = np.cumsum(kept) - 1
    return everywhere[kept, :2], number[pairs[kept[pairs[:, 0]]]]
