"""The shortest way at sea between two places: a great circle where no land lies in it, else round the capes.

Ways are exact for the land they are given: every leg is a great circle tried against the coast, and the way
is the shortest over all capes (`layers.capes`), found by A* with the great circle to the goal as estimate.
Places in enclosed waters first find out of them on a fine local lattice. Both directions give the same way.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layers.coast import Coast, FloatArray, clear, known, on_land, straight_clear_many
from layers.geodesy import NAUTICAL_MILE_M, display_longitude, distance_m, great_circle_points, wrap_longitude
from layers.harbour import into_water, way_out
from layers.seaways import Network, arc, shortest

IntArray = npt.NDArray[np.int64]

# A place sees open water when it sees one of so many capes around it.
NEAREST_CAPES = 48
# Lattices tried, one after the other, to find out of enclosed waters: step [degrees of latitude].
LATTICES_DEG = (0.0005, 0.003, 0.012)
CACHED_WAYS = 4096
DECIMALS = 7
# A straight line of 60 nm leaves its great circle by 0.1 to 0.3 nm, one of 8 km by 3 m at most.
FINER_M = (8_000.0, 1_000.0)


class NoWayError(ValueError):
    """No way at sea: ``reason`` is ``unknown_sea``, ``inland`` or ``enclosed``.

    >>> NoWayError("inland", "no sea within 10 nm of 39.0, -98.0").reason
    'inland'
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Way:
    """A way at sea: the places where it bends, ends included, joined by great circles. [degrees, m]."""

    lat: FloatArray
    lon: FloatArray
    length_m: float

    def reverse(self) -> "Way":
        """Return the same way in the other direction."""
        return Way(self.lat[::-1], self.lon[::-1], self.length_m)

    def between(self, start: tuple[float, float], end: tuple[float, float]) -> "Way":
        """Return the same way with its ends (latitude, longitude in ±180) bit for bit as given."""
        lat, lon = self.lat.copy(), self.lon.copy()
        lat[0], lon[0] = start
        lat[-1], lon[-1] = end
        return Way(lat, lon, self.length_m)


