"""Geometries with times to rows: a point is a row, of a line each vertex is one, in degrees on WGS 84.

The times of a line's vertices stand in its M values (seconds since 1970), in a list beside it, or, of a leg
from one fix to the next, in the columns of its two ends. Without them no time is made up.
"""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corridor.errors import InputError
from corridor.tracks import columns

X, Y, T = columns.GEOMETRY
MOST_DEGREES = 1_080
POINT, LINES, MISSING = 0, (1, 5), -1
LISTS = ("coordtimes", "times", "timestamps", "datetimes")
ENDS = (
    *(("starttime", "endtime"), ("startutc", "endutc"), ("t0", "t1"), ("t0ms", "t1ms")),
    *(("prevt", "t"), ("begin", "end"), ("start", "end")),
)
Array = npt.NDArray[Any]


def rows(table: pa.Table, geometry: Array, crs: Any, name: str) -> pa.Table:
    """Return the rows of some features: their columns, and place (and time) of each point.

    Parameters
    ----------
    table : pyarrow.Table
        The other columns, a row a feature.
    geometry : array of shapely geometries
        Points or lines.
    crs : anything pyproj takes
        System of the coordinates.
    name : str
        What to call the file in a message.

    Raises
    ------
    InputError
        ``no_crs``, ``no_geometry`` for polygons or a mixture, ``no_time`` for lines without times.
    """
    import shapely  # noqa: PLC0415 - slow to import

    if crs is None:
        message = f"{name}: the layer names no coordinate reference system; give it one, such as EPSG:4326"
        raise InputError("no_crs", message)
    kinds = set(np.unique(shapely.get_type_id(geometry)).tolist()) - {MISSING}
    if kinds <= {POINT}:
        places = np.column_stack([shapely.get_x(geometry), shapely.get_y(geometry)])
        return _with_places(table, places, crs, None)
    if not kinds <= set(LINES):
        message = f"{name}: found {_kind_names(geometry)}; expected points, or lines with times"
        raise InputError("no_geometry", message)
    measured = bool(np.asarray(shapely.has_m(geometry)).all())
    places, feature = shapely.get_coordinates(geometry, include_m=measured, return_index=True)
    times = _measures(places[:, 2]) if measured else _times(table, np.bincount(feature), feature, name)
    return _with_places(table.take(pa.array(feature)), places[:, :2], crs, times)


def _kind_names(geometry: Array) -> str:
    return ", ".join(sorted({item.geom_type for item in geometry if item is not None}))


def _with_places(table: pa.Table, places: Array, crs: Any, times: pa.Array | None) -> pa.Table:
    """Put coordinates (and times) beside the columns, in the place of any others of that meaning."""
    lon, lat = _degrees(places, crs)
    taken = {"lat", "lon"} | ({"time"} if times is not None else set())
    kept = table.select([column for column in table.column_names if columns.meaning(column) not in taken])
    for column, values in ((X, pa.array(lon)), (Y, pa.array(lat)), (T, times)):
        if values is not None:
            kept = kept.append_column(column, values)
    return kept


def _degrees(places: Array, crs: Any) -> tuple[Array, Array]:
    import pyproj  # noqa: PLC0415 - slow to import

    system = pyproj.CRS.from_user_input(crs)
    if system.to_epsg() == 4326 or system.equals("OGC:CRS84", ignore_axis_order=True):
        lon = places[:, 0]
        # A track that runs on over 360°, as movingpandas wants it, comes back to where it is.
        turned = (np.abs(lon) > 360) & (np.abs(lon) < MOST_DEGREES)
        return np.where(turned, np.round((lon + 180) % 360 - 180, 9), lon), places[:, 1]
    transformer = pyproj.Transformer.from_crs(system, 4326, always_xy=True)
    lon, lat = transformer.transform(places[:, 0], places[:, 1])
    return lon, lat


def _measures(values: Array) -> pa.Array:
    """M values as milliseconds: seconds since 1970, as movingpandas and PostGIS keep them."""
    good = np.isfinite(values)
    whole = np.round(np.where(good, values, 0) * np.where(np.abs(values) < 1e11, 1000, 1)).astype(np.int64)
    return pa.array(whole, mask=~good)


def _times(table: pa.Table, counts: Array, feature: Array, name: str) -> pa.Array:
    """Times of the vertices of lines, from a list beside each line or from its two ends."""
    plain = {columns.plain(column): column for column in table.column_names}
    for key in LISTS:
        if key in plain:
            return _from_lists(table.column(plain[key]).to_pylist(), counts, plain[key], name)
    if bool((counts == 2).all()):
        for first, last in ENDS:
            if first in plain and last in plain:
                start, end = (table.column(plain[key]).combine_chunks() for key in (first, last))
                both = pa.concat_arrays([_one(start), _one(end)])
                order = np.where(np.append(False, feature[1:] == feature[:-1]), feature + len(start), feature)
                return both.take(pa.array(order))
    message = (
        f"{name}: lines without the times of their vertices; expected M values in seconds since 1970, "
        f"a list named coordTimes or times, or points with a time each"
    )
    raise InputError("no_time", message)


def _one(column: Any) -> pa.Array:
    whole = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    return whole.cast(pa.string()) if pa.types.is_dictionary(whole.type) else whole


def _from_lists(lists: list[Any], counts: Array, column: str, name: str) -> pa.Array:
    found = [json.loads(item) if isinstance(item, str) else item or [] for item in lists]
    flat = [_flat(item) for item in found]
    if [len(item) for item in flat] != counts.tolist():
        message = f"{name}: {column} does not hold one time for each vertex of each line; repair the file"
        raise InputError("no_time", message)
    return pa.array([None if moment is None else str(moment) for item in flat for moment in item])


def _flat(item: list[Any]) -> list[Any]:
    """Times of a line of several parts, which may be a list a part."""
    return [inner for part in item for inner in part] if item and isinstance(item[0], list) else item
