"""Port calls: when each ship came, anchored, lay all fast, shifted and sailed, read from her segments.

A call is a stay at a berth of the study, or more in one port between which she stayed within 40 nm of it.
Elsewhere a call is a stay in which she lay as still as only a moored ship does, beside the coast; its port is
the nearest known one, else ``other``, with its place in degrees. Waiting at anchor alone is no call.

The hours of a call are those of its visit, from within 40 nm to beyond: at berth, at anchor, under way within
20 nm, between 20 and 40 nm, and unobserved; they add up. Two calls of a ship never share an hour: time
between two ports whose rings overlap belongs to the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.tracks.quality import MS_PER_HOUR, Array
from corridor.tracks.trajectories import STAY, Segments
from corridor.tracks.transits import rounding_kn
from corridor.tracks.visits import (
    ANCHOR,
    ANCHORED,
    ARRIVE_20,
    ARRIVE_40,
    BERTH,
    FASTEST,
    FROM,
    LEAVE_20,
    LEAVE_40,
    OBSERVED,
    SLOW_WAY,
    TIME,
    TO,
    UNKNOWN,
    UNSEEN,
    WAY,
    WEIGHED,
    WITHIN_20,
    WITHIN_40,
    Stops,
    Tracks,
    Visits,
    visits,
)
from corridor.words import ORIGINS
from layers.geodesy import NAUTICAL_MILE_M, distance_m
from layers.zones import ZoneSystem

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

PORTS_TABLE = "call_ports_2026"
OTHER = "other"
LONG_BEACH, LOS_ANGELES, SHENZHEN = "long_beach", "los_angeles", "shenzhen"
# Inside these waters of the study's ports a ship beside no berth waits; she calls at no other port.
OWN_WATERS = ("berth", "port_area", "anchorage", "precautionary")
TIMES = {
    "arrive_40nm_utc": ARRIVE_40,
    "arrive_20nm_utc": ARRIVE_20,
    "anchored_utc": ANCHORED,
    "weighed_utc": WEIGHED,
    "leave_20nm_utc": LEAVE_20,
    "leave_40nm_utc": LEAVE_40,
    "from_utc": FROM,
    "to_utc": TO,
}
HOURS = {
    "hours_at_berth": BERTH,
    "hours_at_anchor": ANCHOR,
    "hours_within_20nm": WITHIN_20,
    "hours_20_to_40nm": WITHIN_40,
    "hours_unobserved": UNSEEN,
}
SPEEDS = tuple(
    f"{way}_{ring}nm_{what}"
    for way in ("in", "out")
    for ring in (20, 40)
    for what in ("mean_kn", "max_kn", "slow_share", "distance_nm")
)
COLUMNS = (
    "vessel_id", "call_no", "port", "port_name", "berth_zone", "berths", "shifts", "lat", "lon",
    "arrive_40nm_utc", "arrive_20nm_utc", "anchored_utc", "weighed_utc", "all_fast_utc", "sailed_utc",
    "leave_20nm_utc", "leave_40nm_utc", "from_utc", "to_utc", "hours", *HOURS, "observed_share", *SPEEDS,
    "origin",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CallSettings:
    """What decides whether a stay outside the study's berths is a call.

    Parameters
    ----------
    least_h : float
        A shorter stay elsewhere is no call. [h]
    reach_nm : float
        How far from a known port's position its quays may lie. [nm]
    """

    least_h: float = 2.0
    reach_nm: float = 25.0


@dataclass(frozen=True)
class Ports:
    """Ports that calls are told by, in the order of ``data/call_ports_2026.csv``; the last is ``other``."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    sides: tuple[str, ...]
    bays: tuple[str, ...]
    zones: tuple[str, ...]
    lat: FloatArray
    lon: FloatArray

    def place(self, code: str) -> int:
        """Return the row of a port; that of ``other`` if it is not known."""
        return self.codes.index(code) if code in self.codes else len(self.codes) - 1

    def bay(self, code: str) -> str:
        """Return the waters that a port shares with others, or its own code."""
        return self.bays[self.place(code)] or code

    def side(self, code: str) -> str:
        """Return which end of the corridor a port is: shenzhen, long_beach, los_angeles, or nothing."""
        return self.sides[self.place(code)]


