"""Moorings: the time a ship lies at one terminal, from her first stay in its berth zone to her last."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corridor.tracks.trajectories import STAY, Segments

IntArray = npt.NDArray[np.int64]
ZoneAt = Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], IntArray]


class Moorings(NamedTuple):
    """Moorings by vessel and time, and the stays they are made of.

    Attributes
    ----------
    vessel, zone : array (moorings)
        Vessel and berth zone. [index]
    t0_ms, t1_ms : array (moorings)
        All fast and sailed, as far as positions tell. [ms]
    segment : array (stays)
        Row of each stay at a berth. [index]
    mooring : array (stays)
        The mooring it belongs to. [index]
    """

    vessel: IntArray
    zone: IntArray
    t0_ms: IntArray
    t1_ms: IntArray
    segment: IntArray
    mooring: IntArray


def moorings(segments: Segments, zone_at: ZoneAt, berth: npt.NDArray[np.bool_]) -> Moorings:
    """Join the stays of each vessel in one berth zone, with nothing but shifts along its quay between them.

    Parameters
    ----------
    segments : Segments
        Segments by vessel and time.
    zone_at : callable
        Zone of places, from latitudes and longitudes. [index]
    berth : array
        Whether each zone is a berth.
    """
    stay = np.flatnonzero(np.asarray(segments.kind) == STAY)
    zone = zone_at(segments.lat0[stay], segments.lon0[stay])
    stay, zone = stay[berth[zone]], zone[berth[zone]]
    new = np.ones(len(stay), bool)
    same = (segments.vessel[stay[1:]] == segments.vessel[stay[:-1]]) & (zone[1:] == zone[:-1])
    for place in np.flatnonzero(same):
        new[place + 1] = not _remained(segments, int(stay[place]), int(stay[place + 1]), zone[place], zone_at)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(stay))[: len(first)] - 1
    return Moorings(
        vessel=np.asarray(segments.vessel[stay[first]], np.int64),
        zone=np.asarray(zone[first], np.int64),
        t0_ms=np.asarray(segments.t0_ms[stay[first]], np.int64),
        t1_ms=np.asarray(segments.t1_ms[stay[last]], np.int64),
        segment=stay.astype(np.int64),
        mooring=np.cumsum(new) - 1,
    )


def _remained(segments: Segments, before: int, after: int, zone: int, zone_at: ZoneAt) -> bool:
    """Whether a ship was seen to stay in a zone all the way from one stay to the next."""
    if (segments.t0_ms[before + 1 : after + 1] != segments.t1_ms[before:after]).any():
        return False
    # A ship that sailed is away in the middle of her way: one look spares those at a whole voyage.
    for rows in (np.array([(before + after) // 2]), np.arange(before, after)):
        if (zone_at(segments.lat1[rows], segments.lon1[rows]) != zone).any():
            return False
    return True
