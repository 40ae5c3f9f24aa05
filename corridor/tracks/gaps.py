"""Holes in tracks: each one classed, and filled along the sea where that can be defended.

A filled hole keeps its hours and says so: ``origin`` is filled and no part of it is observed. What cannot
be filled stays unobserved under a reason. The hours of a vessel stay exact: segments and unobserved holes
together last from its first to its last fix. Reasons: ``too_long``; ``out_of_area``, both ends at the edge of
the study's area; ``impossible_speed``; ``unknown_sea``, an end where no land is known; ``inland``;
``enclosed``, no way at sea; ``call_unseen``, see below.

How fast, and where the rest of the time goes: the ship sails the shortest way at sea at a constant speed. If
that speed is less than half of what she runs under way, she did not crawl but sailed and lay still: she sails
at her own speed and waits out the rest. Power goes with the cube of speed: crawling would hide half a day of
engine load and put an anchored ship on passage. A ship seen drifting at an end and no faster in between
drifted all the way.

She waits where she was seen at rest, else at an end that lies in a harbour or anchorage: both are likelier
than a place where she was seen moving. Where the ends are alike she waits before arrival, as ships do that
come too early for their berth. A long wait with no such end, but an end in the approaches of a port, was most
likely a call that no receiver heard. Where she lay is not known: the hole stays unobserved as ``call_unseen``
instead of becoming a hot spot in the fairway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.tracks.quality import MS_PER_HOUR, Array
from corridor.tracks.trajectories import FILLED, GAP, LEG, REASONS, STAY, Segments
from layers.geodesy import NAUTICAL_MILE_M, distance_m
from layers.sea import NoWayError, Sea, Way

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Box = tuple[float, float, float, float]

Shelter = Callable[[FloatArray, FloatArray], IntArray]

OPEN, APPROACH, HARBOUR, SEEN = range(4)
"""How likely a ship lies still at a place; seen is seen at rest."""

KN_PER_M_PER_MS = MS_PER_HOUR / NAUTICAL_MILE_M
SILENCE = REASONS[GAP]
KEY_BITS = 42


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
    wait_unseen_h : float
        A longer wait whose place nothing tells, near a port, leaves the hole unobserved. [h]
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
    wait_unseen_h: float = 6.0
    area: Box | None = None
    edge_nm: float = 20.0


def fill(segments: Segments, settings: GapSettings, sea: Sea, shelter: Shelter | None = None) -> Segments:
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
    shelter : callable, optional
        From latitudes and longitudes to `OPEN`, `APPROACH` or `HARBOUR`; everywhere is open sea without it.

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
    ([0, 1, 1, 1, 1, 1, 1, 1, 1, 0], 0, 486)
    """
    holes = segments.unobserved
    if not len(holes):
        return segments
    reasons = _reasons_before_any_way(holes, settings)
    ways = _ways(holes, reasons, settings, sea)
    filled = holes[reasons == ""].reset_index(drop=True)
    around = _around(segments, filled)
    passages = _passages(
        segments, filled, around, ways, settings, _likely_rest(segments, filled, around, shelter)
    )
    known = ~passages.unseen(settings)
    reasons[np.flatnonzero(reasons == "")[~known]] = "call_unseen"
    left = holes.assign(reason=pd.Series(reasons, dtype="str"))[reasons != ""].reset_index(drop=True)
    if not known.any():
        return replace(segments, unobserved=left)
    kept = [way for way, has_place in zip(ways, known, strict=True) if has_place]
    number, ends = sea.pieces(kept, settings.piece_nm * NAUTICAL_MILE_M)
    pieces = _pieces(passages.chosen(known), number, ends, settings.waited_below)
    return _joined(segments, filled[known].reset_index(drop=True), left, pieces, around[known])


def _passages(
    segments: Segments,
    filled: pd.DataFrame,
    around: IntArray,
    ways: list[Way],
    settings: GapSettings,
    rest: IntArray,
) -> Passages:
    return Passages(
        t0_ms=filled["t0_ms"].to_numpy(np.int64),
        t1_ms=filled["t1_ms"].to_numpy(np.int64),
        way_m=np.array([way.length_m for way in ways], np.float64),
        speed_kn=_speeds_kn(segments, filled, around, settings),
        drift_kn=np.where(_drifts(segments, around, settings), settings.under_way_kn, 0.0),
        rest=rest,
    )