@cache
def ports() -> Ports:
    """Return the ports of the corridor and those around it.

    >>> ports().bay("LA") == ports().bay("LB"), ports().side("SZW"), ports().codes[-1]
    (True, 'shenzhen', 'other')
    """
    rows = reference.table(PORTS_TABLE).fillna("")
    return Ports(
        codes=(*map(str, rows["port"]), OTHER),
        names=(*map(str, rows["name_en"]), ""),
        sides=(*map(str, rows["side"]), ""),
        bays=(*map(str, rows["bay"]), ""),
        zones=(*map(str, rows["time_zone"]), "UTC"),
        lat=np.append(rows["lat"].to_numpy(np.float64), np.nan),
        lon=np.append(rows["lon"].to_numpy(np.float64), np.nan),
    )


@dataclass(frozen=True)
class Grounds:
    """What the zones of the port inventory mean to calls, the remainder first.

    Attributes
    ----------
    berth_port : array
        Row of `ports` of each berth zone, -1 for zones that are no berth. [index]
    own : array
        Whether a zone is water of the study's ports.
    zone_ids : tuple of str
        Ids of the zones.
    """

    berth_port: IntArray
    own: npt.NDArray[np.bool_]
    zone_ids: tuple[str, ...]

    @classmethod
    def of(cls, inventory: ZoneSystem) -> "Grounds":
        """Read a port inventory; zones that name no port have no calls."""
        zones = inventory.zones
        named = zones["port"] if "port" in zones else pd.Series("", index=zones.index)
        known = ports().codes[:-1]
        berths = [
            known.index(port) if kind == "berth" and port in known else UNKNOWN
            for kind, port in zip(zones["kind"], named, strict=True)
        ]
        return cls(
            np.array([UNKNOWN, *berths], np.int64),
            np.array([False, *zones["kind"].isin(OWN_WATERS)]),
            inventory.zone_ids,
        )


def no_calls() -> pd.DataFrame:
    """Return a table of calls without rows, its columns of the types they always have."""
    return _table(np.zeros(0, np.int64), [], _no_visits(), pd.Series([], dtype="str"))


def find_calls(
    segments: Segments,
    zone: IntArray,
    swing_m: FloatArray,
    coast_nm: FloatArray,
    grounds: Grounds,
    settings: CallSettings | None = None,
) -> pd.DataFrame:
    """Return the port calls of the ships of some segments, by ship and time. [h, nm, kn, degrees].

    Parameters
    ----------
    segments : Segments
        Segments, holes filled or not.
    zone : array
        Zone of the port inventory at the start of each segment. [index]
    swing_m, coast_nm : array
        How far each stay swung, and how far from the coast it lay; not a number where nobody knows. [m, nm]
    grounds : Grounds
        What the zones mean.
    settings : CallSettings, optional
        Limits of calls elsewhere.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`. ``in_20nm_slow_share`` is the share of distance at 12 kn or less on the way in within 20 nm
        of Point Fermin; speeds are given for the two bay ports alone.
    """
    code, berth = _stops(segments, zone, swing_m, coast_nm, grounds, settings or CallSettings())
    at = np.flatnonzero(code != UNKNOWN)
    if not len(at):
        return no_calls()
    known = ports()
    other = code[at] == len(known.codes) - 1
    stops = Stops(
        at,
        code[at],
        np.where(other, segments.lat0[at], known.lat[code[at]]),
        np.where(other, segments.lon0[at], known.lon[code[at]]),
    )
    number, found = visits(_tracks(segments), stops, _slow_kn())
    berths = [grounds.zone_ids[place] if place else "" for place in berth[at].tolist()]
    return _table(number, berths, found, segments.vessels["vessel_id"], segments, stops)


def _slow_kn() -> float:
    """Return the fastest speed that rounds to that of the programme. [kn]."""
    limit = reference.value("geo/speed_zones_2026", "speed_limit_kn", zone_id="green_flag_20nm")
    return limit + rounding_kn()


