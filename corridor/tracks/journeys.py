"""Journeys between the two ends of the corridor, and which call each hour of a ship belongs to.

A journey runs from the sailing after the last call in Shenzhen to all fast at the first in Long Beach, or
back; Los Angeles counts as that end too where asked for. What a ship calls at in between is listed, not cut:
cut at each call, the corridor would be lost.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.tracks.calls import LONG_BEACH, LOS_ANGELES, OTHER, SHENZHEN, counted, ports
from corridor.tracks.quality import MS_PER_HOUR
from corridor.tracks.trajectories import Segments
from layers.geodesy import NAUTICAL_MILE_M
from layers.jit import njit

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ENDS = {"LB": (LONG_BEACH,), "LB+LA": (LONG_BEACH, LOS_ANGELES)}
"""Which ports are the eastern end, by the word that asks for it."""

JOURNEY_COLUMNS = (
    "vessel_id", "journey_no", "direction", "from_port", "to_port", "depart_utc", "arrive_utc", "hours",
    "via", "direct", "from_call_no", "to_call_no",
)  # fmt: skip
SUM_COLUMNS = ("distance_nm", "hours_tracked", "observed_share")
# Enough for times until the year 2109 beside a vessel's number.
KEY_BITS = 42
# Longer before 1970 than any track is.
SPAN_MS = 2**41
WEST, EAST = 1, 2


def find_journeys(calls: pd.DataFrame, *, end: str = "LB") -> pd.DataFrame:
    """Return the journeys among calls sorted by ship and time. [h].

    Parameters
    ----------
    calls : pandas.DataFrame
        As `corridor.tracks.calls.find_calls` gives them.
    end : str
        ``LB`` for Long Beach alone, ``LB+LA`` for both ports of San Pedro Bay.

    Raises
    ------
    ValueError
        If the end is unknown.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-01-01", "2026-01-04", "2026-01-20"], utc=True)
    >>> calls = pd.DataFrame({"vessel_id": ["a"] * 3, "call_no": [1, 2, 3], "port": ["YT", "KRPUS", "LB"],
    ...     "lat": 0.0, "lon": 0.0, "all_fast_utc": at, "sailed_utc": at + pd.Timedelta(hours=12)})
    >>> find_journeys(calls)[["direction", "hours", "via", "direct"]].values.tolist()
    [['eastbound', 444.0, 'KRPUS', False]]
    """
    if end not in ENDS:
        raise ValueError(f"end {end!r} of journeys is unknown; known: {', '.join(ENDS)}")
    sides, port = _sides(ENDS[end]), calls["port"].to_numpy(dtype=object)
    side = np.array([sides.get(code, 0) for code in port], np.int64)
    at = np.flatnonzero(side)
    ids = calls["vessel_id"].to_numpy(dtype=object)
    first, last = at[:-1], at[1:]
    across = (ids[first] == ids[last]) & (side[first] != side[last])
    first, last = first[across], last[across]
    depart, arrive = calls["sailed_utc"].array[first], calls["all_fast_utc"].array[last]
    places = _places(calls)
    names = ["; ".join(places[a + 1 : b]) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    direction = np.where(side[first] == WEST, "eastbound", "westbound")
    table = {
        "vessel_id": pd.array(ids[first], dtype="str"),
        "journey_no": counted(ids[first]),
        "direction": pd.array(direction, dtype="str"),
        "from_port": pd.array(port[first], dtype="str"),
        "to_port": pd.array(port[last], dtype="str"),
        "depart_utc": depart,
        "arrive_utc": arrive,
        "hours": np.asarray((arrive - depart) / pd.Timedelta(hours=1), np.float64),
        "via": pd.array(names, dtype="str"),
        "direct": np.array([not name for name in names], np.bool_),
        "from_call_no": calls["call_no"].to_numpy(np.int64)[first],
        "to_call_no": calls["call_no"].to_numpy(np.int64)[last],
    }
    return pd.DataFrame({name: table[name] for name in JOURNEY_COLUMNS})


def _sides(east: tuple[str, ...]) -> dict[str, int]:
    known = ports()
    west = {code: WEST for code, side in zip(known.codes, known.sides, strict=True) if side == SHENZHEN}
    return west | {code: EAST for code, side in zip(known.codes, known.sides, strict=True) if side in east}


def _places(calls: pd.DataFrame) -> list[str]:
    """Name the port of each call, or its place where it has no name."""
    places = zip(*(calls[name].tolist() for name in ("port", "lat", "lon")), strict=True)
    return [f"{port} ({lat:.2f}, {lon:.2f})" if port == OTHER else str(port) for port, lat, lon in places]


def milliseconds(times: "pd.Series[pd.Timestamp]") -> IntArray:
    """Times in UTC as a number. [ms].

    >>> milliseconds(pd.Series(pd.to_datetime(["1970-01-01T00:00:01Z"]))).tolist()
    [1000]
    """
    return times.to_numpy("datetime64[ms]").astype(np.int64)


def _key(vessel: npt.ArrayLike, t_ms: npt.ArrayLike) -> IntArray:
    return (np.asarray(vessel, np.int64) << KEY_BITS) + np.asarray(t_ms, np.int64)


def _vessel_numbers(ids: "pd.Series[str]", segments: Segments) -> IntArray:
    number = dict(zip(segments.vessels["vessel_id"], segments.vessels["vessel"], strict=True))
    return ids.map(number).to_numpy(np.int64)


def _middle(table: "Segments | pd.DataFrame") -> IntArray:
    """Middle of each segment or hole in time: none is parted. [ms]."""
    t0_ms = np.asarray(table["t0_ms"] if isinstance(table, pd.DataFrame) else table.t0_ms, np.int64)
    t1_ms = np.asarray(table["t1_ms"] if isinstance(table, pd.DataFrame) else table.t1_ms, np.int64)
    return t0_ms + (t1_ms - t0_ms) // 2


def cut_at_calls(
    segments: Segments, calls: pd.DataFrame, journeys: pd.DataFrame
) -> tuple[Segments, pd.DataFrame]:
    """Begin a voyage where a call begins and where it ends, and tell what each voyage is part of.

    Between calls at two ports that share waters, a voyage ends where the first call's visit does, if the ship
    left those waters: so one port's departures are never booked on the other.

    Parameters
    ----------
    segments : Segments
        Segments of whole ships.
    calls, journeys : pandas.DataFrame
        Their calls, and the journeys between them.

    Returns
    -------
    Segments, pandas.DataFrame
        The segments with their voyages numbered anew; vessel and voyage, ``last_port`` and ``next_port``, the
        ports called at before and after, empty where there was none; and ``call_no`` and ``journey_no``, the
        call between whose ends and the journey within which the voyage lies, 0 for none.
    """
    events = _events(segments, calls)
    # Events are few: each is looked for among the segments, not each segment among the events.
    begun = _bisect(segments.vessel, (segments.t0_ms, segments.t1_ms), events.key)
    more = _more(segments, np.unique(begun))
    cut = replace(segments, voyage=segments.voyage + more)
    cut = replace(cut, unobserved=_moved(segments, more))
    at = _first_of_voyage(cut)
    leg = np.searchsorted(begun, at, side="right") - 1
    port = np.append(calls["port"].to_numpy(dtype=object), "")
    number = np.append(calls["call_no"].to_numpy(np.int64), 0)
    voyages = pd.DataFrame(
        {
            "vessel": segments.vessel[at].astype(np.int64),
            "voyage": cut.voyage[at].astype(np.int64),
            "last_port": pd.Series(port[events.before[leg]], dtype="str"),
            "next_port": pd.Series(port[events.after[leg]], dtype="str"),
            "call_no": number[events.during[leg]],
            "journey_no": _journey_of(segments, at, journeys),
        }
    )
    return cut, voyages


@njit
def _bisect(vessel: npt.NDArray[np.int32], ends: tuple[IntArray, IntArray], keys: IntArray) -> IntArray:
    """Row of the first segment whose vessel and middle lie beyond each key: see `_key`, `_middle`."""
    t0_ms, t1_ms = ends
    found = np.empty(len(keys), np.int64)
    for k in range(len(keys)):
        low, high = 0, len(vessel)
        while low < high:
            at = (low + high) // 2
            middle = t0_ms[at] + (t1_ms[at] - t0_ms[at]) // 2
            if (np.int64(vessel[at]) << KEY_BITS) + middle <= keys[k]:
                low = at + 1
            else:
                high = at
        found[k] = low
    return found


def _more(segments: Segments, begun: IntArray) -> npt.NDArray[np.int32]:
    """How many voyages more than before each segment's vessel has begun, where voyages begin at some rows."""
    rows = begun[(begun > 0) & (begun < len(segments))]
    same = segments.vessel[rows] == segments.vessel[rows - 1]
    rows = rows[same & (segments.voyage[rows] == segments.voyage[rows - 1])]
    first = np.searchsorted(segments.vessel, np.arange(len(segments.vessels), dtype=np.int32))
    # Few rows begin anything: counts are worked out between those, not for each segment.
    edges = np.unique(np.concatenate([first[first < len(segments)], rows]))
    passed = np.searchsorted(rows, edges, side="right")
    earlier = np.searchsorted(rows, first[segments.vessel[edges]])
    return np.repeat((passed - earlier).astype(np.int32), np.diff(np.append(edges, len(segments))))


