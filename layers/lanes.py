"""Lanes of the whole world: a graph of sea lanes for pairs of places that `layers.sea` does not know.

Coarser than `layers.sea`: lanes were drawn by others to look right on a map of the world, and land is known
to a few nautical miles. Every answer is checked: places without numbers or off the sphere, inland, or out of
reach of any lane are refused instead of being moved to somewhere else.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.geodesy import (
    NAUTICAL_MILE_M,
    distance_m,
    great_circle_points,
    unwrap_longitudes,
    wrap_longitude,
)
from layers.sea import NoWayError, Way

if TYPE_CHECKING:
    import networkx as nx

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Place = tuple[float, float]

# Great circles are tried against land in straight pieces of this length; they leave it by 0.02 nm. [nm]
PIECE_NM = 10.0
NM_PER_DEG = 60.0
# Land this far off the coast of the coarse map may be a harbour or a river's mouth. [nm]
SHORE_NM = 10.0
# A lane this near is joined although coarse land lies between. [nm]
HARBOUR_NM = 10.0
REACH_NM = 1500.0
MOST_JOINED = 8


class Land:
    """Land of the world: how far in a place lies, and how much of it a great circle crosses.

    Parameters
    ----------
    shapes : array of polygons
        Longitudes in ±180. [degrees]

    Examples
    --------
    >>> land = Land([shapely.box(-5, -5, 5, 5)])
    >>> round(land.inland_nm(0.0, 4.0)), land.inland_nm(0.0, 6.0), round(land.crossed_nm(0, -10, 0, 10))
    (60, 0.0, 600)
    """

    def __init__(self, shapes: Any) -> None:
        self._shapes = np.asarray(shapes, dtype=object)
        self._tree = shapely.STRtree(self._shapes)
        self._coasts = shapely.boundary(self._shapes)

    def inland_nm(self, lat: float, lon: float) -> float:
        """Return how far a place lies from the sea, 0 at sea. [nm].

        Distances are those of a plane whose scale is the place's own: right to a per cent near the coast.
        """
        point = shapely.Point(float(wrap_longitude(lon)), lat)
        inside = self._tree.query(point, predicate="intersects")
        if not len(inside):
            return 0.0
        scale = np.array([np.cos(np.radians(lat)), 1.0])
        near = shapely.Point(point.x * scale[0], lat)
        return (
            max(
                float(shapely.distance(near, shapely.transform(self._coasts[k], lambda xy: xy * scale)))
                for k in inside
            )
            * NM_PER_DEG
        )

    def crossed_nm(self, lat0: float, lon0: float, lat1: float, lon1: float) -> float:
        """Return how much of the great circle between two places lies on land. [nm]."""
        lat, lon = _drawn(lat0, lon0, lat1, lon1)
        along = unwrap_longitudes(lon)
        total = 0.0
        for turn in (-360.0, 0.0, 360.0):
            line = shapely.LineString(np.column_stack([along + turn, lat]))
            for number in self._tree.query(line, predicate="intersects"):
                total += _length_nm(shapely.intersection(line, self._shapes[number]))
        return total


def _drawn(lat0: float, lon0: float, lat1: float, lon1: float) -> tuple[FloatArray, FloatArray]:
    """Great circle as points, its ends included. [degrees]."""
    length_nm = float(distance_m(lat0, lon0, lat1, lon1)) / NAUTICAL_MILE_M
    share = np.linspace(0.0, 1.0, max(int(np.ceil(length_nm / PIECE_NM)), 1) + 1)
    return great_circle_points(lat0, lon0, lat1, lon1, share)


def _length_nm(shape: Any) -> float:
    """Length of lines in degrees, each piece in its own scale of longitude. [nm]."""
    total = 0.0
    for part in shapely.get_parts(shape):
        xy = shapely.get_coordinates(part)
        step = np.diff(xy, axis=0)
        narrow = np.cos(np.radians((xy[1:, 1] + xy[:-1, 1]) / 2))
        total += float(np.hypot(step[:, 0] * narrow, step[:, 1]).sum()) * NM_PER_DEG
    return total


@dataclass(frozen=True, eq=False)
class LaneGraph:
    """Places joined by lanes, and the land they keep off.

    Parameters
    ----------
    lat, lon : array
        Places, longitudes in ±180. [degrees]
    pairs : array
        (m, 2) numbers of places joined by a lane.
    land : Land
        Land of the world.

    Examples
    --------
    >>> lat, lon = np.array([0.0, 0.0, 0.0]), np.array([170.0, 180.0, -170.0])
    >>> graph = LaneGraph(lat, lon, np.array([[0, 1], [1, 2]]), Land([shapely.box(-180, -5, -175, 5)]))
    >>> way = graph.way((1.0, 171.0), (1.0, -171.0))
    >>> len(way.lat), round(way.length_m / 1852)
    (4, 1230)
    """

    lat: FloatArray
    lon: FloatArray
    pairs: IntArray
    land: Land

    @functools.cached_property
    def _graph(self) -> nx.Graph[Any]:
        import networkx as nx  # noqa: PLC0415 — slow to import

        graph: nx.Graph[Any] = nx.Graph()
        here, there = self.pairs.T
        length = distance_m(self.lat[here], self.lon[here], self.lat[there], self.lon[there])
        graph.add_weighted_edges_from(zip(here.tolist(), there.tolist(), length.tolist(), strict=True))
        return graph

    def way(self, start: Place, end: Place) -> Way:
        """Return the shortest way over lanes between two places (latitude, longitude). [degrees, m].

        Raises
        ------
        NoWayError
            If an end has no numbers, lies off the sphere, inland, or out of reach of any lane.
        """
        import networkx as nx  # noqa: PLC0415 — slow to import

        first, last = _checked(start), _checked(end)
        for place in (first, last):
            self._refuse_inland(place)
        if first == last:
            return way_of([first, last])
        if self.land.crossed_nm(*first, *last) == 0.0:
            return way_of([first, last])
        graph = self._graph.copy()
        for name, place in (("start", first), ("end", last)):
            joined = self._joined(place)
            if not joined:
                message = f"{place[0]:.3f}, {place[1]:.3f} sees no sea lane; give a place nearer to one"
                raise NoWayError("enclosed", message)
            graph.add_weighted_edges_from((name, number, length) for number, length in joined)
        found = nx.bidirectional_dijkstra(graph, "start", "end")[1]
        middle = [(float(self.lat[k]), float(self.lon[k])) for k in found[1:-1]]
        return way_of([first, *middle, last])

    def _refuse_inland(self, place: Place) -> None:
        if self._nearest_nm(place)[1][0] <= HARBOUR_NM:
            return
        inland = self.land.inland_nm(*place)
        if inland > SHORE_NM:
            message = f"{place[0]:.3f}, {place[1]:.3f} lies {inland:.0f} nm inland; give a place at sea"
            raise NoWayError("inland", message)

    def _nearest_nm(self, place: Place) -> tuple[IntArray, FloatArray]:
        far = distance_m(*place, self.lat, self.lon) / NAUTICAL_MILE_M
        order = np.argsort(far, kind="stable")
        return order, far[order]

    def _joined(self, place: Place) -> list[tuple[int, float]]:
        """Numbers of the nearest places on lanes in sight, with their distance. [m]."""
        order, far_nm = self._nearest_nm(place)
        allowed = SHORE_NM if self.land.inland_nm(*place) > 0 else 0.0
        joined: list[tuple[int, float]] = []
        for number, far in zip(order[:200].tolist(), far_nm[:200].tolist(), strict=True):
            if far > REACH_NM or len(joined) == MOST_JOINED:
                break
            seen = self.land.crossed_nm(*place, float(self.lat[number]), float(self.lon[number])) <= allowed
            if far <= HARBOUR_NM or seen:
                joined.append((number, far * NAUTICAL_MILE_M))
        return joined


def _checked(place: Place) -> Place:
    """A place with numbers on the sphere, its longitude in ±180."""
    lat, lon = place
    if not (np.isfinite(lat) and np.isfinite(lon)) or abs(lat) > 90.0 or abs(lon) > 360.0:
        message = f"found {lat}, {lon}; expected latitude in ±90 and longitude in ±180 or 0 to 360"
        raise NoWayError("unknown_sea", message)
    return float(lat), float(wrap_longitude(lon))


def way_of(places: Iterable[Place]) -> Way:
    """Join places (latitude, longitude) by great circles, those given twice in a row once. [degrees, m].

    >>> round(way_of([(0.0, 179.5), (0.0, -179.5)]).length_m)
    111319
    """
    given = list(places)
    kept = [given[0]] + [here for before, here in itertools.pairwise(given) if here != before]
    if len(kept) == 1:
        kept = kept * 2
    lat, lon = np.array(kept, np.float64).T
    lon = wrap_longitude(lon)
    return Way(lat.copy(), lon, float(distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum()))