def _stops(
    segments: Segments,
    zone: IntArray,
    swing_m: FloatArray,
    coast_nm: FloatArray,
    grounds: Grounds,
    settings: CallSettings,
) -> tuple[IntArray, IntArray]:
    """Row of the port of each segment that is a stop, -1 for all others; its berth zone, 0 for none."""
    code, berth = np.full(len(segments), UNKNOWN), np.zeros(len(segments), np.int64)
    stay = np.flatnonzero(segments.kind == STAY)
    here = zone[stay]
    code[stay] = grounds.berth_port[here]
    berth[stay] = np.where(code[stay] != UNKNOWN, here, 0)
    limits = "phase_limits_2026"
    # Nobody saw how a ship lay in a hole: no swing is no proof.
    elsewhere = (code[stay] == UNKNOWN) & ~grounds.own[here]
    elsewhere &= swing_m[stay] <= reference.value(limits, limit="moored_swing")
    elsewhere &= coast_nm[stay] <= reference.value(limits, limit="berth_within_coast")
    elsewhere &= (segments.t1_ms - segments.t0_ms)[stay] >= settings.least_h * MS_PER_HOUR
    at = stay[elsewhere]
    if len(at):
        code[at] = _nearest(segments.lat0[at], segments.lon0[at], settings.reach_nm)
    return code, berth


def _nearest(lat: FloatArray, lon: FloatArray, reach_nm: float) -> IntArray:
    """Row of the nearest port without berth zones of its own, or of ``other`` where none is near."""
    known = ports()
    away = np.full((len(lat), len(known.codes)), np.inf)
    for place, side in enumerate(known.sides[:-1]):
        if not side:
            port_lat, port_lon = np.full(len(lat), known.lat[place]), np.full(len(lat), known.lon[place])
            away[:, place] = distance_m(lat, lon, port_lat, port_lon) / NAUTICAL_MILE_M
    away[:, -1] = reach_nm
    nearest: IntArray = away.argmin(axis=1)
    return nearest


def _tracks(segments: Segments) -> Tracks:
    names = (
        "vessel",
        "t0_ms",
        "t1_ms",
        "lat0",
        "lon0",
        "lat1",
        "lon1",
        "distance_m",
        "sog_kn",
        "observed_ms",
    )
    columns = [np.ascontiguousarray(getattr(segments, name)) for name in names]
    return Tracks._make([*columns, segments.kind == STAY])


def _no_visits() -> Visits:
    none = np.zeros(0, np.int64)
    return Visits(none, none, np.zeros((0, 8), np.int64), np.zeros((0, 6)), np.zeros((0, 2, 2, 4)))


