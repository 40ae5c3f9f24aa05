"""The shortest way at sea between two places: a great circle where no land lies in it, else round the capes.

Ways are exact for the land they are given: every leg is a great circle tried against the coast, and the way
is the shortest over all capes (`layers.capes`), found by A* with the great circle to the goal as estimate.
Places in enclosed waters first find out of them on a fine local lattice. Both directions give the same way.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layers.coast import Coast, FloatArray, clear
from layers.geodesy import NAUTICAL_MILE_M, display_longitude, distance_m, great_circle_points, wrap_longitude
from layers.harbour import into_water, way_out
from layers.jit import njit
from layers.seaways import Network, arc, shortest

IntArray = npt.NDArray[np.int64]

# A place sees open water when it sees one of so many capes around it.
NEAREST_CAPES = 48
# Lattices tried, one after the other, to find out of enclosed waters: step [degrees of latitude].
LATTICES_DEG = (0.003, 0.012)
CACHED_WAYS = 4096


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

    def split(self, longest_m: float) -> "Way":
        """Return the same way with further points on its great circles, no two farther apart than asked.

        >>> Way(np.array([40.0, 40.0]), np.array([170.0, -170.0]), 1.7e6).split(500_000.0).lon.round(1).tolist()
        [170.0, 175.0, -180.0, -175.0, -170.0]
        """
        legs = distance_m(self.lat[:-1], self.lon[:-1], self.lat[1:], self.lon[1:])
        number = np.maximum(np.ceil(legs / longest_m), 1).astype(np.int64)
        leg = np.repeat(np.arange(len(legs)), number)
        step = np.arange(len(leg)) - np.repeat(np.cumsum(number) - number, number)
        share = step / number[leg]
        lat, lon = great_circle_points(
            self.lat[leg], self.lon[leg], self.lat[leg + 1], self.lon[leg + 1], share
        )
        # The places themselves stay bit for bit: a way begins and ends where it was asked to.
        corner = step == 0
        lat[corner], lon[corner] = self.lat[:-1], self.lon[:-1]
        return Way(np.append(lat, self.lat[-1]), np.append(lon, self.lon[-1]), self.length_m)


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
        A place on mapped land is at sea if water is this near: berths lie on land that was drawn coarsely. [nm]

    Examples
    --------
    >>> import shapely
    >>> from layers import capes
    >>> island = shapely.box(179, 10, 181, 20)
    >>> coast = Coast.of([island], (170, 0, 190, 30))
    >>> places, pairs = capes.graph(coast, [capes.corners(capes.widened([island], 3.0), 1.0)])
    >>> sea = Sea(coast, places, pairs)
    >>> round(sea.way(15.0, 175.0, 15.0, -175.0).length_m / 1852), len(sea.way(5.0, 175.0, 5.0, -175.0).lat)
    (873, 2)
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
        start = (float(lat0), float(display_longitude(lon0)))
        end = (float(lat1), float(display_longitude(lon1)))
        if not np.isfinite([*start, *end]).all():
            raise NoWayError("unknown_sea", "a place without numbers has no way; give latitudes and longitudes")
        return self._kept(start, end) if start <= end else self._kept(end, start).reverse()

    def via(self, places: Sequence[tuple[float, float]]) -> Way:
        """Return the way at sea past places (latitude, longitude) in their order.

        Raises
        ------
        NoWayError
            If there is no way between two of them.
        """
        ways = [self.way(*start, *end) for start, end in zip(places[:-1], places[1:], strict=True)]
        lat = np.concatenate([ways[0].lat[:1], *(way.lat[1:] for way in ways)])
        lon = np.concatenate([ways[0].lon[:1], *(way.lon[1:] for way in ways)])
        return Way(lat, lon, sum(way.length_m for way in ways))

    def _find(self, start: tuple[float, float], end: tuple[float, float]) -> Way:
        if start == end:
            return _way([start, start])
        wet = [self._wet(place) for place in (start, end)]
        points = [start, *self._between(*wet), end]
        return _way([point for place, point in enumerate(points) if not place or point != points[place - 1]])

    def _wet(self, place: tuple[float, float]) -> tuple[float, float]:
        """Nearest place in water; the place itself if it is."""
        if not self.coast.knows(*place):
            raise NoWayError("unknown_sea", f"{place[0]:.3f}, {place[1]:.3f} lies where no land is known")
        if not self.coast.on_land(*place):
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
            raise NoWayError("enclosed", f"no way from {start[0]:.3f}, {start[1]:.3f} to {end[0]:.3f}, {end[1]:.3f}")
        middle = [(float(self._network.lat[cape]), float(self._network.lon[cape])) for cape in capes if cape >= 0]
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


def _restored(coast: Coast, capes: FloatArray, sights: IntArray, shore_nm: float) -> Sea:
    return Sea(coast, capes, sights, shore_nm=shore_nm)


def _way(points: list[tuple[float, float]]) -> Way:
    lat, lon = np.array(points).T
    return Way(lat.copy(), wrap_longitude(lon), float(distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum()))