class _Events(NamedTuple):
    """What begins when, by vessel and time: rows of the calls before, after and during it, -1 for none."""

    key: IntArray
    before: IntArray
    after: IntArray
    during: IntArray


def _events(segments: Segments, calls: pd.DataFrame) -> _Events:
    """Beginnings of ships' tracks, of calls, of ways from calls, and of ways from the waters of a port."""
    called = _vessel_numbers(calls["vessel_id"], segments)
    fast, sailed, left = (milliseconds(calls[name]) for name in ("all_fast_utc", "sailed_utc", "to_utc"))
    order = np.lexsort((sailed, fast, called))
    ship = called[order]
    following = np.append(order[1:], -1)[: len(order)]
    following[np.append(ship[1:] != ship[:-1], True)[: len(order)]] = -1
    preceding = np.append(-1, order[:-1])[: len(order)]
    preceding[np.append(True, ship[1:] != ship[:-1])[: len(order)]] = -1
    parted = _parted(calls, order, following) & (left > sailed)[order]
    none = np.full(len(order), -1)
    vessel = np.arange(len(segments.vessels))
    first = np.searchsorted(ship, vessel)
    begun = np.append(order, -1)[np.minimum(first, len(order))]
    begun[np.append(ship, -1)[np.minimum(first, len(order))] != vessel] = -1
    parts = (
        (_key(vessel, -SPAN_MS), np.full(len(vessel), -1), begun, np.full(len(vessel), -1)),
        (_key(ship, fast[order]), preceding, order, order),
        (_key(ship, sailed[order]), order, np.where(parted, -1, following), none),
        (_key(ship, left[order])[parted], none[parted], following[parted], none[parted]),
    )
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    by_time = np.argsort(joined[0], kind="stable")
    return _Events(*(column[by_time] for column in joined))