def _table(
    number: IntArray,
    berths: list[str],
    found: Visits,
    ids: "pd.Series[str]",
    segments: Segments | None = None,
    stops: Stops | None = None,
) -> pd.DataFrame:
    """Put the table together; without segments it has no rows."""
    count = len(found.first)
    columns: dict[str, Any] = {}
    if segments is not None and stops is not None:
        begins = np.flatnonzero(np.append(True, number[1:] != number[:-1]))
        columns = _facts(segments, stops, begins, found, ids)
        ends = np.append(begins[1:], len(number))
        passed = [_passed(berths[a:b]) for a, b in zip(begins, ends, strict=True)]
    else:
        passed = []
        columns = dict.fromkeys(("vessel_id", "port", "port_name", "origin"), pd.Series([], dtype="str"))
        columns |= {"call_no": np.zeros(0, np.int64), "lat": np.zeros(0), "lon": np.zeros(0)}
        columns |= dict.fromkeys(("all_fast_utc", "sailed_utc"), moments(np.zeros(0, np.int64)))
    columns["berth_zone"] = pd.Series([way[0] for way in passed], dtype="str")
    columns["berths"] = pd.Series(["; ".join(filter(None, way)) for way in passed], dtype="str")
    columns["shifts"] = np.array([len(way) - 1 for way in passed], np.int64)
    columns |= {name: moments(found.times_ms[:, place]) for name, place in TIMES.items()}
    columns |= {name: found.sums_ms[:, place] / MS_PER_HOUR for name, place in HOURS.items()}
    whole = (found.times_ms[:, TO] - found.times_ms[:, FROM]).astype(np.float64)
    columns["hours"] = whole / MS_PER_HOUR
    # Ends of a visit are whole milliseconds, parts of legs are not.
    columns["observed_share"] = np.minimum(
        found.sums_ms[:, OBSERVED] / np.where(whole > 0, whole, np.nan), 1.0
    )
    columns |= _speeds(found, np.asarray(columns["port"], dtype=object), count)
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _facts(
    segments: Segments, stops: Stops, begins: IntArray, found: Visits, ids: "pd.Series[str]"
) -> dict[str, Any]:
    """Ship, port, place and times of each call."""
    known = ports()
    vessel = segments.vessel[found.first]
    code = stops.port[begins]
    return {
        "vessel_id": ids.take(vessel).reset_index(drop=True).astype("str"),
        "call_no": counted(vessel),
        "port": pd.Series([known.codes[place] for place in code], dtype="str"),
        "port_name": pd.Series([known.names[place] for place in code], dtype="str"),
        "lat": segments.lat0[found.first],
        "lon": segments.lon0[found.first],
        "all_fast_utc": moments(segments.t0_ms[found.first]),
        "sailed_utc": moments(segments.t1_ms[found.last]),
        "origin": pd.Series([ORIGINS[origin] for origin in segments.origin[found.first]], dtype="str"),
    }


def counted(ships: npt.NDArray[Any]) -> IntArray:
    """Which of its ship's each row is, from 1 on; rows of a ship stand together.

    >>> counted(np.array(["a", "a", "b"], dtype=object)).tolist()
    [1, 2, 1]
    """
    new = np.append(True, ships[1:] != ships[:-1])[: len(ships)]
    row = np.arange(len(ships))
    return row - np.maximum.accumulate(np.where(new, row, 0)) + 1


def _passed(berths: Sequence[str]) -> list[str]:
    """Berths in the order they were lain at, a berth again only after another one.

    >>> _passed(["a", "a", "b", "a"])
    ['a', 'b', 'a']
    """
    return [berth for place, berth in enumerate(berths) if place == 0 or berth != berths[place - 1]]


def _speeds(found: Visits, port: npt.NDArray[np.object_], count: int) -> dict[str, FloatArray]:
    """Mean, fastest, share of distance at the limit or less, and distance, by direction and ring."""
    known = ports()
    bay = np.array([known.side(code) in (LONG_BEACH, LOS_ANGELES) for code in port], np.bool_).reshape(count)
    out: dict[str, FloatArray] = {}
    for way, direction in enumerate(("in", "out")):
        for ring, miles in enumerate((20, 40)):
            sums = found.speeds[:, way, ring]
            sailed = np.where(bay & (sums[:, TIME] > 0) & (sums[:, WAY] > 0), sums[:, WAY], np.nan)
            stem = f"{direction}_{miles}nm"
            out[f"{stem}_mean_kn"] = sailed / NAUTICAL_MILE_M * MS_PER_HOUR / np.maximum(sums[:, TIME], 1.0)
            out[f"{stem}_max_kn"] = np.where(np.isnan(sailed), np.nan, sums[:, FASTEST])
            out[f"{stem}_slow_share"] = sums[:, SLOW_WAY] / sailed
            out[f"{stem}_distance_nm"] = sailed / NAUTICAL_MILE_M
    return out


def moments(t_ms: Array) -> pd.DatetimeIndex:
    """Times in UTC; unknown ones are not a time. [ms].

    >>> moments(np.array([-1, 0]))[1].isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    times = np.asarray(t_ms, np.int64).astype("datetime64[ms]")
    return pd.DatetimeIndex(np.where(np.asarray(t_ms) == UNKNOWN, np.datetime64("NaT"), times), tz="UTC")