def _likely_rest(
    segments: Segments, holes: pd.DataFrame, around: IntArray, shelter: Shelter | None
) -> IntArray:
    """(n, 2) how likely the ship lay still at each end of each hole: `OPEN` up to `SEEN`."""
    rest = np.zeros((len(holes), 2), np.int64)
    if shelter is not None:
        for end in (0, 1):
            rest[:, end] = shelter(holes[f"lat{end}"].to_numpy(), holes[f"lon{end}"].to_numpy())
    seen = np.column_stack([_rests(segments, around[:, 0]), _rests(segments, around[:, 1])])
    return np.where(seen, SEEN, rest)


@dataclass(frozen=True)
class Passages:
    """What decides when a ship was where in each filled hole. [ms, m, kn]."""

    t0_ms: IntArray
    t1_ms: IntArray
    way_m: FloatArray
    speed_kn: FloatArray
    drift_kn: FloatArray
    rest: IntArray

    @property
    def waits_first(self) -> npt.NDArray[np.bool_]:
        """Whether the ship waits where the hole begins; else where it ends."""
        # An approach is no place to lie: it counts as open sea.
        likely = np.where(self.rest == APPROACH, OPEN, self.rest)
        return np.asarray(likely[:, 0] > likely[:, 1], np.bool_)

    def unseen(self, settings: GapSettings) -> npt.NDArray[np.bool_]:
        """Whether the ship waited long, near a port, and nothing tells where."""
        waiting_h = (self.t1_ms - self.t0_ms - self.sailing_ms(settings.waited_below)) / MS_PER_HOUR
        return np.asarray(
            (waiting_h > settings.wait_unseen_h) & (self.rest.max(axis=1, initial=OPEN) == APPROACH), np.bool_
        )

    def chosen(self, which: npt.NDArray[np.bool_]) -> Passages:
        """Return some of the holes."""
        return Passages(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def sailing_ms(self, waited_below: float) -> IntArray:
        """Return the time under way: all of it, unless the ship would have crawled. [ms]."""
        whole = self.t1_ms - self.t0_ms
        mean_kn = self.way_m * KN_PER_M_PER_MS / whole
        crawls = (mean_kn < waited_below * self.speed_kn) & (mean_kn >= self.drift_kn)
        return np.where(crawls, np.rint(mean_kn / self.speed_kn * whole), whole).astype(np.int64)


def _ways(
    holes: pd.DataFrame, reasons: npt.NDArray[np.object_], settings: GapSettings, sea: Sea
) -> list[Way]:
    """Ways at sea of the holes that have no reason yet; where there is none, the reason is written down."""
    ways = []
    most_m = settings.most_kn / KN_PER_M_PER_MS * (holes["t1_ms"] - holes["t0_ms"]).to_numpy(np.float64)
    places = holes[["lat0", "lon0", "lat1", "lon1"]].to_numpy(np.float64).tolist()
    for hole in np.flatnonzero(reasons == ""):
        try:
            way = sea.way(*places[hole])
        except NoWayError as error:
            reasons[hole] = error.reason
            continue
        if way.length_m > most_m[hole]:
            reasons[hole] = "impossible_speed"
            continue
        ways.append(way)
    return ways


def _around(segments: Segments, holes: pd.DataFrame) -> IntArray:
    """(n, 2) segments that end where a hole begins and begin where it ends; -1 where there is none."""
    if not len(segments):
        return np.full((len(holes), 2), -1, np.int64)
    vessel, t0_ms, t1_ms = (holes[name].to_numpy(np.int64) for name in ("vessel", "t0_ms", "t1_ms"))
    starts = _key(segments.vessel, segments.t0_ms)
    before = np.searchsorted(starts, _key(vessel, t0_ms)) - 1
    after = np.minimum(np.searchsorted(starts, _key(vessel, t1_ms)), len(segments) - 1)
    touches0 = (before >= 0) & (segments.vessel[before] == vessel) & (segments.t1_ms[before] == t0_ms)
    touches1 = (segments.vessel[after] == vessel) & (segments.t0_ms[after] == t1_ms)
    return np.column_stack([np.where(touches0, before, -1), np.where(touches1, after, -1)])


def _key(vessel: Array, t_ms: Array) -> IntArray:
    """One number that orders by vessel, then time: 2**42 ms after 1970 is the year 2109."""
    return (np.asarray(vessel, np.int64) << KEY_BITS) + np.asarray(t_ms, np.int64)


def _reasons_before_any_way(holes: pd.DataFrame, settings: GapSettings) -> npt.NDArray[np.object_]:
    """Reasons that need no way; empty for holes that may be filled."""
    hours = (holes["t1_ms"] - holes["t0_ms"]).to_numpy() / MS_PER_HOUR
    reasons = holes["reason"].to_numpy(dtype=object).copy()
    silent = reasons == SILENCE
    reasons[silent] = np.where(hours[silent] > settings.longest_h, "too_long", "")
    if settings.area is not None:
        outside = _beyond(holes, "0", settings.area, settings.edge_nm)
        outside &= _beyond(holes, "1", settings.area, settings.edge_nm)
        reasons[silent & outside] = "out_of_area"
    return reasons


def _beyond(holes: pd.DataFrame, end: str, area: Box, edge_nm: float) -> npt.NDArray[np.bool_]:
    """Whether an end of each hole lies near the edge of an area, or beyond it."""
    west, south, east, north = area
    lat, lon = holes[f"lat{end}"].to_numpy(), holes[f"lon{end}"].to_numpy()
    edge = edge_nm / 60.0
    within = (lat - south > edge) & (north - lat > edge)
    width = (east - west) % 360.0
    # An area all round the Earth has no edge in the east or west.
    if width > 0.0:
        scale = np.cos(np.radians(lat))
        inward = (lon - west) % 360.0
        within &= (inward * scale > edge) & ((width - inward) * scale > edge)
    return ~within


def _drifts(segments: Segments, around: IntArray, settings: GapSettings) -> npt.NDArray[np.bool_]:
    """Whether a leg at either end of each hole shows the ship making way, but not under way."""
    speed = np.append(_leg_speeds_kn(segments), np.nan)[around]
    return np.asarray((speed < settings.under_way_kn).any(axis=1), np.bool_)


def _leg_speeds_kn(segments: Segments) -> FloatArray:
    """Reported speed of each leg, else distance over time; NaN for stays. [kn]."""
    lasting = np.maximum(segments.t1_ms - segments.t0_ms, 1)
    made_good = segments.distance_m / lasting * KN_PER_M_PER_MS
    speed = np.where(np.isnan(segments.sog_kn), made_good, segments.sog_kn)
    legs: FloatArray = np.where(segments.kind == STAY, np.nan, speed)
    return legs


def _speeds_kn(
    segments: Segments, holes: pd.DataFrame, around: IntArray, settings: GapSettings
) -> FloatArray:
    """Speed under way expected in each hole: that at its ends, else the ship's own, or a usual one. [kn]."""
    # Whatever a leg shows, no hole is sailed faster than the most.
    speed = np.minimum(_leg_speeds_kn(segments), settings.most_kn)
    speed[~(speed >= settings.under_way_kn)] = np.nan
    own = _own_kn(segments, speed, settings.usual_kn)[holes["vessel"].to_numpy()]
    ends = np.append(speed, np.nan)[around]
    # A ship that slows down for a port, or has just left it, does not show how she ran in between.
    shown = ends >= settings.waited_below * own[:, None]
    mean = np.where(shown, ends, 0.0).sum(axis=1) / np.maximum(shown.sum(axis=1), 1)
    expected: FloatArray = np.where(shown.any(axis=1), mean, own)
    return expected


def _own_kn(segments: Segments, speed: FloatArray, usual_kn: float) -> FloatArray:
    """Mean speed under way of each vessel over time. [kn]."""
    moving = ~np.isnan(speed)
    vessel = segments.vessel[moving]
    weight = (segments.t1_ms - segments.t0_ms)[moving].astype(np.float64)
    time = np.bincount(vessel, weight, minlength=len(segments.vessels))
    way = np.bincount(vessel, weight * speed[moving], minlength=len(segments.vessels))
    own: FloatArray = np.where(time > 0, way / np.maximum(time, 1.0), usual_kn)
    return own


def _rests(segments: Segments, segment: IntArray) -> npt.NDArray[np.bool_]:
    """Whether segments, -1 for none, are stays."""
    return np.where(segment >= 0, np.append(segments.kind, LEG)[segment] == STAY, np.False_)


def _pieces(passages: Passages, number: IntArray, ends: FloatArray, waited_below: float) -> dict[str, Array]:
    """Columns of the legs of filled holes, and of a wait in each that is longer than sailing explains."""
    sailing = passages.sailing_ms(waited_below)
    waiting = passages.t1_ms - passages.t0_ms - sailing
    sails = passages.t0_ms + np.where(passages.waits_first, waiting, 0)
    length = distance_m(*ends)
    first = np.searchsorted(number, np.arange(len(sailing)))
    last = np.append(first[1:], len(number)) - 1
    done = np.cumsum(length)
    before = (done - length)[first]
    share = (done - before[number]) / np.maximum(done[last] - before, 1e-9)[number]
    t1_ms = sails[number] + np.rint(share * sailing[number]).astype(np.int64)
    t1_ms[last] = sails + sailing
    t0_ms = np.append(sails[:1], t1_ms[:-1])
    t0_ms[first] = sails
    sailed = t1_ms > t0_ms
    waits = np.flatnonzero(waiting > 0)
    # Where the ship waits: at the beginning of the first piece, or at the end of the last.
    early = passages.waits_first[waits]
    place = np.where(early, ends[:2, first[waits]], ends[2:, last[waits]])
    wait_ms = np.where(early, passages.t0_ms[waits], (sails + sailing)[waits])
    return {
        "hole": np.concatenate([number[sailed], waits]),
        "t0_ms": np.concatenate([t0_ms[sailed], wait_ms]),
        "t1_ms": np.concatenate([t1_ms[sailed], wait_ms + waiting[waits]]),
        "lat0": np.concatenate([ends[0, sailed], place[0]]),
        "lon0": np.concatenate([ends[1, sailed], place[1]]),
        "lat1": np.concatenate([ends[2, sailed], place[0]]),
        "lon1": np.concatenate([ends[3, sailed], place[1]]),
        "distance_m": np.concatenate([length[sailed], np.zeros(len(waits))]),
        "kind": np.concatenate([np.full(int(sailed.sum()), LEG), np.full(len(waits), STAY)]),
    }


def _joined(
    segments: Segments, filled: pd.DataFrame, left: pd.DataFrame, pieces: dict[str, Array], around: IntArray
) -> Segments:
    """Put filled segments between the observed ones and number the voyages that they join."""
    hole = pieces["hole"]
    number = len(hole)
    # What is known of the ship before the hole holds in it; failing that, what is known after it.
    known = np.where(around[:, 0] >= 0, around[:, 0], around[:, 1])[hole]
    new = pieces | {
        "vessel": filled["vessel"].to_numpy()[hole],
        "voyage": filled["voyage"].to_numpy()[hole],
        "sog_kn": np.full(number, np.nan),
        "draught_m": np.append(segments.draught_m, np.nan)[known],
        "origin": np.full(number, FILLED),
        "observed_ms": np.zeros(number),
        "status": np.full(number, -1),
        "row_ref": np.append(segments.row_ref, -1)[known],
    }
    old = segments.columns()
    keys = _key(segments.vessel, segments.t0_ms), _key(new["vessel"], new["t0_ms"])
    order = np.argsort(np.concatenate(keys), kind="stable")
    columns = {
        name: np.concatenate([values, new[name].astype(values.dtype)])[order] for name, values in old.items()
    }
    columns["voyage"] -= _filled_before(columns["vessel"], columns["t0_ms"], filled).astype(np.int32)
    earlier = _filled_before(left["vessel"].to_numpy(), left["t0_ms"].to_numpy(), filled)
    left = left.assign(voyage=left["voyage"] - earlier.astype(np.int32))
    return Segments(**columns, vessels=segments.vessels, unobserved=left)


def _filled_before(vessel: Array, t_ms: Array, filled: pd.DataFrame) -> IntArray:
    """How many filled holes of the same vessel end before a moment, or at it."""
    ends = np.sort(_key(filled["vessel"].to_numpy(), filled["t1_ms"].to_numpy()))
    earlier = np.searchsorted(ends, _key(vessel, t_ms), side="right")
    others = np.searchsorted(ends, np.asarray(vessel, np.int64) << KEY_BITS)
    return np.asarray(earlier - others, np.int64)