def _parted(calls: pd.DataFrame, order: IntArray, following: IntArray) -> BoolArray:
    """Whether the next call is at another port of the same waters."""
    known = ports()
    port = calls["port"].to_numpy(dtype=object)
    bay = np.array([known.bay(code) for code in port], dtype=object)
    other: BoolArray = (following >= 0) & (bay[following] == bay[order]) & (port[following] != port[order])
    return other


def _moved(segments: Segments, more: npt.NDArray[np.int32]) -> pd.DataFrame:
    """Holes with the voyage of the segment that they end."""
    holes = segments.unobserved
    if not len(holes) or not len(segments):
        return holes
    key = _key(holes["vessel"], holes["t0_ms"])
    # The last segment that begins before the hole: one whose beginning is not after the moment before.
    ends = np.maximum(_bisect(segments.vessel, (segments.t0_ms, segments.t0_ms), key - 1) - 1, 0)
    moved = np.where(segments.vessel[ends] == holes["vessel"].to_numpy(), more[ends], 0)
    return holes.assign(voyage=(holes["voyage"] + moved).astype(np.int32))


def _journey_of(segments: Segments, at: IntArray, journeys: pd.DataFrame) -> IntArray:
    """Number of the journey that segments lie in, 0 for none."""
    vessel = _vessel_numbers(journeys["vessel_id"], segments)
    depart, arrive = (milliseconds(journeys[name]) for name in ("depart_utc", "arrive_utc"))
    order = np.argsort(_key(vessel, depart), kind="stable")
    t0_ms, t1_ms = segments.t0_ms[at], segments.t1_ms[at]
    key = _key(segments.vessel[at], t0_ms + (t1_ms - t0_ms) // 2)
    row = np.append(order, -1)[np.searchsorted(_key(vessel, depart)[order], key) - 1]
    ends = np.append(_key(vessel, arrive), -1)[row]
    begins = np.append(_key(vessel, depart), 0)[row]
    number = np.append(journeys["journey_no"].to_numpy(np.int64), 0)[row]
    return np.where((begins < key) & (key < ends), number, 0)


def within(table: "Segments | pd.DataFrame", segments: Segments, journeys: pd.DataFrame) -> BoolArray:
    """Whether segments, or holes, lie in journeys: each by its middle, so that none is parted.

    Parameters
    ----------
    table : Segments or pandas.DataFrame
        What is asked for: segments, or unobserved holes with vessel, t0_ms and t1_ms.
    segments : Segments
        Names the vessels by number.
    journeys : pandas.DataFrame
        Journeys by ship and time.
    """
    vessel = _vessel_numbers(journeys["vessel_id"], segments)
    depart, arrive = (np.sort(_key(vessel, milliseconds(journeys[n]))) for n in ("depart_utc", "arrive_utc"))
    of = np.asarray(table["vessel"] if isinstance(table, pd.DataFrame) else table.vessel, np.int64)
    key = _key(of, _middle(table))
    inside: BoolArray = np.searchsorted(depart, key, side="left") > np.searchsorted(arrive, key, side="left")
    return inside


def journey_sums(segments: Segments, journeys: pd.DataFrame, voyages: pd.DataFrame) -> pd.DataFrame:
    """Distance, hours with a track and their observed share of each journey. [nm, h, 0-1].

    Parameters
    ----------
    segments : Segments
        Segments cut at calls.
    journeys, voyages : pandas.DataFrame
        The journeys, and the voyages in the order of the segments; see `cut_at_calls`.
    """
    at = _first_of_voyage(segments)
    vessel = _vessel_numbers(journeys["vessel_id"], segments)
    key = _key(vessel, journeys["journey_no"])
    order = np.argsort(key, kind="stable")
    number = voyages["journey_no"].to_numpy(np.int64)
    kept = np.flatnonzero(number)
    row = order[np.searchsorted(key[order], _key(voyages["vessel"], number)[kept])] if len(kept) else kept
    columns = (segments.distance_m, segments.t1_ms - segments.t0_ms, segments.observed_ms)
    way_m, lasting, observed = (
        np.bincount(row, np.add.reduceat(column, at)[kept], minlength=len(journeys))
        if len(kept)
        else np.zeros(len(journeys))
        for column in columns
    )
    share = observed / np.where(lasting > 0, lasting, np.nan)
    return journeys.assign(
        distance_nm=way_m / NAUTICAL_MILE_M, hours_tracked=lasting / MS_PER_HOUR, observed_share=share
    )


def _first_of_voyage(segments: Segments) -> IntArray:
    """Row of the first segment of each voyage."""
    vessel, voyage = segments.vessel, segments.voyage
    begins = np.append(True, (vessel[1:] != vessel[:-1]) | (voyage[1:] != voyage[:-1]))
    return np.flatnonzero(begins[: len(segments)])