class Sea:
    """Water between coasts, and the ways over it.

    Parameters
    ----------
    coast : Coast
        Land, indexed.
    capes : array
        (n, 2) longitude and latitude of corners to turn at. [degrees]
    sights : array
        (m, 2) pairs of corners joined by open water.
    shore_nm : float
        A place on mapped land counts as at sea if water is this near: coarse land covers berths. [nm]

    Examples
    --------
    >>> import shapely
    >>> from layers import capes
    >>> island = shapely.box(179, 10, 181, 20)
    >>> coast = Coast.of([island], (170, 0, 190, 30))
    >>> places, pairs = capes.graph(coast, [capes.corners(capes.widened([island], 3.0), 1.0)])
    >>> sea = Sea(coast, places, pairs)
    >>> round(sea.way(15.0, 175.0, 15.0, -175.0).length_m / 1852), len(sea.way(5.0, 175.0, 5.0, -175.0).lat)
    (871, 2)
    """

    def __init__(self, coast: Coast, capes: FloatArray, sights: IntArray, *, shore_nm: float = 10.0) -> None:
        self.coast = coast
        self.shore_nm = shore_nm
        self._network = Network.of(capes, sights)
        self._kept = functools.lru_cache(CACHED_WAYS)(self._find)

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker gets the sea without the ways that were found on it.
        network = self._network
        return _restored, (self.coast, network.capes(), network.sights(), self.shore_nm)

    def way(self, lat0: float, lon0: float, lat1: float, lon1: float) -> Way:
        """Return the shortest way at sea between two places, longitudes in ±180. [degrees, m].

        Parameters
        ----------
        lat0, lon0, lat1, lon1 : float
            Both ends; longitudes in ±180 or 0 to 360. [degrees]

        Raises
        ------
        NoWayError
            If an end is not known to be near the sea, or in waters without a way out.
        """
        if not all(map(math.isfinite, (lat0, lon0, lat1, lon1))):
            raise NoWayError(
                "unknown_sea", "a place without numbers has no way; give latitudes and longitudes"
            )
        start, end = _rounded(lat0, lon0), _rounded(lat1, lon1)
        way = self._kept(start, end) if start <= end else self._kept(end, start).reverse()
        return way.between((lat0, _wrapped(lon0)), (lat1, _wrapped(lon1)))

    def via(self, places: Sequence[tuple[float, float]]) -> Way:
        """Return the way at sea past places (latitude, longitude) in their order.

        Raises
        ------
        NoWayError
            If there is no way between two of them.
        """
        ways = [self.way(*start, *end) for start, end in itertools.pairwise(places)]
        lat = np.concatenate([ways[0].lat[:1], *(way.lat[1:] for way in ways)])
        lon = np.concatenate([ways[0].lon[:1], *(way.lon[1:] for way in ways)])
        return Way(lat, lon, sum(way.length_m for way in ways))

    def pieces(self, ways: Sequence[Way], longest_m: float) -> tuple[IntArray, FloatArray]:
        """Return ways as short lines: the number of its way and (4, n) ends of each. [degrees].

        Ends are latitude and longitude of the beginning, then of the end, on the great circles of the
        ways; so close that straight lines in degrees between them cross no land either.

        Parameters
        ----------
        ways : sequence of Way
            As `way` gave them.
        longest_m : float
            Longest piece where there is room. [m]

        Examples
        --------
        >>> from layers.coast import Coast
        >>> sea = Sea(Coast.of([], (160, 30, 200, 50)), np.empty((0, 2)), np.empty((0, 2), np.int64))
        >>> _, ends = sea.pieces([sea.way(40.0, 170.0, 40.0, -170.0)], 500_000.0)
        >>> ends[[1, 3]].round(1).tolist()
        [[170.0, 175.0, -180.0, -175.0], [175.0, -180.0, -175.0, -170.0]]
        """
        number = np.repeat(np.arange(len(ways)), [len(way.lat) - 1 for way in ways])
        before, after = [way.lat[:-1] for way in ways], [way.lat[1:] for way in ways]
        lon_before, lon_after = [way.lon[:-1] for way in ways], [way.lon[1:] for way in ways]
        ends = np.stack([np.concatenate(part) for part in (before, lon_before, after, lon_after)])
        leg, ends = _cut(ends, np.full(len(number), longest_m))
        number = number[leg]
        for finer_m in FINER_M:
            y0, x0, y1, x1 = ends[0], display_longitude(ends[1]), ends[2], display_longitude(ends[3])
            touching = ~straight_clear_many(self.coast.grid, y0, x0, y1, x1)
            leg, ends = _cut(ends, np.where(touching, finer_m, np.inf))
            number = number[leg]
        return number, ends

    def _find(self, start: tuple[float, float], end: tuple[float, float]) -> Way:
        if start == end:
            return _way([start, start])
        wet = [self._wet(place) for place in (start, end)]
        points = [start, *self._between(*wet), end]
        return _way([point for place, point in enumerate(points) if not place or point != points[place - 1]])

    def _wet(self, place: tuple[float, float]) -> tuple[float, float]:
        """Nearest place in water; the place itself if it is."""
        if not known(self.coast.grid, *place):
            raise NoWayError("unknown_sea", f"{place[0]:.3f}, {place[1]:.3f} lies where no land is known")
        if not on_land(self.coast.grid, *place):
            return place
        y, x = into_water(self.coast.grid, *place, self.shore_nm * NAUTICAL_MILE_M)
        if np.isnan(y):
            message = f"{place[0]:.3f}, {place[1]:.3f} has no sea within {self.shore_nm:g} nm"
            raise NoWayError("inland", message)
        return y, x

    def _between(self, start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
        """Places of the way between two places in water, both included."""
        grid = self.coast.grid
        if clear(grid, *start, *end):
            return [start, end]
        out, home = self._open(start), self._open(end)
        capes = shortest(grid, self._network, out[-1], home[-1])
        if not len(capes):
            raise NoWayError(
                "enclosed", f"no way from {start[0]:.3f}, {start[1]:.3f} to {end[0]:.3f}, {end[1]:.3f}"
            )
        middle = [
            (float(self._network.lat[cape]), float(self._network.lon[cape])) for cape in capes if cape >= 0
        ]
        points = [*out, *middle, *reversed(home)]
        return self._taut(points) if len(out) + len(home) > 2 else points

    def _open(self, place: tuple[float, float]) -> list[tuple[float, float]]:
        """Places from a place out to where it sees a cape."""
        network, grid = self._network, self.coast.grid
        far = arc(*place, network.lat, network.lon)
        for cape in np.argsort(far)[:NEAREST_CAPES]:
            if clear(grid, *place, network.lat[cape], network.lon[cape]):
                return [place]
        for step in LATTICES_DEG:
            rows = way_out(grid, *place, step, network.lat, network.lon)
            if len(rows):
                return self._taut([(float(y), float(x)) for y, x in rows])
        raise NoWayError("enclosed", f"{place[0]:.3f}, {place[1]:.3f} lies in waters without a way out")

    def _taut(self, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        """Pull a way straight: from each place on to the farthest that is in sight."""
        grid = self.coast.grid
        pulled, here = [points[0]], 0
        while here < len(points) - 1:
            there = len(points) - 1
            while there > here + 1 and not clear(grid, *points[here], *points[there]):
                there -= 1
            pulled.append(points[there])
            here = there
        return pulled


def _cut(ends: FloatArray, longest_m: FloatArray) -> tuple[IntArray, FloatArray]:
    """Cut great circles into equal parts, none longer than asked: the line of each part, and its ends."""
    parts = np.maximum(np.ceil(distance_m(*ends) / longest_m), 1).astype(np.int64)
    line = np.repeat(np.arange(len(parts)), parts)
    step = np.arange(len(line)) - np.repeat(np.cumsum(parts) - parts, parts)
    inner = np.flatnonzero(step > 0)
    lat0, lon0, lat1, lon1 = ends[:, line[inner]]
    lat, lon = great_circle_points(lat0, lon0, lat1, lon1, step[inner] / parts[line[inner]])
    # The ends of lines stay bit for bit: a way begins and ends where it was asked to.
    cut = ends[:, line]
    cut[0, inner], cut[1, inner] = lat, lon
    cut[2, inner - 1], cut[3, inner - 1] = lat, lon
    return line, cut


def _wrapped(lon: float) -> float:
    return lon if -180.0 <= lon < 180.0 else float(wrap_longitude(lon))


def _rounded(lat: float, lon: float) -> tuple[float, float]:
    """A place to the centimetre, with a longitude from 0 to 360: one place however it was written."""
    return round(float(lat), DECIMALS), round(float(lon) % 360.0, DECIMALS) % 360.0


def _restored(coast: Coast, capes: FloatArray, sights: IntArray, shore_nm: float) -> Sea:
    return Sea(coast, capes, sights, shore_nm=shore_nm)


def _way(points: list[tuple[float, float]]) -> Way:
    lat, lon = np.array(points).T
    return Way(lat.copy(), wrap_longitude(lon), float(distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum()))
