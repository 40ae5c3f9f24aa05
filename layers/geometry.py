"""Shapely geometry at the doors: lines and polygons for files, and their 0–360 copies for the page.

Inside, a track is columns. In files longitudes run from −180 to 180 and nothing crosses that seam (RFC 7946,
section 3.1.9); on the page they run from 0 to 360, so that the Pacific is in one piece.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

_WORLD = shapely.box(-180.0, -90.0, 180.0, 90.0)
_WEST = shapely.box(-180.0, -90.0, 0.0, 90.0)
_EAST = shapely.box(0.0, -90.0, 180.0, 90.0)


def crossing_latitude(
    lat0: npt.ArrayLike, lon0: npt.ArrayLike, lat1: npt.ArrayLike, lon1: npt.ArrayLike
) -> Floats:
    """Latitude where the great circle between two points meets the 180th meridian [degrees].

    The latitude φ of a great circle at a longitude λ follows from its two ends:
    tan φ = (tan φ₀ sin(λ₁ − λ) + tan φ₁ sin(λ − λ₀)) / sin(λ₁ − λ₀) [1]_.

    Parameters
    ----------
    lat0, lon0, lat1, lon1
        The ends [degrees, ±180]; their shorter way is taken to cross 180°.

    Examples
    --------
    Half-way between two points on one parallel the great circle runs nearer the pole:

    >>> round(float(crossing_latitude(45.0, 170.0, 45.0, -170.0)), 4)
    45.4385

    References
    ----------
    .. [1] Ed Williams, "Aviation Formulary", section "Latitude of point on GC".
    """
    start, end = np.radians(np.asarray(lat0, float)), np.radians(np.asarray(lat1, float))
    west = np.mod(np.asarray(lon0, float), 360.0)
    east = np.mod(np.asarray(lon1, float), 360.0)
    before, after, whole = (np.radians(x) for x in (180.0 - west, east - 180.0, east - west))
    across = np.sin(whole)
    on_meridian = np.isclose(across, 0.0, atol=1e-15)
    tangent = np.tan(start) * np.sin(after) + np.tan(end) * np.sin(before)
    found = np.degrees(np.arctan(tangent / np.where(on_meridian, 1.0, across)))
    latitude: Floats = np.where(on_meridian, np.degrees(start), found)
    return latitude


def track_lines(lat: npt.ArrayLike, lon: npt.ArrayLike, track: npt.ArrayLike) -> Geometries:
    """One MultiLineString per track, split at ±180 [degrees].

    Where two fixes lie on both sides of 180° the line ends on the seam and begins again on the other side,
    at the latitude of the great circle.

    Parameters
    ----------
    lat, lon
        Fixes in the order sailed [degrees, longitude ±180].
    track
        Number of each fix's track, from 0, ascending; the answer has ``track.max() + 1`` places.

    Returns
    -------
    ndarray of shapely geometry
        ``None`` for a track that never moves: it has no line.

    Raises
    ------
    ValueError
        If a coordinate is missing or outside its range, or the track numbers do not ascend from 0.

    Examples
    --------
    >>> print(track_lines([0.0, 0.0, 1.0], [179.0, -179.0, -178.0], [0, 0, 0])[0])
    MULTILINESTRING ((179 0, 180 0), (-180 0, -179 0, -178 1))
    """
    lat, lon, track = np.asarray(lat, float), np.asarray(lon, float), np.asarray(track, np.int64)
    _check_fixes(lat, lon, track)
    if not len(track):
        return np.empty(0, object)
    coordinates, owner, part = _cut_at_seam(lat, lon, track)
    keep = _moving(coordinates, part)
    coordinates, owner, part = coordinates[keep], owner[keep], part[keep]
    out = np.full(int(track[-1]) + 1, None, object)
    if len(part):
        begins = np.diff(part, prepend=part[0] - 1) != 0
        lines = shapely.linestrings(coordinates, indices=np.cumsum(begins) - 1)
        shapely.multilinestrings(lines, indices=owner[begins], out=out)
    return out


def segment_lines(
    lat0: npt.ArrayLike, lon0: npt.ArrayLike, lat1: npt.ArrayLike, lon1: npt.ArrayLike
) -> Geometries:
    """One MultiLineString per segment, split at ±180; ``None`` for a stay [degrees].

    >>> print(segment_lines([10.0], [-179.5], [10.0], [179.5])[0])
    MULTILINESTRING ((-179.5 10, -180 10.0...), (180 10.0..., 179.5 10))
    """
    lat = np.column_stack([np.asarray(lat0, float), np.asarray(lat1, float)])
    lon = np.column_stack([np.asarray(lon0, float), np.asarray(lon1, float)])
    return track_lines(lat.ravel(), lon.ravel(), np.repeat(np.arange(len(lat)), 2))


def points(lat: npt.ArrayLike, lon: npt.ArrayLike) -> Geometries:
    """Points from coordinate columns, longitudes wrapped to ±180 [degrees].

    >>> print(points([33.75], [241.8])[0])
    POINT (-118.2 33.75)
    """
    lat, lon = np.asarray(lat, float), np.asarray(lon, float)
    outside = (lon < -180.0) | (lon > 180.0)
    wrapped = np.where(outside, np.round(np.mod(lon + 180.0, 360.0) - 180.0, 12), lon)
    made: Geometries = shapely.points(wrapped, lat)
    return made


def cell_polygons(
    west: npt.ArrayLike, south: npt.ArrayLike, east: npt.ArrayLike, north: npt.ArrayLike
) -> Geometries:
    """Rectangles of grid cells [degrees].

    Raises
    ------
    ValueError
        If a cell crosses ±180: the lattice has to be laid so that the seam is a cell edge.

    Examples
    --------
    >>> print(cell_polygons([179.9], [10.0], [180.0], [10.1])[0].bounds)
    (179.9, 10.0, 180.0, 10.1)
    """
    west, east = np.asarray(west, float), np.asarray(east, float)
    if len(west) and (west.min() < -180.0 or east.max() > 180.0 + 1e-9):
        message = (
            f"found cells from {west.min():g} to {east.max():g} degrees east; "
            "expected cells inside -180 to 180; lay the lattice so that 180 is a cell edge"
        )
        raise ValueError(message)
    boxes: Geometries = shapely.box(west, south, np.minimum(east, 180.0), north)
    return boxes


def split_at_180(geometries: npt.ArrayLike) -> Geometries:
    """Geometry in ±180 from geometry drawn in any turn of longitude, cut at the seam [degrees].

    Zones drawn across the Pacific in 0–360 (or beyond, down to −540 and up to 540) come back as parts on both
    sides. What already lies in ±180 is returned as it is.

    >>> print(split_at_180([shapely.box(170.0, 0.0, 190.0, 10.0)])[0].bounds)
    (-180.0, 0.0, 180.0, 10.0)
    """
    found = _array(geometries)
    bounds = shapely.bounds(found)
    outside = (bounds[:, 0] < -180.0) | (bounds[:, 2] > 180.0)
    for i in np.flatnonzero(outside):
        copies = [_shifted(found[i], turn) for turn in (-360.0, 0.0, 360.0)]
        found[i] = _joined([shapely.intersection(copy, _WORLD) for copy in copies], found[i])
    return found


def to_display(geometries: npt.ArrayLike) -> Geometries:
    """Geometry with longitudes 0–360, halves on both sides of 180° joined again [degrees].

    For drawing only: never written to a file. What crosses Greenwich is cut there instead.

    >>> halves = split_at_180([shapely.box(170.0, 0.0, 190.0, 10.0)])
    >>> print(to_display(halves)[0].bounds, to_display(halves)[0].geom_type)
    (170.0, 0.0, 190.0, 10.0) Polygon
    """
    found = _array(geometries)
    bounds = shapely.bounds(found)
    for i in np.flatnonzero(bounds[:, 0] < 0.0):
        if bounds[i, 2] < 0.0:
            found[i] = _shifted(found[i], 360.0)
        else:
            west = _shifted(shapely.intersection(found[i], _WEST), 360.0)
            found[i] = _joined([shapely.intersection(found[i], _EAST), west], found[i])
    return found


def check_exchange(geometries: npt.ArrayLike, name: str) -> None:
    """Refuse geometry that a file must not hold.

    Raises
    ------
    ValueError
        If one is missing, empty, invalid, outside ±180/±90, or has a part wider than 180° (which is how a
        line that jumps over the seam shows).

    Examples
    --------
    >>> check_exchange([shapely.Point(0, 0), None], "ports")
    Traceback (most recent call last):
    ValueError: layer 'ports': found 1 of 2 geometries missing or empty, first in row 1; expected none; ...
    """
    found = _array(geometries)
    _refuse(
        shapely.is_missing(found) | shapely.is_empty(found), name, "missing or empty", "leave such rows out"
    )
    _refuse(~shapely.is_valid(found), name, "invalid", "repair them with shapely.make_valid")
    bounds = shapely.bounds(found)
    outside = (bounds[:, 0] < -180) | (bounds[:, 2] > 180) | (bounds[:, 1] < -90) | (bounds[:, 3] > 90)
    _refuse(outside, name, "outside -180..180 or -90..90", "cut them with split_at_180")
    wide = bounds[:, 2] - bounds[:, 0] > 180.0
    candidates = np.flatnonzero(wide)
    parts, owner = shapely.get_parts(found[candidates], return_index=True)
    extent = shapely.bounds(parts)
    wide[:] = False
    wide[candidates[owner[extent[:, 2] - extent[:, 0] > 180.0]]] = True
    _refuse(wide, name, "wider than 180 degrees in one part", "cut them with split_at_180")


def _refuse(bad: npt.NDArray[np.bool_], name: str, what: str, cure: str) -> None:
    if bad.any():
        message = (
            f"layer '{name}': found {int(bad.sum())} of {len(bad)} geometries {what}, first in row "
            f"{int(np.argmax(bad))}; expected none; {cure}"
        )
        raise ValueError(message)


def _check_fixes(lat: Floats, lon: Floats, track: npt.NDArray[np.int64]) -> None:
    if not len(lat) == len(lon) == len(track):
        message = (
            f"found {len(lat)} latitudes, {len(lon)} longitudes, {len(track)} tracks; give as many of each"
        )
        raise ValueError(message)
    inside = (np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0)
    if not inside.all():
        row = int(np.argmin(inside))
        found = f"found a fix at {lat[row]:g}, {lon[row]:g} (row {row})"
        message = f"{found}; expected ±90 and ±180; wrap longitudes first"
        raise ValueError(message)
    if len(track) and (track[0] < 0 or (np.diff(track) < 0).any()):
        raise ValueError(
            "found track numbers out of order; expected ascending from 0; sort by track, then time"
        )


def _cut_at_seam(
    lat: Floats, lon: Floats, track: npt.NDArray[np.int64]
) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Vertices with two more at every crossing of 180°; the track and the part each belongs to."""
    same = track[1:] == track[:-1]
    crossing = np.flatnonzero(same & (np.abs(np.diff(lon)) > 180.0))
    seam_lat = crossing_latitude(lat[crossing], lon[crossing], lat[crossing + 1], lon[crossing + 1])
    side = np.where(lon[crossing] > 0.0, 180.0, -180.0)
    where = np.repeat(crossing + 1, 2)
    lats = np.insert(lat, where, np.repeat(seam_lat, 2))
    lons = np.insert(lon, where, np.column_stack([side, -side]).ravel())
    owner = np.insert(track, where, np.repeat(track[crossing], 2))
    begins = np.zeros(len(lats), np.int64)
    begins[1:] = owner[1:] != owner[:-1]
    begins[crossing + 2 * np.arange(len(crossing)) + 2] = 1
    return np.column_stack([lons, lats]), owner, np.cumsum(begins)


def _moving(coordinates: Floats, part: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Mark vertices that differ from the one before, in parts where at least two are left."""
    fresh = np.ones(len(part), bool)
    repeated = (coordinates[1:] == coordinates[:-1]).all(axis=1) & (part[1:] == part[:-1])
    fresh[1:] = ~repeated
    long_enough = np.bincount(part, weights=fresh) >= 2
    kept: npt.NDArray[np.bool_] = fresh & long_enough[part]
    return kept


def _array(geometries: npt.ArrayLike) -> Geometries:
    found = np.array(list(np.asarray(geometries, object).ravel()), object)
    return found.reshape(-1)


def _shifted(geometry: Any, degrees: float) -> Any:
    return shapely.transform(geometry, lambda xy: xy + np.array([degrees, 0.0]))


def _joined(pieces: list[Any], like: Any) -> Any:
    """Union of the pieces of the same dimension: a polygon that touches the seam leaves no line there."""
    parts = shapely.get_parts(np.array(pieces, object))
    kept = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(like)]
    union = shapely.union_all(kept)
    return shapely.line_merge(union) if shapely.get_dimensions(like) == 1 else union
