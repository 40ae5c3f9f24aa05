"""Thinned tracks of voyages, for pages and layers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from corridor.tracks.trajectories import STAY, Segments
from layers.geodesy import display_longitude

# Nodes closer together than this add nothing to a picture; nor does a bend smaller than the tolerance.
NODE_M = 1000.0
TOLERANCE_DEG = 0.002


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

    def display_points(self) -> NDArray[np.float64]:
        """(k, 2) longitudes 0–360, unbroken at 180°, and latitudes. [degrees]."""
        return np.column_stack([display_longitude(self.lon), self.lat])


def thinned_lines(segments: Segments, vessels: pd.DataFrame) -> tuple[Line, ...]:
    """One line per vessel, voyage and origin of the legs that hang together.

    Parameters
    ----------
    segments : Segments
        Segments of a partition.
    vessels : DataFrame
        ``vessel_id`` and ``name`` by vessel number.
    """
    legs = np.flatnonzero(segments.kind != STAY)
    if not len(legs):
        return ()
    keys = [column[legs] for column in (segments.vessel, segments.voyage, segments.origin)]
    new = np.r_[True, np.any([key[1:] != key[:-1] for key in keys], axis=0)]
    first = np.flatnonzero(new)
    last = np.r_[first[1:], len(legs)] - 1
    lines = _simplified(segments, legs, new)
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
            *(key[first].tolist() for key in keys),
            segments.t0_ms[legs[first]].tolist(),
            segments.t1_ms[legs[last]].tolist(),
            lines,
            strict=True,
        )
    )


def _simplified(
    segments: Segments, legs: NDArray[np.int64], new: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Points of every line: a node a kilometre, then only those that bend."""
    run = np.cumsum(new) - 1
    node = np.floor(np.cumsum(segments.distance_m[legs]) / NODE_M)
    ends = np.r_[new[1:], True]
    kept = np.flatnonzero(ends | np.r_[False, node[1:] > node[:-1]])
    starts = np.flatnonzero(new)
    # The first place of each line, then the ends of its kept legs.
    line = np.r_[run[starts], run[kept]]
    order = np.argsort(line, kind="stable")
    lat = np.r_[segments.lat0[legs[starts]], segments.lat1[legs[kept]]][order]
    lon = np.r_[segments.lon0[legs[starts]], segments.lon1[legs[kept]]][order]
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
