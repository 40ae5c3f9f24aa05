"""Thinned tracks of voyages, for pages and layers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from corridor.tracks.quality import Array
from corridor.tracks.trajectories import STAY, Segments
from layers.geodesy import display_longitude, unwrap_longitudes
from layers.jit import njit

# Nodes closer together than this add nothing to a picture: ships turn where they are slow, and ports are
# looked at closely. Nor does a bend smaller than the tolerance.
SLOW_NODE_M, FAST_NODE_M = 500.0, 5000.0
SLOW_M_PER_MS = 12 * 1852 / 3_600_000
TOLERANCE_DEG = 0.001


@dataclass(frozen=True, kw_only=True)
class Line:
    """A thinned track of one voyage; longitudes in ±180. [degrees]."""

    vessel_id: str
    vessel_name: str
    voyage: int
    origin: int
    t0_ms: int
    t1_ms: int
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]

    def display_lines(self) -> list[NDArray[np.float64]]:
        """(k, 2) longitudes 0–360, unbroken at 180° and cut at Greenwich, and latitudes. [degrees].

        >>> sailed = dict(vessel_id="", vessel_name="", voyage=0, origin=0, t0_ms=0, t1_ms=1)
        >>> line = Line(**sailed, lat=np.array([50.0, 51.0, 52.0]), lon=np.array([-3.0, -1.0, 1.0]))
        >>> [part.tolist() for part in line.display_lines()]
        [[[357.0, 50.0], [359.0, 51.0], [360.0, 51.5]], [[0.0, 51.5], [1.0, 52.0]]]
        """
        lon = unwrap_longitudes(display_longitude(self.lon))
        turn = np.floor(lon / 360.0)
        before = np.flatnonzero(turn[1:] != turn[:-1])
        edge = 360.0 * np.maximum(turn[before], turn[before + 1])
        share = (edge - lon[before]) / (lon[before + 1] - lon[before])
        crossing = self.lat[before] + share * (self.lat[before + 1] - self.lat[before])
        points = np.column_stack(
            [np.insert(lon, before + 1, edge), np.insert(self.lat, before + 1, crossing)]
        )
        cuts = [0, *(before + 1 + np.arange(len(before))).tolist(), len(points) - 1]
        parts = [points[first : last + 1] for first, last in pairwise(cuts)]
        return [part - [360.0 * np.floor(part[:, 0].mean() / 360.0), 0.0] for part in parts]


def thinned_lines(segments: Segments, vessels: pd.DataFrame) -> tuple[Line, ...]:
    """One line per vessel, voyage and origin of the legs that hang together.

    Parameters
    ----------
    segments : Segments
        Segments of a partition.
    vessels : DataFrame
        ``vessel_id`` and ``name`` by vessel number.
    """
    begins = np.zeros(len(segments), np.bool_)
    kept = np.zeros(len(segments), np.bool_)
    track = (segments.vessel, segments.voyage, segments.origin, segments.kind)
    times = (segments.t0_ms, segments.t1_ms)
    _choose_nodes(track, times, segments.distance_m, begins, kept)
    first = np.flatnonzero(begins)
    if not len(first):
        return ()
    nodes = np.flatnonzero(kept)
    # The last leg of a line is always kept: it is the last before the first of the next line.
    last = nodes[np.append(np.searchsorted(nodes, first[1:]), len(nodes)) - 1]
    lines = _simplified(segments, first, nodes)
    ids, names = vessels["vessel_id"].tolist(), vessels["name"].tolist()
    return tuple(
        Line(
            vessel_id=str(ids[vessel]),
            vessel_name=str(names[vessel]),
            voyage=voyage,
            origin=origin,
            t0_ms=start,
            t1_ms=end,
            lat=points[:, 1],
            lon=(points[:, 0] + 180.0) % 360.0 - 180.0,
        )
        for vessel, voyage, origin, start, end, points in zip(
            *(key[first].tolist() for key in track[:3]),
            segments.t0_ms[first].tolist(),
            segments.t1_ms[last].tolist(),
            lines,
            strict=True,
        )
    )


@njit
def _choose_nodes(
    track: tuple[Array, Array, Array, Array],
    times: tuple[Array, Array],
    distance_m: Array,
    begins: Array,
    kept: Array,
) -> None:
    """Mark the first leg of every line, and the legs whose ends are nodes: one a kilometre, and the last."""
    vessel, voyage, origin, kind = track
    t0_ms, t1_ms = times
    before, way = -1, 0.0
    for i in range(len(vessel)):
        if kind[i] == STAY:
            continue
        same = before >= 0 and vessel[i] == vessel[before] and voyage[i] == voyage[before]
        if not same or origin[i] != origin[before]:
            # A line is thinned for itself: the ships before it must not move its nodes.
            begins[i], way = True, 0.0
            if before >= 0:
                kept[before] = True
        slow = distance_m[i] < SLOW_M_PER_MS * (t1_ms[i] - t0_ms[i])
        passed = np.floor(way)
        way += distance_m[i] / (SLOW_NODE_M if slow else FAST_NODE_M)
        kept[i] = before >= 0 and np.floor(way) > passed
        before = i
    if before >= 0:
        kept[before] = True


def _simplified(segments: Segments, first: Array, nodes: Array) -> list[NDArray[np.float64]]:
    """Points of every line: of its nodes, only those where it bends."""
    # The first place of each line, then the ends of its kept legs.
    line = np.r_[np.arange(len(first)), np.searchsorted(first, nodes, side="right") - 1]
    order = np.argsort(line, kind="stable")
    lat = np.r_[segments.lat0[first], segments.lat1[nodes]][order]
    lon = np.r_[segments.lon0[first], segments.lon1[nodes]][order]
    line = line[order]
    step = np.diff(lon, prepend=lon[0])
    step[np.flatnonzero(np.diff(line, prepend=-1))] = 0.0
    turns = np.cumsum(np.where(step > 180, -360.0, np.where(step < -180, 360.0, 0.0)))
    shapes = shapely.simplify(
        shapely.linestrings(np.column_stack([lon + turns, lat]), indices=line),
        TOLERANCE_DEG,
        preserve_topology=False,
    )
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    return np.split(points, np.flatnonzero(np.diff(owner)) + 1)
