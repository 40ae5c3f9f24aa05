"""A* over capes: the shortest way between two places in open water."""

import heapq
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layers.coast import FloatArray, Grid, clear
from layers.jit import njit

IntArray = npt.NDArray[np.int64]

START, GOAL, NOBODY = -1, -2, -3


class Network(NamedTuple):
    """Capes and what they see: of cape i that is ``other[first[i]:first[i + 1]]``. [degrees, rad]."""

    lat: FloatArray
    lon: FloatArray
    first: IntArray
    other: IntArray
    length: FloatArray

    @classmethod
    def of(cls, capes: FloatArray, sights: IntArray) -> "Network":
        """Network of capes (longitude, latitude) and pairs of them."""
        lat, lon = capes[:, 1].copy(), capes[:, 0] % 360.0
        both = np.concatenate([sights, sights[:, ::-1]]).astype(np.int64)
        both = both[np.lexsort((both[:, 1], both[:, 0]))]
        return cls(
            lat=lat,
            lon=lon,
            first=np.searchsorted(both[:, 0], np.arange(len(capes) + 1)).astype(np.int64),
            other=both[:, 1].copy(),
            length=arc(lat[both[:, 0]], lon[both[:, 0]], lat[both[:, 1]], lon[both[:, 1]]),
        )

    def capes(self) -> FloatArray:
        """(n, 2) longitude and latitude."""
        return np.column_stack([self.lon, self.lat])

    def sights(self) -> IntArray:
        """(m, 2) pairs, each once."""
        here = np.repeat(np.arange(len(self.lat)), np.diff(self.first))
        once = here < self.other
        return np.column_stack([here[once], self.other[once]]).astype(np.int64)


def _arc(y0: Any, x0: Any, y1: Any, x1: Any) -> Any:
    """Angle between two places. [rad]."""
    radian = np.pi / 180
    up = np.sin((y1 - y0) * radian / 2)
    over = np.sin((x1 - x0) * radian / 2)
    squared = up * up + np.cos(y0 * radian) * np.cos(y1 * radian) * over * over
    return 2 * np.arcsin(np.sqrt(np.minimum(squared, 1.0)))


arc = _arc
_one_arc = njit(_arc)


@njit
def shortest(grid: Grid, network: Network, start: tuple[float, float], goal: tuple[float, float]) -> IntArray:
    """Numbers of the capes on the shortest way from start to goal, -1 and -2 for the ends; none if no way.

    Whether an end sees a cape is tried only when the way would be the best one left: most never are.
    """
    number = len(network.lat)
    came = np.full(number, NOBODY, np.int64)
    left = np.empty(number)
    direct = float(_one_arc(start[0], start[1], goal[0], goal[1]))
    queue = [(direct, 0.0, GOAL, START)]
    for cape in range(number):
        left[cape] = _one_arc(network.lat[cape], network.lon[cape], goal[0], goal[1])
        way = _one_arc(start[0], start[1], network.lat[cape], network.lon[cape])
        queue.append((way + left[cape], way, cape, START))
    heapq.heapify(queue)
    while queue:
        _, way, here, before = heapq.heappop(queue)
        if here == GOAL:
            y, x = start
            if before >= 0:
                y, x = network.lat[before], network.lon[before]
            if clear(grid, y, x, goal[0], goal[1]):
                return _traced(came, before)
            continue
        if came[here] != NOBODY:
            continue
        if before == START and not clear(grid, start[0], start[1], network.lat[here], network.lon[here]):
            continue
        came[here] = before
        heapq.heappush(queue, (way + left[here], way + left[here], GOAL, here))
        for k in range(network.first[here], network.first[here + 1]):
            other = network.other[k]
            if came[other] == NOBODY:
                on = way + network.length[k]
                heapq.heappush(queue, (on + left[other], on, other, here))
    return np.empty(0, np.int64)


@njit
def _traced(came: IntArray, last: int) -> IntArray:
    """Capes from start to goal, by going back from the last one."""
    count, here = 2, last
    while here >= 0:
        count, here = count + 1, came[here]
    way = np.empty(count, np.int64)
    way[0], way[-1] = START, GOAL
    place, here = count - 2, last
    while here >= 0:
        way[place] = here
        place, here = place - 1, came[here]
    return way
