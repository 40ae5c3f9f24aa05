"""Out of enclosed waters: from a quay into the water, and from a harbour to a cape in the open."""

import heapq
from typing import Any

import numpy as np

from layers.coast import FloatArray, Grid, known, on_land, straight_clear
from layers.jit import borrowing, njit

METRES_PER_DEG = 111_195.0
# Rings of places around one on land: the first radius, how they grow, and how many places a ring has.
FIRST_RING_M = 30.0
GROWTH = 1.15
BEARINGS = 48
# Half the side of the lattice on which a way out is looked for, in steps.
HALF = 300
DIAGONAL = np.sqrt(2.0)


@borrowing
def into_water(grid: Grid, y: float, x: float, most_m: float) -> tuple[float, float]:
    """Nearest water around a place on land, on rings that grow; NaN if there is none within reach."""
    narrow = np.cos(y * np.pi / 180)
    reach = FIRST_RING_M
    while reach <= most_m:
        for k in range(BEARINGS):
            turn = 2 * np.pi * k / BEARINGS
            wet_y = y + reach / METRES_PER_DEG * np.cos(turn)
            wet_x = x + reach / METRES_PER_DEG * np.sin(turn) / narrow
            if known(grid, wet_y, wet_x) and not on_land(grid, wet_y, wet_x):
                return wet_y, wet_x
        reach *= GROWTH
    return np.nan, np.nan


@njit
def _marks(origin: tuple[float, float], step: tuple[float, float], lat: FloatArray, lon: FloatArray) -> Any:
    """Lattice with the number of a cape at the point nearest to it, -1 elsewhere."""
    side = 2 * HALF + 1
    marks = np.full(side * side, -1, np.int32)
    for cape in range(len(lat)):
        row = int(np.round((lat[cape] - origin[0]) / step[0])) + HALF
        column = int(np.round((lon[cape] - origin[1]) / step[1])) + HALF
        if 0 <= row < side and 0 <= column < side:
            marks[row * side + column] = cape
    return marks


@njit
def way_out(grid: Grid, y: float, x: float, step_deg: float, lat: FloatArray, lon: FloatArray) -> FloatArray:
    """(n, 2) latitudes and longitudes from a place in water to the first cape; empty if there is none.

    Dijkstra on a square lattice around the place; every step is tried against the coast.
    """
    side = 2 * HALF + 1
    step = (step_deg, step_deg / np.cos(y * np.pi / 180))
    marks = _marks((y, x), step, lat, lon)
    came = np.full(side * side, -1, np.int32)
    best = np.full(side * side, np.inf)
    middle = HALF * side + HALF
    best[middle], came[middle] = 0.0, middle
    queue = [(0.0, middle)]
    while queue:
        way, here = heapq.heappop(queue)
        if way > best[here]:
            continue
        row, column = here // side, here % side
        here_y, here_x = y + (row - HALF) * step[0], x + (column - HALF) * step[1]
        cape = marks[here]
        if cape >= 0 and straight_clear(grid, here_y, here_x, lat[cape], lon[cape]):
            return _back(came, here, (y, x), step, (lat[cape], lon[cape]))
        for up in range(-1, 2):
            for over in range(-1, 2):
                if not (0 <= row + up < side and 0 <= column + over < side) or (up == 0 and over == 0):
                    continue
                there = (row + up) * side + column + over
                on = way + (DIAGONAL if up != 0 and over != 0 else 1.0)
                if on < best[there] and straight_clear(
                    grid, here_y, here_x, here_y + up * step[0], here_x + over * step[1]
                ):
                    best[there], came[there] = on, here
                    heapq.heappush(queue, (on, there))
    return np.empty((0, 2))


@njit
def _back(
    came: Any, last: int, origin: tuple[float, float], step: tuple[float, float], cape: tuple[float, float]
) -> FloatArray:
    """Places from the origin to a lattice point, and the cape behind it."""
    side = 2 * HALF + 1
    count, here = 2, last
    while came[here] != here:
        count, here = count + 1, came[here]
    out = np.empty((count, 2))
    out[count - 1, 0], out[count - 1, 1] = cape
    here = last
    for place in range(count - 2, -1, -1):
        out[place, 0] = origin[0] + (here // side - HALF) * step[0]
        out[place, 1] = origin[1] + (here % side - HALF) * step[1]
        here = came[here]
    return out
