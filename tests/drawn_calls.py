"""Ships drawn south of a quay of Long Beach: a straight way out and back, with rests on it."""

import numpy as np

from corridor.tracks.calls import Grounds, find_calls, ports
from corridor.tracks.trajectories import trace

HOUR = 3_600_000
START = 1_767_571_200_000
QUAY = (33.7545, -118.2316)
LB, BUSAN = ports().codes.index("LB"), ports().codes.index("KRPUS")
# The remainder, a quay of Long Beach, another one, and an anchorage.
GROUNDS = Grounds(
    np.array([-1, LB, LB, -1]), np.array([False, True, True, True]), ("sea", "quay", "other_quay", "a")
)


def drawn(stops, knots=12.0, ship=0, start=START):
    """Positions of a ship that goes south from the quay and back: miles off, hours at rest there."""
    t_ms, off, sog = [], [], []
    now, place = float(start), stops[0][0]
    for miles, rest_h in stops:
        hours = abs(miles - place) / knots
        for share in np.arange(1, int(hours * 10) + 1) / (int(hours * 10) + 1):
            t_ms.append(now + share * hours * HOUR)
            off.append(place + share * (miles - place))
            sog.append(knots)
        now, place = now + hours * HOUR, miles
        for share in np.linspace(0, 1, int(rest_h * 4) + 2):
            t_ms.append(now + share * rest_h * HOUR)
            off.append(miles)
            sog.append(0.0)
        now += rest_h * HOUR
    first = np.append(True, np.diff(np.rint(t_ms)) > 0)
    n = int(first.sum())
    return {
        "ship": np.full(n, ship, np.int32),
        "t_ms": np.rint(t_ms).astype(np.int64)[first],
        "lat": QUAY[0] - np.array(off)[first] / 60.0,
        "lon": np.full(n, QUAY[1]),
        "sog_kn": np.array(sog, np.float32)[first],
        "draught_m": np.full(n, 12.0, np.float32),
        "status": np.zeros(n, np.int8),
        "row_ref": np.arange(n),
    }


def called(*tracks):
    """Calls of drawn ships, the quay told by its latitude."""
    positions = {name: np.concatenate([track[name] for track in tracks]) for name in tracks[0]}
    segments = trace(positions)
    zone = np.where(np.abs(segments.lat0 - QUAY[0]) < 0.003, 1, 0)
    none = np.full(len(segments), np.nan)
    return find_calls(segments, zone, none, none, GROUNDS)
