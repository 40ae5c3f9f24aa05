"""Thinned tracks of voyages, for pages and layers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.tracks.quality import Array
from corridor.tracks.trajectories import STAY, Segments
from layers.geodesy import display_longitude, unwrap_longitudes
from layers.jit import borrowing

# Nodes closer together than this add nothing to a picture: ships turn where they are slow, and ports are
# looked at closely. Nor does a bend smaller than the tolerance.
SLOW_NODE_M, FAST_NODE_M = 500.0, 5000.0
SLOW_M_PER_MS = 12 * 1852 / 3_600_000
TOLERANCE_DEG, TINY_DEG = 0.001, 1e-12


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
    ends = (segments.lat0, segments.lon0, segments.lat1, segments.lon1)
    _choose_nodes(track, times, segments.distance_m, ends, begins, kept)
    first = np.flatnonzero(begins)
    if not len(first):
        return ()
    nodes = np.flatnonzero(kept)
    # The last leg of a line is always kept: it is the last before the first of the next line.
    last = nodes[np.append(np.searchsorted(nodes, first[1:]), len(nodes)) - 1]
    lines = _points(segments, first, nodes)
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
            lon=points[:, 0],
        )
        for vessel, voyage, origin, start, end, points in zip(
            *(key[first].tolist() for key in track[:3]),
            segments.t0_ms[first].tolist(),
            segments.t1_ms[last].tolist(),
            lines,
            strict=True,
        )
    )


@borrowing
def _choose_nodes(
    track: tuple[Array, Array, Array, Array],
    times: tuple[Array, Array],
    distance_m: Array,
    ends: tuple[Array, Array, Array, Array],
    begins: Array,
    kept: Array,
) -> None:
    """Mark the first leg of every line, and the legs that end at its nodes: its bends and its last place.

    Reumann and Witkam's strip: from the last node on, in the direction of the next candidate, the line goes
    on straight until a candidate leaves the strip; then the one before is a node.
    """
    vessel, voyage, origin, kind = track
    t0_ms, t1_ms = times
    lat0, lon0, lat1, lon1 = ends
    before, way, candidate = -1, 0.0, -1
    node_lat, node_lon, north, east = 0.0, 0.0, 0.0, 0.0
    for i in range(len(vessel)):
        if kind[i] == STAY:
            continue
        same = before >= 0 and vessel[i] == vessel[before] and voyage[i] == voyage[before]
        if not same or origin[i] != origin[before]:
            # A line is thinned for itself: the ships before it must not move its nodes.
            begins[i], way, candidate = True, 0.0, -1
            node_lat, node_lon, north, east = lat0[i], lon0[i], 0.0, 0.0
            if before >= 0:
                kept[before] = True
        before = i
        slow = distance_m[i] < SLOW_M_PER_MS * (t1_ms[i] - t0_ms[i])
        passed = np.floor(way)
        way += distance_m[i] / (SLOW_NODE_M if slow else FAST_NODE_M)
        if np.floor(way) <= passed:
            continue
        up, right = lat1[i] - node_lat, _eastward(node_lon, lon1[i])
        if candidate >= 0 and abs(right * north - up * east) > TOLERANCE_DEG:
            kept[candidate] = True
            node_lat, node_lon = lat1[candidate], lon1[candidate]
            up, right = lat1[i] - node_lat, _eastward(node_lon, lon1[i])
            candidate = -1
        if candidate < 0:
            # Only the direction counts: the strip is as wide for a short first step as for a long one.
            length = np.sqrt(up * up + right * right) + TINY_DEG
            north, east = up / length, right / length
        candidate = i
    if before >= 0:
        kept[before] = True


@borrowing
def _eastward(west: float, east: float) -> float:
    """Degrees of longitude from one place to another, the shorter way round."""
    step = east - west
    if step > 180.0:
        return step - 360.0
    return step + 360.0 if step < -180.0 else step


def _points(segments: Segments, first: Array, nodes: Array) -> list[NDArray[np.float64]]:
    """(k, 2) longitude and latitude of every line: its first place, then the ends of the legs kept."""
    line = np.r_[np.arange(len(first)), np.searchsorted(first, nodes, side="right") - 1]
    order = np.argsort(line, kind="stable")
    lat = np.r_[segments.lat0[first], segments.lat1[nodes]][order]
    lon = np.r_[segments.lon0[first], segments.lon1[nodes]][order]
    return np.split(np.column_stack([lon, lat]), np.flatnonzero(np.diff(line[order])) + 1)
