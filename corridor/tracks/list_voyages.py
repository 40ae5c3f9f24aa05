"""Planned voyages from a list of calls: where nobody heard the ships, calls and a lane still tell a way.

Two calls of a ship that follow one another are a voyage from berth to berth, at the steady speed that brings
her in on time. Voyages that follow one another make one track, so that journeys through several ports are
whole; where two calls are no voyage the track ends, and a new one begins. Every stay is in one voyage: that
to its berth, the first one of a track also in the voyage from it.
"""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pandas as pd

from corridor.errors import InputError
from corridor.tracks.passages import plan_route
from corridor.tracks.routes import SPEED_RANGE_KN, Voyage, arrival, sail

# Slower than this a ship was not under way all the time: a call is missing in the list, or she waited. [kn]
LEAST_KN = 6.0
MOST_KN = 30.0
WITHIN_KN = 1e-5
LEFT_OUT = ("vessel", "line", "next_line", "reason")


def list_voyages(listed: pd.DataFrame, *, lane: str | None = None) -> tuple[list[Voyage], pd.DataFrame]:
    """Return the voyages between the calls of a list, and the pairs of calls that are none.

    Parameters
    ----------
    listed : pandas.DataFrame
        As `corridor.tracks.calllist.read_calls` gives it.
    lane : str, optional
        Lane across the ocean; see `corridor.tracks.passages.plan_route`.

    Returns
    -------
    list of Voyage, pandas.DataFrame
        Voyages in order of time, those of one track under one ``vessel_id``, a later track of the same ship
        under another (``IMO9811000-2``); and vessel, lines of the list and reason of each pair that is none.

    Examples
    --------
    >>> at = pd.to_datetime(["2026-01-01T00:00Z", "2026-01-18T00:00Z"])
    >>> who = {"imo": 9811000, "mmsi": -1, "vessel": "SIM A", "berth_zone": ""}
    >>> calls = pd.DataFrame({"line": [2, 3], "port": ["YT", "LB"], "arrival_utc": at}).assign(
    ...     departure_utc=at + pd.Timedelta(hours=24), **who)
    >>> voyages, rest = list_voyages(calls)
    >>> [round(voyage.speed_kn, 1) for voyage in voyages], len(rest)
    ([16.8], 0)
    """
    voyages, left_out = [], []
    keys = ["imo", "mmsi", "vessel"]
    for ship, rows in listed.sort_values(["arrival_utc", "line"]).groupby(keys, sort=True, dropna=False):
        track, begins = 0, True
        for call, following in pairwise(rows.to_dict("records")):
            try:
                found = _voyage(call, following, lane, first=begins)
            except InputError as error:
                name = str(call["vessel"] or ship)
                left_out.append((name, call["line"], following["line"], error.message))
                begins = True
                continue
            track, begins = track + begins, False
            voyages.append(replace(found, vessel_id=_key(call) + (f"-{track}" if track > 1 else "")))
    return voyages, pd.DataFrame(left_out, columns=list(LEFT_OUT))


def _key(call: dict[Any, Any]) -> str:
    for name in ("imo", "mmsi"):
        if call[name] > 0:
            return f"{name.upper()}{call[name]}"
    return str(call["vessel"])


def _voyage(call: dict[Any, Any], following: dict[Any, Any], lane: str | None, *, first: bool) -> Voyage:
    """Return the voyage between two calls, at the speed that fits their times."""
    depart, arrive = call["departure_utc"], following["arrival_utc"]
    if pd.isna(depart) or arrive <= depart:
        raise InputError("bad_times", "no departure before the next arrival; correct the list")
    places = [str(one["berth_zone"] or one["port"]) for one in (call, following)]
    if not all(places):
        raise InputError("unknown_place", "a port that is not known; name it by its code")
    ocean = {str(one["port"]) for one in (call, following)}
    crossing = bool(ocean & {"YT", "SZW"} and ocean & {"LB", "LA"})
    voyage = Voyage(
        route=plan_route(_place(places[0]), _place(places[1]), lane=lane if crossing else None),
        speed_kn=MOST_KN,
        depart=depart.to_pydatetime(),
        name=str(call["vessel"]),
        imo=int(call["imo"]),
        mmsi=int(call["mmsi"]),
    )
    voyage = replace(voyage, speed_kn=_speed_kn(voyage, (arrive - depart).total_seconds() / 3600.0))
    before = _hours(call["arrival_utc"], depart) if first else 0.0
    return replace(voyage, berth_hours=(before, _hours(arrival(voyage), following["departure_utc"])))


def _place(code: str) -> str:
    """Name a port as the gazetteer does."""
    names = {"LB": "Long Beach", "LA": "USLAX", "YT": "Yantian", "SZW": "Shekou"}
    return names.get(code, code)


def _hours(begin: datetime, end: Any) -> float:
    """Hours from one time to a later one that may be missing. [h]."""
    return 0.0 if pd.isna(end) else max(0.0, float((end - begin).total_seconds()) / 3600.0)


def _speed_kn(voyage: Voyage, hours: float) -> float:
    """Return the speed at sea at which a voyage takes so many hours, slowing near berths as it does. [kn]."""
    low, high = max(LEAST_KN, SPEED_RANGE_KN[0]), min(MOST_KN, SPEED_RANGE_KN[1])
    if sail(replace(voyage, speed_kn=high)).hours > hours:
        raise InputError("too_fast", f"more than {high:g} kn would be needed; correct the times")
    if sail(replace(voyage, speed_kn=low)).hours < hours:
        raise InputError("too_slow", f"less than {low:g} kn would do; a call is missing, or the ship waited")
    # From the fast side: she is never late, so that she lies at her berth when the next voyage begins.
    while high - low > WITHIN_KN:
        middle = 0.5 * (low + high)
        late = sail(replace(voyage, speed_kn=middle)).hours > hours
        low, high = (middle, high) if late else (low, middle)
    return high
