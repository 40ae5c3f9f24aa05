"""Segments as well-known binary in bulk: the bytes themselves, without a shape in between.

A million lines of two points are a million times the same fifty bytes with other numbers in them: written as
one array they take a tenth of a second, where a shape for each would take ten.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layers.geometry import crossing_latitude

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]

_LITTLE, _POINT, _LINE, _MULTI = 1, 1, 2, 5
_XY = ("<f8", (2, 2))
_PART = [("order", "u1"), ("kind", "<u4"), ("points", "<u4"), ("xy", *_XY)]
_STAY = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
_WHOLE = np.dtype([("order", "u1"), ("kind", "<u4"), ("parts", "<u4"), ("first", _PART)])
_SPLIT = np.dtype([("order", "u1"), ("kind", "<u4"), ("parts", "<u4"), ("first", _PART), ("second", _PART)])


class Wkb(NamedTuple):
    """Shapes one behind the other: ``data[offsets[i]:offsets[i + 1]]`` is the i-th; their boxes [degrees]."""

    offsets: npt.NDArray[np.int32]
    data: Bytes
    west: Floats
    south: Floats
    east: Floats
    north: Floats


def segments(lat0: npt.ArrayLike, lon0: npt.ArrayLike, lat1: npt.ArrayLike, lon1: npt.ArrayLike) -> Wkb:
    """One MultiLineString per segment, split at ±180; a point where both ends are one place [degrees].

    Parameters
    ----------
    lat0, lon0, lat1, lon1
        Ends [degrees, longitude ±180]; the shorter way is taken.

    Raises
    ------
    ValueError
        If a coordinate is missing or outside ±90 and ±180, or there are more segments than 2 GiB hold.

    Examples
    --------
    >>> import shapely
    >>> made = segments([10.0, 0.0], [-179.5, 1.0], [10.0, 0.0], [179.5, 2.0])
    >>> print(shapely.from_wkb(made.data[made.offsets[1]:].tobytes()))
    MULTILINESTRING ((1 0, 2 0))
    >>> made.west.tolist(), made.east.tolist()
    ([-180.0, 1.0], [180.0, 2.0])
    """
    y0, x0, y1, x1 = (np.asarray(values, np.float64) for values in (lat0, lon0, lat1, lon1))
    _check(y0, x0, y1, x1)
    # An end on the seam itself takes the name of the side that the other end is on.
    x1 = np.where((np.abs(x1) == 180.0) & (np.abs(x1 - x0) > 180.0), -x1, x1)
    x0 = np.where((np.abs(x0) == 180.0) & (np.abs(x1 - x0) > 180.0), -x0, x0)
    crossing = np.abs(x1 - x0) > 180.0
    # A ship that leaves 180 for the same place under its other name has not moved.
    staying = (y0 == y1) & ((x0 == x1) | (np.abs(x1 - x0) == 360.0))
    crossing &= ~staying
    kind = np.where(staying, 2, crossing.astype(np.int64))
    size = np.array([_WHOLE.itemsize, _SPLIT.itemsize, _STAY.itemsize])[kind]
    if size.sum() > np.iinfo(np.int32).max:
        raise ValueError(
            f"found {len(size)} segments; expected at most 2 GiB of shapes; give them in batches"
        )
    offsets = np.zeros(len(size) + 1, np.int32)
    np.cumsum(size, out=offsets[1:])
    seam = crossing_latitude(y0[crossing], x0[crossing], y1[crossing], x1[crossing])
    side = np.where(x0[crossing] > 0.0, 180.0, -180.0)
    split = np.zeros(len(seam), _SPLIT)
    _put(split, "first", x0[crossing], y0[crossing], side, seam)
    _put(split, "second", -side, seam, x1[crossing], y1[crossing])
    sailed = kind == 0
    whole = np.zeros(int(sailed.sum()), _WHOLE)
    _put(whole, "first", x0[sailed], y0[sailed], x1[sailed], y1[sailed])
    stay = np.zeros(int(staying.sum()), _STAY)
    stay["order"], stay["kind"], stay["x"], stay["y"] = _LITTLE, _POINT, x0[staying], y0[staying]
    west, east = np.minimum(x0, x1), np.maximum(x0, x1)
    west[staying] = east[staying] = x0[staying]
    west[crossing], east[crossing] = -180.0, 180.0
    south, north = np.minimum(y0, y1), np.maximum(y0, y1)
    south[crossing], north[crossing] = np.minimum(south[crossing], seam), np.maximum(north[crossing], seam)
    return Wkb(offsets, _interleaved(offsets, kind, (whole, split, stay)), west, south, east, north)


def _check(lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> None:
    for lat, lon in ((lat0, lon0), (lat1, lon1)):
        if not len(lat0) == len(lat) == len(lon):
            raise ValueError("found ends of different number; give four columns of one length")
        inside = (np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0)
        if not inside.all():
            row = int(np.argmin(inside))
            found = f"found an end at {lat[row]:g}, {lon[row]:g} (row {row})"
            raise ValueError(f"{found}; expected ±90 and ±180; wrap longitudes first")


def _put(
    out: npt.NDArray[np.void], part: str, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats
) -> None:
    """Fill one line of each shape, and the head of the shape."""
    names = out.dtype.names or ()
    out["order"], out["kind"], out["parts"] = _LITTLE, _MULTI, len(names) - 3
    line = out[part]
    line["order"], line["kind"], line["points"] = _LITTLE, _LINE, 2
    xy = line["xy"]
    xy[:, 0, 0], xy[:, 0, 1], xy[:, 1, 0], xy[:, 1, 1] = lon0, lat0, lon1, lat1


def _interleaved(
    offsets: npt.NDArray[np.int32],
    kind: npt.NDArray[np.int64],
    shapes: tuple[npt.NDArray[np.void], ...],
) -> Bytes:
    """Bytes of all kinds in the order of the segments."""
    for made in shapes:
        if len(made) == len(kind):
            return made.view(np.uint8)
    data = np.empty(int(offsets[-1]), np.uint8)
    left = np.ones(len(data), np.bool_)
    for number, made in enumerate(shapes[1:], start=1):
        starts = offsets[:-1][kind == number].astype(np.int64)
        places = (starts[:, None] + np.arange(made.dtype.itemsize)).ravel()
        data[places] = made.view(np.uint8)
        left[places] = False
    data[left] = shapes[0].view(np.uint8)
    return data
