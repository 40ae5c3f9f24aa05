"""Holes in tracks: each one classed, and filled along the sea where that can be defended.

A filled hole keeps its hours and says so: ``origin`` is filled and no part of it is observed. What cannot be
filled stays unobserved under a reason. The hours of a vessel stay exact: segments and unobserved holes together
last from its first to its last fix.

How fast, and where the rest of the time goes: the ship sails the shortest way at sea at a constant speed. If
that speed is less than half of what she runs under way, she did not crawl but sailed and lay still: she sails at
her own speed and waits out the rest. She waits where she was seen at rest, which is likelier than a place where
she was seen moving; seen at rest at both ends or at neither, she waits before arrival, as ships do that come
too early for their berth. Power goes with the cube of speed: crawling would hide half a day of engine load and
put an anchored ship on passage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.tracks.quality import MS_PER_HOUR, Array
from corridor.tracks.trajectories import FILLED, LEG, STAY, Segments
from layers.geodesy import NAUTICAL_MILE_M, display_longitude, distance_m
from layers.sea import NoWayError, Sea, Way

IntArray = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]

M_PER_MS_TO_KN = MS_PER_HOUR / NAUTICAL_MILE_M
SILENCE = "gap"
# Why a hole stays unobserved, in the order in which the reasons are tried.
REASONS = {
    "impossible_speed": "the ship cannot have been at both ends",
    "too_long": "longer than holes are filled",
    "out_of_area": "both ends at the edge of the study's area",
    "unknown_sea": "an end lies where no land is known",
    "inland": "an end lies far from the sea",
    "enclosed": "no way at sea between the ends",
}


@dataclass(frozen=True, kw_only=True)
class GapSettings:
    """What decides which holes are filled, and how.

    Parameters
    ----------
    longest_h : float
        A longer hole stays unobserved. [h]
    most_kn : float
        A hole that needs a higher speed along the sea stays unobserved. [kn]
    waited_below : float
        Below this share of her own speed under way a ship is taken to have waited. [1]
    under_way_kn : float
        A leg as fast as this shows a ship under way. [kn]
    usual_kn : float
        Speed of a ship that was never seen under way. [kn]
    piece_nm : float
        Longest piece of a filled way; the pieces lie on its great circles. [nm]
    area : tuple of float, optional
        West, south, east, north of the study; west may be greater than east, across 180°. [degrees]
    edge_nm : float
        A hole whose both ends are this near to the edge of the area was outside it. [nm]
    """

    longest_h: float = 360.0
    most_kn: float = 30.0
    waited_below: float = 0.5
    under_way_kn: float = 3.0
    usual_kn: float = 12.0
    piece_nm: float = 60.0
    area: Box | None = None
    edge_nm: float = 20.0


def fill(segments: Segments, settings: GapSettings, sea: Sea) -> Segments:
    """Return segments with the holes filled that can be; the others stay unobserved, each with its reason.

    A filled hole does not end a voyage, one that stays does. Filled segments have no reported speed, so that
    their speed is distance over time; their draught is that of before.

    Parameters
    ----------
    segments : Segments
        What `corridor.tracks.trajectories.trace` returned.
    settings : GapSettings
        Limits and speeds.
    sea : Sea
        Ways at sea; `corridor.reference.sea`.

    Examples
    --------
    >>> import numpy as np
    >>> from corridor import reference
    >>> from corridor.tracks.trajectories import trace
    >>> hour = 3_600_000
    >>> fixes = dict(ship=np.zeros(4, "i4"), t_ms=np.array([0, 1, 25, 26]) * hour, lat=np.full(4, 40.0),
    ...     lon=np.array([175.0, 175.4, -174.85, -174.45]), sog_kn=np.full(4, 18.4, "f4"),
    ...     draught_m=np.full(4, 12.0, "f4"), status=np.zeros(4, "i1"), row_ref=np.arange(4))
    >>> filled = fill(trace(fixes), GapSettings(), reference.sea())
    >>> filled.origin.tolist(), len(filled.unobserved), round(filled.distance_m.sum() / 1852)
    ([0, 1, 1, 1, 1, 1, 1, 1, 1, 0], 0, 484)
    """
    holes = segments.unobserved
    if not len(holes):
        return segments
    ends = _ends(segments, holes)
    reasons = _before_the_way(holes, settings)
    parts: list[dict[str, Array]] = []
    own_kn = _own_speeds(segments, settings)
    for hole in np.flatnonzero(reasons == ""):
        row = {name: holes[name].iloc[hole] for name in ("t0_ms", "t1_ms", "lat0", "lon0", "lat1", "lon1")}
        try:
            way = sea.way(row["lat0"], row["lon0"], row["lat1"], row["lon1"])
        except NoWayError as error:
            reasons[hole] = error.reason
            continue
        if way.length_m * M_PER_MS_TO_KN > settings.most_kn * (row["t1_ms"] - row["t0_ms"]):
            reasons[hole] = "impossible_speed"
            continue
        speed_kn = _speed_kn(segments, ends[hole], own_kn[holes["vessel"].iloc[hole]], settings)
        rests = _at_rest(segments, ends[hole])
        parts.append(_filled(row, way, speed_kn, rests, settings) | {"hole": hole})
    return _assembled(segments, holes, reasons, parts, ends)
