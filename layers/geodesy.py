"""Lengths and areas on the ellipsoid, great circles, and longitudes at 180 degrees.

Formulae are written once, with NumPy functions: they take a float or an array, and `njit` compiles the same
lines for use inside kernels (`lambert_m`).
"""

import functools
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyproj

from layers.jit import borrowing

FloatArray = npt.NDArray[np.float64]
Value = TypeVar("Value", float, FloatArray)

# WGS 84 (EPSG:7030): semi-major axis [m] and flattening, by definition of the ellipsoid.
EQUATOR_M = 6_378_137.0
FLATTENING = 1 / 298.257_223_563
POLE_M = EQUATOR_M * (1 - FLATTENING)
ECCENTRICITY = np.sqrt(FLATTENING * (2 - FLATTENING))
MEAN_RADIUS_M = (2 * EQUATOR_M + POLE_M) / 3
NAUTICAL_MILE_M = 1852.0

# From this share of the half circle on, the first-order formula is left for the iterative one:
# 1 - sin²(s/2) = 0.005 is 172 degrees of arc.
_NEAR_ANTIPODAL = 0.005
_TINY = 1e-300

# Above this length Lambert's formula may leave 1e-5 (measured against Karney's on 4e5 random pairs).
_SERIES_LIMIT_M = 17e6


def _reduced_latitude(lat: Value) -> tuple[Value, Value]:
    """Sine and cosine of the reduced latitude."""
    radian = np.pi / 180
    tangent = (1 - FLATTENING) * np.tan(lat * radian)
    cosine = 1 / np.sqrt(1 + tangent * tangent)
    return tangent * cosine, cosine


def _reduced_distance_m(sin0: Value, cos0: Value, sin1: Value, cos1: Value, step: Value) -> Value:
    """Geodesic length by Lambert's formula for long lines; `step` is that of longitude in degrees. [m]."""
    radian = np.pi / 180
    half = np.sin(step * radian / 2)
    # The squared chord between both ends, on the sphere of reduced latitudes, is 4 sin²(s/2).
    haversine = ((sin1 - sin0) ** 2 + (cos1 - cos0) ** 2) / 4 + cos0 * cos1 * half * half
    haversine = np.minimum(haversine, 1.0)
    rest = np.maximum(1 - haversine, _NEAR_ANTIPODAL)
    arc = 2 * np.arcsin(np.sqrt(haversine))
    sine = 2 * np.sqrt(haversine * (1 - haversine))
    along = (arc - sine) * ((sin0 + sin1) / 2) ** 2 / rest
    across = (arc + sine) * ((sin1 - sin0) / 2) ** 2 / np.maximum(haversine, _TINY)
    length: Value = EQUATOR_M * (arc - FLATTENING / 2 * (along + across))
    return length


reduced_latitude = borrowing(_reduced_latitude)
"""Sine and cosine of the reduced latitude of a float [degrees], to be called inside kernels."""

reduced_distance_m = borrowing(_reduced_distance_m)
"""As `lambert_m`, of both ends' reduced latitudes and their step in longitude [degrees]: for kernels that
pass along a track and meet each place twice."""


@borrowing
def lambert_m(lat0: float, lon0: float, lat1: float, lon1: float) -> float:
    """`distance_m` for four floats, to be called inside kernels. [m].

    Within 1e-5 up to 17,000 km and 3e-5 up to 19,000 km; between nearly opposite places finite, within 0.2 %.
    """
    sin0, cos0 = reduced_latitude(lat0)
    sin1, cos1 = reduced_latitude(lat1)
    return reduced_distance_m(sin0, cos0, sin1, cos1, lon1 - lon0)


@functools.cache
def _geod() -> pyproj.Geod:
    return pyproj.Geod(a=EQUATOR_M, f=FLATTENING)


def distance_m(
    lat0: npt.ArrayLike, lon0: npt.ArrayLike, lat1: npt.ArrayLike, lon1: npt.ArrayLike
) -> FloatArray:
    """Length of the shortest line on the WGS 84 ellipsoid. [m].

    Lambert's formula [1]_, first order in the flattening: within 1e-5 of the true geodesic. Pairs of nearly
    opposite places, where every such series fails, are solved by iteration (Karney's method, in pyproj).

    >>> float(distance_m(0.0, 0.0, 0.0, 0.66).round(1))
    73470.9
    >>> float(distance_m(35.0, 179.0, 35.0, -179.0).round(-2))
    182600.0

    References
    ----------
    .. [1] W. D. Lambert, "The distance between two widely separated points on the surface of the earth",
       J. Washington Academy of Sciences 32 (1942), 125-130.
    """
    places = [np.asarray(value, np.float64) for value in (lat0, lon0, lat1, lon1)]
    start_lat, start_lon, end_lat, end_lon = np.broadcast_arrays(*places)
    length = np.array(
        _reduced_distance_m(*_reduced_latitude(start_lat), *_reduced_latitude(end_lat), end_lon - start_lon)
    )
    far = length > _SERIES_LIMIT_M
    if far.any():
        length[far] = _geod().inv(start_lon[far], start_lat[far], end_lon[far], end_lat[far])[2]
    return length


