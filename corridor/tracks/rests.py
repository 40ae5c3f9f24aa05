"""How a ship lay still: how far she swung, how far she was carried.

A moored ship does not move: her antenna stays within a few metres. An anchored ship swings around her anchor.
A drifting one is carried away. In the two real days of June 2018 half the fixes lay within 1 to 17 m of the
middle for ships at a quay and within 17 to 160 m for ships at anchor.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corridor.tracks.quality import Array, sphere_nm
from corridor.tracks.trajectories import OBSERVED, SIMULATED, STAY, Segments
from layers.geodesy import NAUTICAL_MILE_M
from layers.jit import njit


class Rests(NamedTuple):
    """How each segment's ship lay still; not a number for legs and for stays that nobody saw.

    Attributes
    ----------
    swing_m : array
        Median distance of a stay's fixes from their median place. [m]
    drift_m : array
        Distance from its first fix to its last. [m]
    """

    swing_m: npt.NDArray[np.float64]
    drift_m: npt.NDArray[np.float64]


def rests(positions: Mapping[str, Array], segments: Segments) -> Rests:
    """Measure the stays of segments in the positions they were traced from. [m]

    Parameters
    ----------
    positions : mapping of arrays
        What `corridor.tracks.trajectories.trace` was given.
    segments : Segments
        What came of them, holes filled or not.

    Examples
    --------
    >>> import numpy as np
    >>> from corridor.tracks.trajectories import trace
    >>> moored = dict(ship=np.zeros(3, "i4"), t_ms=np.array([0, 1, 61]) * 3_600_000, sog_kn=np.zeros(3, "f4"),
    ...     lat=np.array([33.75, 33.7501, 33.75]), lon=np.full(3, -118.25), draught_m=np.full(3, 12, "f4"),
    ...     status=np.zeros(3, "i1"), row_ref=np.arange(3))
    >>> lay = rests(moored, trace(moored))
    >>> lay.swing_m.round(1).tolist(), lay.drift_m.tolist()
    ([0.0], [0.0])
    """
    number = len(segments)
    swing_m, drift_m = np.full(number, np.nan), np.full(number, np.nan)
    stay = np.flatnonzero(segments.kind == STAY)
    stay = stay[np.isin(segments.origin[stay], (OBSERVED, SIMULATED))]
    if len(stay):
        edges = _edges(positions, len(segments.vessels))
        ends = np.column_stack([segments.t0_ms[stay], segments.t1_ms[stay]])
        middle = np.column_stack([segments.lat0[stay], segments.lon0[stay]])
        fixes = (positions["t_ms"], positions["lat"], positions["lon"])
        out = np.empty((len(stay), 2))
        _measure(edges, segments.vessel[stay], ends, middle, fixes, out)
        swing_m[stay], drift_m[stay] = out.T * NAUTICAL_MILE_M
    return Rests(swing_m, drift_m)


def _edges(positions: Mapping[str, Array], vessels: int) -> npt.NDArray[np.int64]:
    """First row of each vessel and the end of the last: vessels are numbered as rows change ship or part."""
    ship = positions["ship"]
    new = np.append(True, ship[1:] != ship[:-1])
    if "vessel_part" in positions:
        part = positions["vessel_part"]
        new[1:] |= part[1:] != part[:-1]
    edges = np.append(np.flatnonzero(new), len(ship)).astype(np.int64)
    if len(edges) != vessels + 1:
        raise ValueError(f"positions of {len(edges) - 1} vessels for segments of {vessels}; give the same")
    return edges


@njit
def _measure(
    edges: Array, vessel: Array, ends: Array, middle: Array, fixes: tuple[Array, Array, Array], out: Array
) -> None:
    """Write swing and drift of each stay. [nm]"""
    t_ms, lat, lon = fixes
    for k in range(len(vessel)):
        start, end = edges[vessel[k]], edges[vessel[k] + 1]
        first = start + np.searchsorted(t_ms[start:end], ends[k, 0])
        last = start + np.searchsorted(t_ms[start:end], ends[k, 1], side="right")
        north, east = np.empty(last - first), np.empty(last - first)
        for i in range(first, last):
            north[i - first] = lat[i]
            # Around the middle, so that 180 degrees is a longitude like others.
            east[i - first] = (lon[i] - middle[k, 1] + 540.0) % 360.0 - 180.0
        # The middle of a stay is a mean: a ship that shifted berth a little is beside it all the time.
        y, x = np.median(north), np.median(east)
        for i in range(last - first):
            north[i] = sphere_nm(y, x, north[i], east[i])
        out[k, 0] = np.median(north)
        out[k, 1] = sphere_nm(lat[first], lon[first], lat[last - 1], lon[last - 1])