def wrap_longitude(lon: npt.ArrayLike) -> FloatArray:
    """Longitude in [-180, 180). [degrees].

    Values already there are returned bit for bit.

    >>> wrap_longitude([-180.0, 180.0, 241.7, -118.3]).tolist()
    [-180.0, -180.0, -118.30000000000001, -118.3]
    """
    given = np.asarray(lon, np.float64)
    wrapped = np.mod(given + 180, 360) - 180
    wrapped = np.where(wrapped >= 180, -180.0, wrapped)
    return np.where((given >= -180) & (given < 180), given, wrapped)


def display_longitude(lon: npt.ArrayLike) -> FloatArray:
    """Longitude in [0, 360), which puts the Pacific in the middle of a map. [degrees].

    >>> display_longitude([114.3, -118.25, -180.0, 0.0, 360.0]).tolist()
    [114.3, 241.75, 180.0, 0.0, 0.0]
    """
    wrapped = wrap_longitude(lon)
    shown = np.where(wrapped < 0, wrapped + 360, wrapped)
    return np.where(shown >= 360, 0.0, shown)


def unwrap_longitudes(lon: npt.ArrayLike) -> FloatArray:
    """Longitudes of one track without the jump at 180 degrees; the first value stays. [degrees].

    Each step takes the shorter way round.

    >>> unwrap_longitudes([179.0, -179.0, -178.0]).tolist()
    [179.0, 181.0, 182.0]
    """
    given = np.asarray(lon, np.float64)
    turns = np.zeros(given.shape)
    turns[1:] = -np.cumsum(np.round(np.diff(given) / 360))
    return given + 360 * turns


def great_circle_points(
    lat0: npt.ArrayLike,
    lon0: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon1: npt.ArrayLike,
    fraction: npt.ArrayLike,
) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude of the places at a fraction of great circles. [degrees].

    All five arguments broadcast. Longitudes come wrapped to [-180, 180). Between opposite places, where no
    great circle is preferred, latitude and longitude run linearly.

    >>> lat, lon = great_circle_points(35.0, 140.0, 35.0, -120.0, [0.0, 0.5, 1.0])
    >>> lat.round(2).tolist(), lon.round(2).tolist()
    ([35.0, 47.45, 35.0], [140.0, -170.0, -120.0])
    """
    values = [np.asarray(value, np.float64) for value in (lat0, lon0, lat1, lon1, fraction)]
    y0, x0, y1, x1, share = np.broadcast_arrays(*values)
    start, end = _unit_vectors(y0, x0), _unit_vectors(y1, x1)
    cosine = (start * end).sum(axis=0)
    sideways = end - cosine * start
    sine = np.sqrt((sideways * sideways).sum(axis=0))
    arc = np.arctan2(sine, cosine)
    at = np.cos(share * arc) * start + np.sin(share * arc) * sideways / np.maximum(sine, _TINY)
    lat = np.degrees(np.arctan2(at[2], np.hypot(at[0], at[1])))
    lon = np.degrees(np.arctan2(at[1], at[0]))
    straight = sine < 1e-12
    step = wrap_longitude(x1 - x0)
    lat = np.where(straight, y0 + share * (y1 - y0), lat)
    lon = np.where(straight, x0 + share * step, lon)
    return lat, wrap_longitude(lon)


def _unit_vectors(lat: FloatArray, lon: FloatArray) -> FloatArray:
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])


def area_from_equator_m2(lat: npt.ArrayLike) -> FloatArray:
    """Area of the ellipsoid between equator and a parallel, for one radian of longitude. [m² / rad].

    Exact on the ellipsoid (Snyder [1]_, equations 3-11 and 3-12). With it as ordinate and the longitude in
    radians as abscissa, plane areas are true areas.

    >>> whole = 2 * 2 * np.pi * area_from_equator_m2(90.0)
    >>> round(float(whole) / 1e12, 2)
    510.07

    References
    ----------
    .. [1] J. P. Snyder, "Map projections: a working manual", USGS Professional Paper 1395 (1987), p. 16.
    """
    sine = np.sin(np.radians(np.asarray(lat, np.float64)))
    e = ECCENTRICITY
    area: FloatArray = POLE_M**2 / 2 * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return area
